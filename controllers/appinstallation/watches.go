package appinstallation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/controllers/internal/secrets"
	"github.com/allmenning/allmenning/controllers/internal/watch"
	"github.com/allmenning/allmenning/internal/installable"
	"github.com/allmenning/allmenning/internal/tenancy"
)

const (
	// indexApp finds installations by the app that they install.
	indexApp = "app"
	// workers are as many as keep a two-core API server busy; they mostly wait for it.
	workers = 20
	// begun is the priority of an installation that was looked at before: in a burst, who
	// is nearly done gets done first, and finds its built bundle still in memory.
	begun = 10
	// settling is how long the events of one installation's objects are gathered: they are
	// applied together and become healthy together, so that one look serves them all.
	settling = 100 * time.Millisecond
)

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.AppInstallation{}, indexApp, func(o client.Object) []string {
		i, ok := o.(*v1alpha1.AppInstallation)
		if !ok {
			return nil
		}
		return []string{i.Spec.App}
	})

	if err != nil {
		return fmt.Errorf("index installations by app: %w", err)
	}

	everyone := func(ctx context.Context, _ client.Object) []reconcile.Request {
		return r.list(ctx, func(*v1alpha1.AppInstallation) bool { return true })
	}
	changed := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{},
		apply.StatusLost(func(i *v1alpha1.AppInstallation) int64 { return i.Status.ObservedGeneration })))
	pauses := retry.NewPauses()
	c, err := ctrl.NewControllerManagedBy(mgr).Named("appinstallation").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: pauses}).
		For(&v1alpha1.AppInstallation{}, changed).
		Watches(&v1alpha1.AppInstallation{}, handler.EnqueueRequestsFromMapFunc(r.waiting)).
		Watches(&v1alpha1.SharedApp{}, handler.EnqueueRequestsFromMapFunc(r.ofApp), builder.WithPredicates(contentChanged())).
		Watches(&v1alpha1.Platform{}, handler.EnqueueRequestsFromMapFunc(everyone), builder.WithPredicates(contentChanged())).
		Watches(&v1alpha1.Municipality{}, handler.EnqueueRequestsFromMapFunc(r.inEnvironments), builder.WithPredicates(watch.EnvironmentsChanged())).
		Watches(&corev1.ResourceQuota{}, handler.EnqueueRequestsFromMapFunc(r.waiting), builder.WithPredicates(hardChanged())).
		Watches(&networkingv1.NetworkPolicy{}, handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request { return owner(ctx, r.Client, o) })).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(residents)).
		Watches(untyped(secrets.Kind()), handler.EnqueueRequestsFromMapFunc(r.pulling)).
		WatchesRawSource(source.Channel(r.Kinds.Broken(), handler.EnqueueRequestsFromMapFunc(r.holders))).
		WatchesRawSource(source.Channel(r.Secrets.Broken(), handler.EnqueueRequestsFromMapFunc(readers(r)))).
		Build(pauses.Reconciler(r))

	if err != nil {
		return fmt.Errorf("build the controller: %w", err)
	}
	r.Secrets.Use(func(of cache.Cache) error {
		return c.Watch(watch.Logged(source.Kind[client.Object](of, untyped(secrets.Kind()), objectEvents(r.touched))))
	})
	r.Kinds.Discover(func() (installable.Mapper, error) {
		return apiutil.NewDynamicRESTMapper(mgr.GetConfig(), mgr.GetHTTPClient())
	})
	r.Kinds.Use(mgr.GetAPIReader(), mgr.GetRESTMapper(), mgr.GetCache(), func(gvk schema.GroupVersionKind) error {
		return c.Watch(watch.Logged(source.Kind[client.Object](mgr.GetCache(), untyped(gvk), objectEvents(r.touched))))
	}, clientsOf(mgr))
	return nil
}

// clientsOf makes clients like the manager's own.
func clientsOf(mgr ctrl.Manager) func() (client.Client, error) {
	return func() (client.Client, error) {
		return client.New(mgr.GetConfig(), client.Options{
			HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
			Cache: &client.CacheOptions{Reader: mgr.GetCache(), Unstructured: true, EnableReadYourWritesConsistency: new(true)},
		})
	}
}

