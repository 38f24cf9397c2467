package rollout

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/pace"
	"github.com/allmenning/allmenning/controllers/snapshot"
	"github.com/allmenning/allmenning/internal/country"
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
	all := r.Holder.Country()
	todo := all.Replan(req.Name, r.plans.of(req.Name))
	r.plans.keep(req.Name, todo)
	wait, err := r.apply(ctx, all, todo)
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

// plans remembers the last plan of each group: of the next, only what changed is worked out. The
// zero value is ready.
type plans struct {
	mu   sync.Mutex
	last map[string]country.GroupPlan
}

func (p *plans) of(group string) country.GroupPlan {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last[group]
}

func (p *plans) keep(group string, plan country.GroupPlan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[string]country.GroupPlan{}
	}
	p.last[group] = plan
	if len(plan.Introductions) == 0 {
		delete(p.last, group)
	}
}
