package sharedapp

import (
	"context"
	"time"

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
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/internal/country"
)

// workers is how many SharedApps are looked at at once. Nothing in a reconcile waits for a
// registry, so few are enough.
const workers = 2

// burst gathers what happens to networks and other apps: a country of them that is created at
// once calls for one look.
const burst = time.Second

// SetupWithManager makes the manager run this controller and its download pool.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	if err := mgr.Add(r.Pool); err != nil {
		return err
	}
	everyone := handler.EnqueueRequestsFromMapFunc(r.everyone)
	here := predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetNamespace() == r.Store.Namespace })
	pauses := retry.NewPauses()
	return ctrl.NewControllerManagedBy(mgr).Named("sharedapp").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: pauses}).
		For(&v1alpha1.SharedApp{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{},
			apply.StatusLost(func(o *v1alpha1.SharedApp) int64 { return o.Status.ObservedGeneration })))).
		WatchesRawSource(r.Holder.Wakes(func(c country.Changed) map[string]bool { return c.AppSpecs }, burst)).
		Watches(&rbacv1.ClusterRole{}, everyone).
		Watches(bundlestore.NewConfigMap(), handler.EnqueueRequestsFromMapFunc(r.users), builder.WithPredicates(here)).
		Watches(newSecret(), everyone, builder.WithPredicates(here)).
		WatchesRawSource(source.Channel(r.Pool.Ended(), &handler.EnqueueRequestForObject{})).
		Complete(pauses.Reconciler(r))
}

// users finds the SharedApps whose source, or whose stored bundle, a ConfigMap is.
func (r *Reconciler) users(_ context.Context, o client.Object) []reconcile.Request {
	return r.those(func(app *v1alpha1.SharedApp) bool { return uses(app, o.GetName()) })
}

func (r *Reconciler) everyone(context.Context, client.Object) []reconcile.Request {
	return r.those(func(*v1alpha1.SharedApp) bool { return true })
}

// those are the apps of the country that an event concerns. One that is not in it yet is looked at
// anyway once it is.
func (r *Reconciler) those(concerned func(*v1alpha1.SharedApp) bool) []reconcile.Request {
	var all []reconcile.Request
	for name, app := range r.Holder.Country().Apps {
		if concerned(app.Object) {
			all = append(all, request(name))
		}
	}
	return all
}

func uses(app *v1alpha1.SharedApp, configMap string) bool {
	for _, v := range app.Spec.Versions {
		if v.Source.ConfigMap != nil && v.Source.ConfigMap.Name == configMap {
			return true
		}
		for _, digest := range []string{v.Source.PinnedDigest(), rememberedDigest(app.Status, v.Version)} {
			if digest != "" && bundlestore.NameOf(digest) == configMap {
				return true
			}
		}
	}
	return false
}

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}
