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
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/controllers/internal/watch"
)

// workers is how many SharedApps are looked at at once. Nothing in a reconcile waits for a
// registry, so few are enough.
const workers = 2

// networksPause gathers what happens to networks: a country of them that is created in a
// burst calls for one look.
const networksPause = time.Second

// SetupWithManager makes the manager run this controller and its download pool.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	if err := mgr.Add(r.Pool); err != nil {
		return err
	}
	everyone := handler.EnqueueRequestsFromMapFunc(r.everyone)
	here := predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetNamespace() == r.Store.Namespace })
	return ctrl.NewControllerManagedBy(mgr).Named("sharedapp").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: retry.Limiter()}).
		For(&v1alpha1.SharedApp{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{},
			apply.StatusLost(func(o *v1alpha1.SharedApp) int64 { return o.Status.ObservedGeneration })))).
		// One app may require another: when that appears, changes or goes, so may what can be said of this one.
		Watches(&v1alpha1.SharedApp{}, everyone, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Platform{}, everyone, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Network{}, watch.Later(r.piloted, networksPause), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&rbacv1.ClusterRole{}, everyone).
		Watches(bundlestore.NewConfigMap(), handler.EnqueueRequestsFromMapFunc(r.users), builder.WithPredicates(here)).
		Watches(newSecret(), everyone, builder.WithPredicates(here)).
		WatchesRawSource(source.Channel(r.Pool.Ended(), &handler.EnqueueRequestForObject{})).
		Complete(r)
}

// users finds the SharedApps whose source, or whose stored bundle, a ConfigMap is.
func (r *Reconciler) users(ctx context.Context, o client.Object) []reconcile.Request {
	var all []reconcile.Request
	for _, app := range r.list(ctx) {
		if uses(app, o.GetName()) {
			all = append(all, request(app.Name))
		}
	}
	return all
}

func (r *Reconciler) everyone(ctx context.Context, _ client.Object) []reconcile.Request {
	apps := r.list(ctx)
	all := make([]reconcile.Request, 0, len(apps))
	for _, app := range apps {
		all = append(all, request(app.Name))
	}
	return all
}

// piloted finds the SharedApps that let networks go first: networks follow each other, so a
// change of one may concern any of them.
func (r *Reconciler) piloted(ctx context.Context, _ client.Object) []string {
	var all []string
	for _, app := range r.list(ctx) {
		if len(app.Spec.PilotNetworks) > 0 {
			all = append(all, app.Name)
		}
	}
	return all
}

func (r *Reconciler) list(ctx context.Context) []v1alpha1.SharedApp {
	var list v1alpha1.SharedAppList
	if err := read.List(ctx, r.Client, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list SharedApps")
		return nil
	}
	return list.Items
}

func uses(app v1alpha1.SharedApp, configMap string) bool {
	for _, v := range app.Spec.Versions {
		if v.Source.ConfigMap != nil && v.Source.ConfigMap.Name == configMap {
			return true
		}
		for _, digest := range []string{sourceDigest(v.Source), rememberedDigest(app.Status, v.Version)} {
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
