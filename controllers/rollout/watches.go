package rollout

import (
	"cmp"
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/controllers/internal/watch"
	"github.com/allmenning/allmenning/internal/country"
)

const (
	// pause is what passes between an event and the look at what came of it: a wave of
	// members that get healthy makes one plan and one status, not one for each of them.
	pause = time.Second
	// soon gathers what a person, or a pipeline, applies in one go.
	soon    = 200 * time.Millisecond
	workers = 4
)

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	spec := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{}))
	return ctrl.NewControllerManagedBy(mgr).Named("rollout").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: retry.Limiter()}).
		Watches(&v1alpha1.Network{}, watch.Later(r.everyGroup, soon), spec).
		Watches(&v1alpha1.Municipality{}, watch.Later(r.everyGroup, soon), spec).
		Watches(&v1alpha1.SharedApp{}, watch.Later(r.everyGroup, soon), builder.WithPredicates(watch.OfferChanged())).
		Watches(&v1alpha1.Platform{}, watch.Later(r.everyGroup, soon), spec).
		Watches(&v1alpha1.Rollout{}, watch.Later(r.concernedBy, soon), builder.WithPredicates(phaseChanged())).
		Watches(&v1alpha1.AppInstallation{}, watch.Later(r.ofMunicipality, pause)).
		Watches(&corev1.Namespace{}, watch.Later(r.ofMunicipality, pause), builder.WithPredicates(watch.ComesOrGoes())).
		Complete(r)
}

// phaseChanged keeps out the counts that this controller writes itself; a status that
// somebody lost is let through.
func phaseChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(*v1alpha1.Rollout)
		after, ok2 := e.ObjectNew.(*v1alpha1.Rollout)
		return !ok1 || !ok2 || before.Status.Phase != after.Status.Phase || before.Status.Failed != after.Status.Failed
	}}
}

// everyGroup finds all groups: there are few, and who is in which of them may have changed.
func (r *Reconciler) everyGroup(ctx context.Context, _ client.Object) []string {
	names := map[string]bool{country.Direct: true}
	var networks v1alpha1.NetworkList
	var rollouts v1alpha1.RolloutList
	if err := r.list(ctx, &networks); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Networks")
	}
	if err := r.list(ctx, &rollouts); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Rollouts")
	}
	for i := range networks.Items {
		names[networks.Items[i].Name] = true
	}
	for i := range rollouts.Items {
		names[groupOf(&rollouts.Items[i])] = true // of a network that is gone, too
	}
	all := make([]string, 0, len(names))
	for name := range names {
		all = append(all, name)
	}
	return all
}

// concernedBy finds whom a Rollout concerns: its own group and, where it may have let
// others begin, all of them.
func (r *Reconciler) concernedBy(ctx context.Context, o client.Object) []string {
	changed, ok := o.(*v1alpha1.Rollout)
	if ok && changed.Status.Phase != v1alpha1.RolloutCompleted {
		return []string{groupOf(changed)}
	}
	return r.everyGroup(ctx, o)
}

func groupOf(r *v1alpha1.Rollout) string {
	if r.Spec.Network == "" {
		return country.Direct
	}
	return r.Spec.Network
}

// ofMunicipality finds the groups of the municipality that an object belongs to.
func (r *Reconciler) ofMunicipality(_ context.Context, o client.Object) []string {
	municipality := o.GetLabels()[v1alpha1.LabelMunicipality]
	if municipality == "" {
		return nil
	}
	found := r.groups.of(municipality)
	if i, ok := o.(*v1alpha1.AppInstallation); ok && i.Spec.Move != nil && i.Spec.Move.Rollout != "" {
		found = append(found, cmp.Or(i.Spec.Move.Network, country.Direct)) // which may count it among those that left
	}
	return found
}

// groups remembers who was in which group when it was planned last, so that an event need
// not find out anew. All of it may be lost: a group that was not planned yet is asked.
type groups struct {
	mu      sync.Mutex
	members map[string]map[string]bool
}

func (g *groups) learn(c *country.Country, group string) {
	present := c.Residents(group)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.members == nil {
		g.members = map[string]map[string]bool{}
	}
	g.members[group] = present
}

func (g *groups) of(municipality string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []string
	for group, present := range g.members {
		if present[municipality] {
			all = append(all, group)
		}
	}
	return all
}
