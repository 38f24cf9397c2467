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
	// Events say what changed to those who describe an installation.
	Events events.EventRecorder
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations,verbs=create;patch;delete

// Reconcile makes the AppInstallations of one Municipality say what was decided.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	all, t, found := r.observe(req.Name)
	if !found {
		return ctrl.Result{}, nil
	}

	todo := all.Consent(t)
	err := r.apply(ctx, all, t, todo)
	if apply.OnlyConflicts(err) {
		return ctrl.Result{RequeueAfter: soon}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("apply: %w", err)
	}
	if todo.Again.IsZero() {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{RequeueAfter: max(todo.Again.Sub(all.Now), pause)}, nil
}
