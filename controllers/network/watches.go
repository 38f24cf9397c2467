package network

import (
	"context"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/policies"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/internal/country"
)

// pause gathers what happens to members and apps: a country that is created in a
// burst makes one write a second for each network, and not one for each member.
const pause = time.Second

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	specOrRequest := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{},
		apply.StatusLost(func(o *v1alpha1.Network) int64 { return o.Status.ObservedGeneration }))
	changedSpec := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	pauses := retry.NewPauses()
	return ctrl.NewControllerManagedBy(mgr).Named("network").
		WithOptions(controller.Options{RateLimiter: pauses}).
		For(&v1alpha1.Network{}, builder.WithPredicates(specOrRequest)).
		WatchesRawSource(r.Holder.Wakes(func(c country.Changed) map[string]bool { return c.NetworkSpecs }, pause)).
		Watches(&rbacv1.ClusterRoleBinding{}, handler.EnqueueRequestsFromMapFunc(networkOf)).
		Watches(&admissionv1.ValidatingAdmissionPolicy{}, handler.EnqueueRequestsFromMapFunc(r.coordinated), changedSpec).
		Watches(&admissionv1.ValidatingAdmissionPolicyBinding{}, handler.EnqueueRequestsFromMapFunc(r.coordinated), changedSpec).
		Complete(pauses.Reconciler(r))
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

// coordinated are the networks with coordinators, for the policy that narrows their role.
func (r *Reconciler) coordinated(ctx context.Context, o client.Object) []reconcile.Request {
	if o.GetName() != policies.Delegation {
		return nil
	}
	var list v1alpha1.NetworkList
	if err := read.List(ctx, r.Client, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Networks")
		return nil
	}
	var all []reconcile.Request
	for i := range list.Items {
		if len(list.Items[i].Spec.Access) > 0 {
			all = append(all, reconcile.Request{NamespacedName: types.NamespacedName{Name: list.Items[i].Name}})
		}
	}
	return all
}
