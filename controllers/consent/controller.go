package consent

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// Reconciler reconciles the AppInstallations of Municipalities.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Events tells what changed to whoever describes an installation.
	Events events.EventRecorder
	// Clock tells the time.
	Clock clock.PassiveClock

	written apply.Written
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities;networks;sharedapps;platforms,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch

// Reconcile makes the AppInstallations of one Municipality say what was decided.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	now := r.Clock.Now()
	seen, err := r.observe(ctx, req.Name, now)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, nil // retained: its installations go on without it
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}
	todo := plan(seen, now)
	err = r.apply(ctx, seen, todo)
	if apply.OnlyConflicts(err) {
		return ctrl.Result{RequeueAfter: soon}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("apply: %w", err)
	}
	return ctrl.Result{RequeueAfter: todo.again}, nil
}
