package network

import (
	"context"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/watch"
)

// pause gathers what happens to members and apps: a country that is created in a
// burst makes one write a second for each network, and not one for each member.
const pause = time.Second

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	specOrRequest := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{},
		apply.StatusLost(func(o *v1alpha1.Network) int64 { return o.Status.ObservedGeneration }))
	return ctrl.NewControllerManagedBy(mgr).Named("network").
		For(&v1alpha1.Network{}, builder.WithPredicates(specOrRequest)).
		Watches(&v1alpha1.Network{}, watch.Later(r.everyone, pause), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Municipality{}, watch.Later(r.everyone, pause), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		Watches(&v1alpha1.Platform{}, watch.Later(r.heirs, pause), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.SharedApp{}, watch.Later(r.concerned, pause), builder.WithPredicates(watch.OfferChanged())).
		Watches(&rbacv1.ClusterRoleBinding{}, handler.EnqueueRequestsFromMapFunc(networkOf)).
		Complete(r)
}

// networkOf follows the label of a binding to its Network. A binding that lost the label
// leaves the cache, which is seen as its deletion, with the label as it was.
func networkOf(_ context.Context, o client.Object) []reconcile.Request {
	name := o.GetLabels()[v1alpha1.LabelNetwork]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: name}}}
}

// everyone finds all networks: there are few, and whose member a municipality was
// before its labels changed is cheaper to count again than to find out. Networks hold and
// follow each other, so a change of one may concern any.
func (r *Reconciler) everyone(ctx context.Context, _ client.Object) []string {
	return r.networks(ctx, func(*v1alpha1.Network) bool { return true })
}

// heirs finds the networks that a change of the Platform may concern: those that approve
// waves which they inherit.
func (r *Reconciler) heirs(ctx context.Context, _ client.Object) []string {
	return r.networks(ctx, func(n *v1alpha1.Network) bool {
		s := n.Spec.Rollout
		return s != nil && s.Waves == nil && len(s.Approvals) > 0
	})
}

// concerned finds the networks that speak of an app.
func (r *Reconciler) concerned(ctx context.Context, o client.Object) []string {
	return r.networks(ctx, func(n *v1alpha1.Network) bool { return speaksOf(n, o.GetName()) })
}

// speaksOf says whether a network proposes an app, or approves or retries a version of it.
func speaksOf(n *v1alpha1.Network, app string) bool {
	s := ptr.Deref(n.Spec.Rollout, v1alpha1.RolloutStrategy{})
	return slices.ContainsFunc(n.Spec.Apps, func(p v1alpha1.Proposal) bool { return p.Name == app }) ||
		slices.ContainsFunc(s.Approvals, func(a v1alpha1.Approval) bool { return a.App == app }) ||
		slices.ContainsFunc(s.Retries, func(r v1alpha1.Retry) bool { return r.App == app })
}

func (r *Reconciler) networks(ctx context.Context, wanted func(*v1alpha1.Network) bool) []string {
	var list v1alpha1.NetworkList
	if err := read.List(ctx, r.Client, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Networks")
		return nil
	}
	var all []string
	for i := range list.Items {
		if wanted(&list.Items[i]) {
			all = append(all, list.Items[i].Name)
		}
	}
	return all
}
