package platform

import (
	"context"
	"strings"
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
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/policies"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/internal/country"
)

// pause gathers what happens to municipalities and apps: a country that is created in a
// burst is looked at once a second, and not once for each of its members.
const pause = time.Second

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	specOrRequest := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{},
		apply.StatusLost(func(o *v1alpha1.Platform) int64 { return o.Status.ObservedGeneration }))
	changedSpec := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	pauses := retry.NewPauses()
	return ctrl.NewControllerManagedBy(mgr).Named("platform").
		WithOptions(controller.Options{RateLimiter: pauses}).
		For(&v1alpha1.Platform{}, builder.WithPredicates(specOrRequest)).
		WatchesRawSource(r.Holder.Wakes(theOne, pause)).
		Watches(&admissionv1.ValidatingAdmissionPolicy{}, handler.EnqueueRequestsFromMapFunc(ofPolicy), changedSpec).
		Watches(&admissionv1.ValidatingAdmissionPolicyBinding{}, handler.EnqueueRequestsFromMapFunc(ofPolicy), changedSpec).
		Watches(&rbacv1.ClusterRole{}, handler.EnqueueRequestsFromMapFunc(ofInstaller)).
		WatchesRawSource(source.Channel(r.Kinds.Changed(), &handler.EnqueueRequestForObject{})).
		Complete(pauses.Reconciler(r))
}

// theOne is the only Platform there can be. Where nobody has made it, the look ends at once.
func theOne(c country.Changed) map[string]bool {
	if !c.PlatformSpec {
		return nil
	}
	return map[string]bool{v1alpha1.PlatformName: true}
}

// ofInstaller is the Platform, for the role that lists the kinds that bundles may hold.
func ofInstaller(_ context.Context, o client.Object) []reconcile.Request {
	if o.GetName() != v1alpha1.RoleInstaller {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: v1alpha1.PlatformName}}}
}

// ofPolicy is the Platform, for a shipped policy or its binding.
func ofPolicy(_ context.Context, o client.Object) []reconcile.Request {
	if !strings.HasSuffix(o.GetName(), policies.Suffix) {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: v1alpha1.PlatformName}}}
}
