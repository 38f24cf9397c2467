package consent

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
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
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/controllers/internal/watch"
)

const (
	// indexMunicipality finds namespaces by the Municipality that they belong to; the
	// municipality controller registers it.
	indexMunicipality = "municipality"
	workers           = 8
	// soon is when to look again where somebody else wrote meanwhile.
	soon = 200 * time.Millisecond
	// first is the priority of what can't wait; that of all else is 0, or less.
	first = 1
)

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	specOrLabels := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{}, watch.EnvironmentsChanged()))
	everyone := handler.EnqueueRequestsFromMapFunc(r.everyone)
	byLabel := handler.EnqueueRequestsFromMapFunc(byLabel)
	return ctrl.NewControllerManagedBy(mgr).Named("consent").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: retry.Limiter()}).
		For(&v1alpha1.Municipality{}, specOrLabels).
		Watches(&v1alpha1.AppInstallation{}, goneFirst(), builder.WithPredicates(specOrGone())).
		Watches(&corev1.Namespace{}, byLabel, builder.WithPredicates(watch.ComesOrGoes())).
		Watches(&v1alpha1.Network{}, handler.EnqueueRequestsFromMapFunc(r.everyone), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.SharedApp{}, everyone, builder.WithPredicates(watch.OfferChanged())).
		Watches(&v1alpha1.Platform{}, everyone, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Complete(r)
}

// goneFirst enqueues the Municipality of an installation, and before all others where the
// installation is gone: what ran there is told by a status that will soon forget it.
func goneFirst() handler.EventHandler {
	events := handler.EnqueueRequestsFromMapFunc(byLabel)
	return handler.Funcs{
		CreateFunc: events.Create,
		UpdateFunc: events.Update,
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			for _, req := range byLabel(ctx, e.Object) {
				if pq, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
					pq.AddWithOpts(priorityqueue.AddOpts{Priority: new(first)}, req)
				} else {
					q.Add(req)
				}
			}
		},
	}
}

// specOrGone keeps out how an installation fares, which is no matter here, unless it
// was asked to go.
func specOrGone() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		after, ok := e.ObjectNew.(*v1alpha1.AppInstallation)
		return !ok || after.Spec.State == v1alpha1.InstallationAbsent || e.ObjectOld.GetGeneration() != after.Generation ||
			!equality.Semantic.DeepEqual(e.ObjectOld.GetLabels(), after.Labels)
	}}
}

func byLabel(_ context.Context, o client.Object) []reconcile.Request {
	name := o.GetLabels()[v1alpha1.LabelMunicipality]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: name}}}
}

func (r *Reconciler) everyone(ctx context.Context, _ client.Object) []reconcile.Request {
	var list v1alpha1.MunicipalityList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Municipalities")
		return nil
	}
	all := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		all = append(all, reconcile.Request{NamespacedName: types.NamespacedName{Name: list.Items[i].Name}})
	}
	return all
}