// objectEvents enqueues those whom an object matters to: at once where the object is
// gone or somebody took over a field of it, and after a short gathering where it is
// merely there, or is doing otherwise than before.
func objectEvents(matters handler.MapFunc) handler.EventHandler {
	enqueue := func(ctx context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request], after time.Duration, objects ...client.Object) {
		for _, o := range objects {
			for _, req := range matters(ctx, o) {
				if pq, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
					pq.AddWithOpts(priorityqueue.AddOpts{After: after, Priority: new(begun)}, req)
				} else {
					q.AddAfter(req, after)
				}
			}
		}
	}

	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, settling, e.Object)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			if takenOver(e.ObjectOld, e.ObjectNew) {
				enqueue(ctx, q, 0, e.ObjectOld, e.ObjectNew)
				return
			}
			enqueue(ctx, q, settling, e.ObjectNew)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, 0, e.Object)
		},
	}
}

// takenOver says whether an update changed what the app wrote of an object.
func takenOver(before, after client.Object) bool {
	a, ok1 := before.(*unstructured.Unstructured)
	b, ok2 := after.(*unstructured.Unstructured)
	return !ok1 || !ok2 || apply.ContentHash(a) != apply.ContentHash(b) || !maps.Equal(a.GetLabels(), b.GetLabels())
}

// contentChanged keeps out promotions, approvals and strategies: who gets which version when
// is nothing to those who have the app, and a country of them would stand in the queue
// before the pilots who move.
func contentChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return !equality.Semantic.DeepEqual(content(e.ObjectOld), content(e.ObjectNew))
	}}
}

// content is what of an app, or of the platform, concerns what is installed.
func content(o client.Object) any {
	switch o := o.(type) {
	case *v1alpha1.SharedApp:
		spec := o.Spec
		spec.Channels, spec.PilotNetworks, spec.Pause = nil, nil, nil
		return spec
	case *v1alpha1.Platform:
		spec := o.Spec
		spec.Rollout = nil
		return spec
	}
	return o
}

func hardChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(*corev1.ResourceQuota)
		after, ok2 := e.ObjectNew.(*corev1.ResourceQuota)
		return !ok1 || !ok2 || !equality.Semantic.DeepEqual(before.Status.Hard, after.Status.Hard)
	}}
}

