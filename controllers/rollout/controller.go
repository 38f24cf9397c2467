package rollout

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/pace"
	"github.com/allmenning/allmenning/internal/country"
)

// Reconciler carries out the rollouts of groups.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Events tells what changed to whoever describes a Rollout or an installation.
	Events events.EventRecorder
	// Clock tells the time.
	Clock clock.PassiveClock

	written apply.Written
	pace    pace.Pace
	groups  groups
	// watching is since when this operator leads, and so has been looking.
	watching  time.Time
	firstLook sync.Once
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=rollouts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=allmenning.dev,resources=rollouts/status,verbs=patch
// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities;networks;sharedapps;platforms,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile makes the next step of every rollout of one group: a network by its name, or
// country.Direct.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	r.firstLook.Do(func() { r.watching = r.Clock.Now() })
	seen, err := r.observe(ctx, req.Name)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}
	now := r.Clock.Now()
	all := country.At(seen, now)
	r.groups.learn(all, req.Name)
	todo := all.Plan(req.Name)
	wait, err := r.apply(ctx, req.Name, all, todo)
	if apply.OnlyConflicts(err) {
		return ctrl.Result{RequeueAfter: soon}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("apply: %w", err)
	}
	if !todo.Again.IsZero() {
		wait = sooner(wait, max(todo.Again.Sub(now), pause))
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
