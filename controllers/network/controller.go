package network

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/policies"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// Reconciler reconciles Networks.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Events records what changed, for kubectl describe.
	Events events.EventRecorder
	// Holder has the country.
	Holder *snapshot.Holder
	// Policies compares the admission policies with those that are shipped.
	Policies *policies.Checker
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=networks,verbs=get;list;watch
// +kubebuilder:rbac:groups=allmenning.dev,resources=networks/status,verbs=patch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterrolebindings,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=bind,resourceNames=allmenning-coordinator
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile gives the coordinators of one Network their access, and reports what the
// Network comes to.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observe(ctx, req.Name)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, r.forget(ctx, req.Name)
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}
	if snapshot.Behind(seen.country.Network(req.Name), &seen.network) {
		return ctrl.Result{RequeueAfter: snapshot.CatchUp}, nil
	}

	now := seen.country.Now
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
