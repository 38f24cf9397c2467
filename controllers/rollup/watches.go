package rollup

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

const (
	// indexApp finds AppInstallations by their app.
	indexApp = "rollup.app"
	// indexMunicipality finds AppInstallations by the Municipality that they are labelled for.
	indexMunicipality = "rollup.municipality"
	// pause is what passes between an event and the look at what came of it. Further
	// events in the meantime cost nothing, so an object is written at most once in it.
	pause = time.Second
	// workers for Municipalities. Networks and SharedApps are few, and have one.
	workers = 4
)

// SetupWithManager makes the manager run the three controllers.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	for index, key := range map[string]func(*v1alpha1.AppInstallation) string{
		indexApp:          func(i *v1alpha1.AppInstallation) string { return i.Spec.App },
		indexMunicipality: func(i *v1alpha1.AppInstallation) string { return i.Labels[v1alpha1.LabelMunicipality] },
	} {
		if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.AppInstallation{}, index, func(o client.Object) []string {
			i, ok := o.(*v1alpha1.AppInstallation)
			if !ok {
				return nil
			}
			return []string{key(i)}
		}); err != nil {
			return fmt.Errorf("index %s: %w", index, err)
		}
	}
	all := sources{
		{"municipality", r.municipality, workers, affected{
			municipality: itself, network: r.municipalities, sharedApp: r.municipalities, platform: r.municipalities, installation: owner,
		}},
		{"network", r.network, 1, affected{
			municipality: r.networks, network: r.networks, sharedApp: r.proposers, platform: r.networks, installation: r.ownersNetworks,
		}},
		{"sharedapp", r.sharedApp, 1, affected{
			municipality: r.sharedApps, network: r.sharedApps, sharedApp: itself, platform: r.sharedApps, installation: app,
		}},
	}
	return all.setup(mgr)
}

// find tells the names of objects that an event concerns.
type find func(context.Context, client.Object) []string

// affected tells, for each kind that is watched, whom an event concerns.
type affected struct{ municipality, network, sharedApp, platform, installation find }

// sources are the controllers to be, and what they watch.
type sources []struct {
	kind      string
	reconcile reconcile.Func
	workers   int
	affected  affected
}

func (s sources) setup(mgr ctrl.Manager) error {
	spec := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{}))
	for _, c := range s {
		err := ctrl.NewControllerManagedBy(mgr).Named("rollup-"+c.kind).
			WithOptions(controller.Options{MaxConcurrentReconciles: c.workers}).
			Watches(&v1alpha1.Municipality{}, later(c.affected.municipality), spec).
			Watches(&v1alpha1.Network{}, later(c.affected.network), spec).
			Watches(&v1alpha1.SharedApp{}, later(c.affected.sharedApp), builder.WithPredicates(offerChanged())).
			Watches(&v1alpha1.Platform{}, later(c.affected.platform), spec).
			Watches(&v1alpha1.AppInstallation{}, later(c.affected.installation)).
			Complete(c.reconcile)
		if err != nil {
			return fmt.Errorf("rollup of %s: %w", c.kind, err)
		}
	}
	return nil
}

// offerChanged lets through what changes an offer: the spec, and what the catalogue found.
func offerChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(*v1alpha1.SharedApp)
		after, ok2 := e.ObjectNew.(*v1alpha1.SharedApp)
		return !ok1 || !ok2 || before.Generation != after.Generation ||
			!equality.Semantic.DeepEqual(before.Status.Versions, after.Status.Versions)
	}}
}

// later enqueues after a pause whoever is concerned by what an object was, or is now.
// The queue keeps the earliest time, so later events do not put it off.
func later(find find) handler.EventHandler {
	enqueue := func(ctx context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request], objects ...client.Object) {
		seen := map[string]bool{}
		for _, o := range objects {
			for _, name := range find(ctx, o) {
				if !seen[name] {
					q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}, pause)
				}
				seen[name] = true
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.Object)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.Object)
		},
	}
}

func itself(_ context.Context, o client.Object) []string { return []string{o.GetName()} }

// owner is the Municipality of an AppInstallation.
func owner(_ context.Context, o client.Object) []string {
	if name := o.GetLabels()[v1alpha1.LabelMunicipality]; name != "" {
		return []string{name}
	}
	return nil
}

// app is the SharedApp of an AppInstallation, which has its name.
func app(_ context.Context, o client.Object) []string { return []string{o.GetName()} }

// municipalities are all of them. A network is asked for so too: others may hold it or
// follow it, so a change of it may concern anybody.
func (r *Reconciler) municipalities(ctx context.Context, _ client.Object) []string {
	var list v1alpha1.MunicipalityList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Municipalities")
		return nil
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}

// networks are all of them: what one of them proposes may lose to another.
func (r *Reconciler) networks(ctx context.Context, _ client.Object) []string {
	return r.networksWhere(ctx, func(*v1alpha1.Network) bool { return true })
}

// proposers are the networks that propose a SharedApp.
func (r *Reconciler) proposers(ctx context.Context, o client.Object) []string {
	return r.networksWhere(ctx, func(n *v1alpha1.Network) bool {
		for _, p := range n.Spec.Apps {
			if p.Name == o.GetName() {
				return true
			}
		}
		return false
	})
}

// ownersNetworks are those that the Municipality of an AppInstallation is a member of.
func (r *Reconciler) ownersNetworks(ctx context.Context, o client.Object) []string {
	var m v1alpha1.Municipality
	if err := r.Client.Get(ctx, client.ObjectKey{Name: o.GetLabels()[v1alpha1.LabelMunicipality]}, &m, client.UnsafeDisableDeepCopy); err != nil {
		return nil // it is nobody's member; that the Municipality went is an event of its own
	}
	var list v1alpha1.NetworkList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Networks")
		return nil
	}
	var names []string
	for _, n := range resolution.NewNetworks(list.Items, r.Clock.Now()).Of(&m) {
		names = append(names, n.Name)
	}
	return names
}

func (r *Reconciler) networksWhere(ctx context.Context, wanted func(*v1alpha1.Network) bool) []string {
	var list v1alpha1.NetworkList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Networks")
		return nil
	}
	var names []string
	for i := range list.Items {
		if wanted(&list.Items[i]) {
			names = append(names, list.Items[i].Name)
		}
	}
	return names
}

func (r *Reconciler) sharedApps(ctx context.Context, _ client.Object) []string {
	var list v1alpha1.SharedAppList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list SharedApps")
		return nil
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}