func request(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

// residents finds the installation that has a namespace for itself.
func residents(_ context.Context, ns client.Object) []reconcile.Request {
	return residentOf(ns.GetName(), ns.GetLabels())
}

// residentOf finds the installation that has a namespace for itself by labels of the namespace, or of an object in it.
func residentOf(namespace string, labels map[string]string) []reconcile.Request {
	app, environment := labels[v1alpha1.LabelApp], v1alpha1.NamespaceFor(labels[v1alpha1.LabelMunicipality], labels[v1alpha1.LabelEnvironment])
	if app == "" || namespace != tenancy.OwnNamespace(environment, app) {
		return nil
	}
	return []reconcile.Request{request(environment, app)}
}

// resident finds the installation that has the namespace of an object for itself: whatever is in there concerns it.
func resident(ctx context.Context, c client.Reader, o client.Object) []reconcile.Request {
	if !tenancy.MayBeOwn(o.GetNamespace()) {
		return nil
	}
	if requests := residentOf(o.GetNamespace(), o.GetLabels()); requests != nil {
		return requests
	}
	var ns corev1.Namespace
	if err := c.Get(ctx, client.ObjectKey{Name: o.GetNamespace()}, &ns); err != nil {
		return nil // its deletion is an event of its own
	}
	return residents(ctx, &ns)
}

// owner finds the installation that an object belongs to: the one that has its namespace for itself, else the one that
// its label names.
func owner(ctx context.Context, c client.Reader, o client.Object) []reconcile.Request {
	if requests := resident(ctx, c, o); requests != nil {
		return requests
	}
	if app := o.GetLabels()[v1alpha1.LabelApp]; app != "" {
		return []reconcile.Request{request(o.GetNamespace(), app)}
	}
	return nil
}

// touched finds the installations that an object matters to: the one that it belongs
// to, or, for an object of the tenant's own, those that read it or that it may be in
// the way of.
func (r *Reconciler) touched(ctx context.Context, o client.Object) []reconcile.Request {
	if requests := owner(ctx, r.Client, o); requests != nil {
		return requests
	}
	isSecret := o.GetObjectKind().GroupVersionKind() == secrets.Kind()
	return r.some(ctx, o.GetNamespace(), func(i *v1alpha1.AppInstallation) bool {
		if meta.IsStatusConditionTrue(i.Status.Conditions, v1alpha1.ConditionStalled) || inventoryHas(i, o.GetUID()) {
			return true
		}
		for _, from := range i.Spec.ParametersFrom {
			if isSecret && from.SecretRef.Name == o.GetName() {
				return true
			}
		}
		return false
	})
}

func inventoryHas(i *v1alpha1.AppInstallation, uid types.UID) bool {
	for _, o := range i.Status.Inventory {
		if o.UID == string(uid) {
			return true
		}
	}
	return false
}

// waiting finds the installations of a namespace that are not applied yet: another
// app, or the environment, may be what they wait for.
func (r *Reconciler) waiting(ctx context.Context, o client.Object) []reconcile.Request {
	if requests := resident(ctx, r.Client, o); requests != nil {
		return requests
	}
	other, isApp := o.(*v1alpha1.AppInstallation)
	goes := isApp && other.Spec.State == v1alpha1.InstallationAbsent // others may build on it
	return r.some(ctx, o.GetNamespace(), func(i *v1alpha1.AppInstallation) bool {
		return i.Name != o.GetName() && (goes || !i.IsApplied() ||
			meta.IsStatusConditionTrue(i.Status.Conditions, v1alpha1.ConditionStalled))
	})
}

// inEnvironments finds the installations of a Municipality that may have to do with its environments.
func (r *Reconciler) inEnvironments(ctx context.Context, o client.Object) []reconcile.Request {
	m, ok := o.(*v1alpha1.Municipality)
	if !ok {
		return nil
	}

	var all []reconcile.Request
	for _, e := range m.Spec.Environments {
		all = append(all, r.some(ctx, v1alpha1.NamespaceFor(m.Name, e.Name), func(i *v1alpha1.AppInstallation) bool { return minds(i, e) })...)
	}
	return all
}

// minds says whether an installation has to do with how its environment is: it is not applied yet, and
// may wait for it; the environment is to have another zone than it has; or that was so before.
func minds(i *v1alpha1.AppInstallation, e v1alpha1.Environment) bool {
	ready := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
	return !i.IsApplied() || i.Spec.Tenant.Zone != e.Zone || (ready != nil && ready.Reason == v1alpha1.ReasonZoneUnfit)
}

// holders finds the installations that hold objects of a kind.
func (r *Reconciler) holders(ctx context.Context, kind client.Object) []reconcile.Request {
	gk := kind.GetObjectKind().GroupVersionKind().GroupKind()
	return r.list(ctx, func(i *v1alpha1.AppInstallation) bool {
		return slices.ContainsFunc(i.Status.Inventory, func(o v1alpha1.InstalledObject) bool { return refOf(inventoried(o)).GroupKind == gk })
	})
}

// readers finds the installations to whom the Secrets of a namespace matter.
func readers(r *Reconciler) handler.MapFunc {
	return func(ctx context.Context, secret client.Object) []reconcile.Request {
		if requests := resident(ctx, r.Client, secret); requests != nil {
			return requests
		}
		return r.some(ctx, secret.GetNamespace(), func(*v1alpha1.AppInstallation) bool { return true })
	}
}

func (r *Reconciler) some(ctx context.Context, namespace string, matter func(*v1alpha1.AppInstallation) bool) []reconcile.Request {
	return r.list(ctx, matter, client.InNamespace(namespace))
}

// ofApp finds the installations of an app.
func (r *Reconciler) ofApp(ctx context.Context, o client.Object) []reconcile.Request {
	return r.list(ctx, func(*v1alpha1.AppInstallation) bool { return true }, client.MatchingFields{indexApp: o.GetName()})
}

// pulling finds the installations whose images are pulled with a Secret of the operator's namespace.
func (r *Reconciler) pulling(ctx context.Context, o client.Object) []reconcile.Request {
	var apps v1alpha1.SharedAppList
	if err := read.List(ctx, r.Client, &apps); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list SharedApps")
		return nil
	}
	var all []reconcile.Request
	for i := range apps.Items {
		if named := apps.Items[i].Spec.ImagePullSecretRef; named != nil && named.Name == o.GetName() {
			all = append(all, r.ofApp(ctx, &apps.Items[i])...)
		}
	}
	return all
}

func (r *Reconciler) list(ctx context.Context, matter func(*v1alpha1.AppInstallation) bool, options ...client.ListOption) []reconcile.Request {
	var list v1alpha1.AppInstallationList
	if err := read.List(ctx, r.Client, &list, options...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list AppInstallations")
		return nil
	}
	var all []reconcile.Request
	for i := range list.Items {
		if matter(&list.Items[i]) {
			all = append(all, request(list.Items[i].Namespace, list.Items[i].Name))
		}
	}
	return all
}
