package network

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/internal/catalogue"
)

// Reconciler reconciles Networks.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Events records what changed, for kubectl describe.
	Events events.EventRecorder
	// Clock is the time.
	Clock clock.PassiveClock

	// apps are compiled when they change.
	apps catalogue.Compiler
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=networks;municipalities;sharedapps;platforms,verbs=get;list;watch
// +kubebuilder:rbac:groups=allmenning.dev,resources=networks/status,verbs=patch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterrolebindings,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=bind,resourceNames=allmenning-coordinator
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile gives the coordinators of one Network their access, and reports what the
// Network comes to.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	now := r.Clock.Now()
	seen, err := r.observe(ctx, req.Name, now)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, r.forget(ctx, req.Name)
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}
	todo, err := plan(seen, now)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("plan: %w", err)
	}
	failed := r.apply(ctx, todo.access)
	if err := r.write(ctx, seen, status(seen, todo, failed, now)); err != nil {
		return ctrl.Result{}, err
	}
	if failed != nil {
		return ctrl.Result{}, failed
	}
	return ctrl.Result{RequeueAfter: todo.again}, nil
}
