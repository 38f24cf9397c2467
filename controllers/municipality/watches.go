package municipality

import (
	"cmp"
	"context"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/policies"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/tenancy"
)

const (
	// indexNumber finds Municipalities by the official numbers that they claim.
	indexNumber = "number"
	// indexDomain finds Municipalities by the domains that they claim, and by those above.
	indexDomain = "domain"
	// indexMunicipality finds namespaces by the Municipality that they belong to.
	indexMunicipality = "municipality"
	// quotaPause lets the quotas of a municipality's environments, which the cluster
	// counts one after the other, come into force together: one status instead of two.
	quotaPause = 200 * time.Millisecond
	// nearlyDone is the priority of a municipality that only waits for its quota.
	nearlyDone = 10
	// workers is enough to keep a two-core API server busy.
	workers = 8
)

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	indexer := mgr.GetFieldIndexer()
	for index, keys := range map[string]func(*v1alpha1.Municipality) []string{indexNumber: reference.Numbers, indexDomain: reference.DomainKeys} {
		if err := indexer.IndexField(ctx, &v1alpha1.Municipality{}, index, func(o client.Object) []string {
			m, ok := o.(*v1alpha1.Municipality)
			if !ok {
				return nil
			}
			return keys(m)
		}); err != nil {
			return err
		}
	}

	if err := indexer.IndexField(ctx, &corev1.Namespace{}, indexMunicipality, func(o client.Object) []string {
		return []string{o.GetLabels()[v1alpha1.LabelMunicipality]}
	}); err != nil {
		return err
	}

	byLabel := handler.EnqueueRequestsFromMapFunc(municipalityOf)
	pauses := retry.NewPauses()
	return ctrl.NewControllerManagedBy(mgr).Named("municipality").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: pauses}).
		For(&v1alpha1.Municipality{}, builder.WithPredicates(specOrRequest())).
		Watches(&v1alpha1.Municipality{}, handler.EnqueueRequestsFromMapFunc(r.sharers), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Platform{}, handler.EnqueueRequestsFromMapFunc(r.everyone), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.SharedApp{}, handler.EnqueueRequestsFromMapFunc(r.everyone), builder.WithPredicates(offerChanged())).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.namespaceOwners)).
		Watches(&corev1.ResourceQuota{}, later(), builder.WithPredicates(hardChanged())).
		Watches(&corev1.LimitRange{}, byLabel).
		Watches(&corev1.ServiceAccount{}, byLabel).
		Watches(&networkingv1.NetworkPolicy{}, byLabel).
		Watches(&rbacv1.RoleBinding{}, byLabel).
		Watches(&admissionv1.ValidatingAdmissionPolicy{}, handler.EnqueueRequestsFromMapFunc(frozenOnes(r.Client)), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&admissionv1.ValidatingAdmissionPolicyBinding{}, handler.EnqueueRequestsFromMapFunc(frozenOnes(r.Client)), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.AppInstallation{}, handler.EnqueueRequestsFromMapFunc(r.namespaceOwner), builder.WithPredicates(homeChanged())).
		Watches(&v1alpha1.AppInstallation{}, handler.EnqueueRequestsFromMapFunc(keeperOf(r).again), builder.WithPredicates(comesOrGoes())).
		Watches(claim(), handler.EnqueueRequestsFromMapFunc(keeperOf(r).of), builder.WithPredicates(comesOrGoes())).
		Complete(pauses.Reconciler(r))
}

// frozenOnes are the Municipalities that say whether the policy of their freeze is in force, for that policy or its binding.
func frozenOnes(c client.Reader) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		if o.GetName() != policies.Freeze {
			return nil
		}
		var list v1alpha1.MunicipalityList
		if err := read.List(ctx, c, &list); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "list Municipalities that are frozen")
			return nil
		}
		var all []reconcile.Request
		for i := range list.Items {
			if list.Items[i].Spec.Suspend.IsFrozen() {
				all = append(all, reconcile.Request{NamespacedName: types.NamespacedName{Name: list.Items[i].Name}})
			}
		}
		return all
	}
}

// specOrRequest lets through what a person, or a pipeline, changed: the spec, the labels (the
// county is one), the annotations, and a status that somebody else wrote.
func specOrRequest() predicate.Predicate {
	return predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{},
		apply.StatusLost(func(m *v1alpha1.Municipality) int64 { return m.Status.ObservedGeneration }))
}

