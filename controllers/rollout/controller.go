package rollout

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/pace"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// Reconciler carries out the rollouts of groups.
type Reconciler struct {
	// Client writes to the API server.
	Client client.Client
	// Holder has the country.
	Holder *snapshot.Holder
	// Events records what changed, for kubectl describe.
	Events events.EventRecorder

	pace  pace.Pace
	plans plans
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=rollouts,verbs=create;patch;delete
// +kubebuilder:rbac:groups=allmenning.dev,resources=rollouts/status,verbs=patch
// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations,verbs=create;patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile makes the next step of every rollout of one group: a network by its name, or
// country.Direct.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	all := r.observe()
	todo := r.plans.next(all, req.Name)
	wait, err := r.apply(ctx, all, todo, status(todo, all.Now))
	if apply.OnlyConflicts(err) {
		return ctrl.Result{RequeueAfter: soon}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("apply: %w", err)
	}
	if !todo.Again.IsZero() {
		wait = sooner(wait, max(todo.Again.Sub(all.Now), pause))
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}

// sooner is the shorter of two waits, of which 0 is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
