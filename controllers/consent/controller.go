package consent

import (
	"context"
	"fmt"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// Reconciler reconciles the AppInstallations of Municipalities.
type Reconciler struct {
	// Client writes to the API server.
	Client client.Client
	// Holder has the verdicts.
	Holder *snapshot.Holder
	// Events tells what changed to whoever describes an installation.
	Events events.EventRecorder
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations,verbs=create;patch;delete

// Reconcile makes the AppInstallations of one Municipality say what was decided.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, found := r.observe(req.Name)
	if !found {
		return ctrl.Result{}, nil
	}

	err := r.apply(ctx, seen, plan(seen))
	if apply.OnlyConflicts(err) {
		return ctrl.Result{RequeueAfter: soon}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("apply: %w", err)
	}
	return ctrl.Result{}, nil
}