// offerChanged lets through that the zones which an app requires changed, its isolation or its share of quotas, or that an
// app is back: an environment that is kept closed for it may open.
func offerChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return !e.IsInInitialList },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.SharedApp)
			after, ok2 := e.ObjectNew.(*v1alpha1.SharedApp)
			return !ok1 || !ok2 || !equality.Semantic.DeepEqual(zones(before), zones(after)) ||
				before.Spec.Isolation != after.Spec.Isolation || !equality.Semantic.DeepEqual(before.Spec.OwnNamespace, after.Spec.OwnNamespace)
		},
	}
}

// zones are those that each version of an app requires.
func zones(app *v1alpha1.SharedApp) map[string][]v1alpha1.RequiredZone {
	all, compiled := map[string][]v1alpha1.RequiredZone{}, catalogue.Compile(app)
	for _, v := range compiled.Versions() {
		if r := v.Requirements(); r != nil {
			all[v.Number] = r.Zones
		} else {
			all[v.Number] = nil
		}
	}
	return all
}

// hardChanged keeps out that a quota's use was counted, which happens with every pod.
func hardChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(*corev1.ResourceQuota)
		after, ok2 := e.ObjectNew.(*corev1.ResourceQuota)
		if !ok1 || !ok2 {
			return true
		}
		return !equality.Semantic.DeepEqual(before.Spec, after.Spec) ||
			!equality.Semantic.DeepEqual(before.Status.Hard, after.Status.Hard) ||
			!equality.Semantic.DeepEqual(before.Labels, after.Labels)
	}}
}

// homeChanged lets through that an installation is gone, or is done with a version that it had: an environment that was kept
// closed for that may open; and that one came that asks for a namespace of its own, or has left it.
func homeChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool {
			i, ok := e.Object.(*v1alpha1.AppInstallation)
			return ok && i.IsOwn() && !e.IsInInitialList
		},
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.AppInstallation)
			after, ok2 := e.ObjectNew.(*v1alpha1.AppInstallation)
			if !ok1 || !ok2 {
				return false
			}
			moved := after.IsOwn() && (before.Spec.State != after.Spec.State || tenancy.Leaves(before) != tenancy.Leaves(after))
			moved = moved || uninstallStalled(before) != uninstallStalled(after)
			return moved || !slices.Equal(installation.Walls(before.Spec.Version, &before.Status), installation.Walls(after.Spec.Version, &after.Status))
		},
	}
}

// municipalityOf follows the label of an object of ours to its Municipality. An
// object that lost its label is found by its namespace's label at the next visit.
func municipalityOf(_ context.Context, o client.Object) []reconcile.Request {
	name := o.GetLabels()[v1alpha1.LabelMunicipality]
	if name == "" || o.GetLabels()[v1alpha1.LabelApp] != "" {
		return nil
	}
	return []reconcile.Request{request(name)}
}

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}

// later is municipalityOf with a short pause, and before those that were not visited yet: in a
// burst, a municipality that is nearly done gets done first.
func later() handler.EventHandler {
	enqueue := func(ctx context.Context, o client.Object, q workqueue.TypedRateLimitingInterface[reconcile.Request], pause time.Duration) {
		for _, req := range municipalityOf(ctx, o) {
			if pq, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
				pq.AddWithOpts(priorityqueue.AddOpts{After: pause, Priority: new(nearlyDone)}, req)
				continue
			}
			q.AddAfter(req, pause)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.Object, q, quotaPause)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.ObjectOld, q, quotaPause)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.Object, q, 0)
		},
	}
}

// namespaceOwners finds the Municipality that a namespace is labelled for; else the one that has an environment of that name, or
// an app that is refused a namespace of that name, as the namespace may be in the way.
func (r *Reconciler) namespaceOwners(ctx context.Context, o client.Object) []reconcile.Request {
	if name := o.GetLabels()[v1alpha1.LabelMunicipality]; name != "" {
		return []reconcile.Request{request(name)}
	}
	var list v1alpha1.MunicipalityList
	if err := read.List(ctx, r.Client, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Municipalities for a namespace", "namespace", o.GetName())
		return nil
	}
	for i := range list.Items {
		if inTheWayOf(&list.Items[i], o.GetName()) {
			return []reconcile.Request{request(list.Items[i].Name)}
		}
	}
	return nil
}

// inTheWayOf says whether a namespace has a name that a Municipality needs.
func inTheWayOf(m *v1alpha1.Municipality, namespace string) bool {
	for _, e := range m.Spec.Environments {
		if v1alpha1.NamespaceFor(m.Name, e.Name) == namespace {
			return true
		}
	}
	for _, e := range m.Status.Environments {
		for _, refused := range e.RefusedNamespaces {
			if tenancy.OwnNamespace(e.Namespace, refused.App) == namespace {
				return true
			}
		}
	}
	return false
}

// namespaceOwner finds the Municipality of the namespace that an object is in.
func (r *Reconciler) namespaceOwner(ctx context.Context, o client.Object) []reconcile.Request {
	var ns corev1.Namespace
	if err := r.Client.Get(ctx, client.ObjectKey{Name: o.GetNamespace()}, &ns); err != nil {
		return nil // the deletion of a namespace is an event of its own
	}
	return r.namespaceOwners(ctx, &ns)
}

// claim is a PersistentVolumeClaim as the cache has it for those who install apps.
func claim() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"))
	return o
}

// comesOrGoes keeps out that an object is changed.
func comesOrGoes() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return !e.IsInInitialList },
		UpdateFunc: func(event.UpdateEvent) bool { return false },
	}
}

// of finds the Municipality that keeps a claim of an app which is not installed.
func (k keeper) of(ctx context.Context, o client.Object) []reconcile.Request {
	var ns corev1.Namespace
	if o.GetLabels()[v1alpha1.LabelApp] == "" && !tenancy.MayBeOwn(o.GetNamespace()) {
		return nil
	}
	if err := k.client.Get(ctx, client.ObjectKey{Name: o.GetNamespace()}, &ns); err != nil {
		return nil // the deletion of a namespace is an event of its own
	}
	municipality, app := ns.Labels[v1alpha1.LabelMunicipality], cmp.Or(ns.Labels[v1alpha1.LabelApp], o.GetLabels()[v1alpha1.LabelApp])
	if municipality == "" || app == "" {
		return nil
	}
	key := client.ObjectKey{Namespace: v1alpha1.NamespaceFor(municipality, ns.Labels[v1alpha1.LabelEnvironment]), Name: app}
	if err := k.client.Get(ctx, key, &v1alpha1.AppInstallation{}); !apierrors.IsNotFound(err) {
		return nil
	}
	return []reconcile.Request{request(municipality)}
}

// again finds the Municipality that says of an app which is installed now that its data is kept.
func (k keeper) again(ctx context.Context, o client.Object) []reconcile.Request {
	i, ok := o.(*v1alpha1.AppInstallation)
	var m v1alpha1.Municipality
	if !ok || k.client.Get(ctx, client.ObjectKey{Name: i.Spec.Tenant.Municipality}, &m) != nil {
		return nil
	}
	if tenancy.Kept(&m, i.Spec.Tenant.Environment, i.Spec.App) == nil {
		return nil
	}
	return []reconcile.Request{request(m.Name)}
}

// sharers finds the other Municipalities that claim one of this one's numbers or domains: when
// the older one gives it up, the younger may go on.
func (r *Reconciler) sharers(ctx context.Context, o client.Object) []reconcile.Request {
	m, ok := o.(*v1alpha1.Municipality)
	if !ok {
		return nil
	}
	var all []reconcile.Request
	for index, keys := range map[string][]string{indexNumber: reference.Numbers(m), indexDomain: reference.OverlapKeys(m)} {
		others, err := r.others(ctx, m.Name, index, keys)
		if err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "find Municipalities that claim the same", "municipality", m.Name, "what", index)
			continue
		}
		for _, other := range others {
			all = append(all, request(other.Name))
		}
	}
	return all
}

func (r *Reconciler) everyone(ctx context.Context, _ client.Object) []reconcile.Request {
	var list v1alpha1.MunicipalityList
	if err := read.List(ctx, r.Client, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Municipalities")
		return nil
	}
	all := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		all = append(all, request(list.Items[i].Name))
	}
	return all
}
