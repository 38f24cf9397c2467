package door

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/internal/country"
)

const (
	// indexMunicipality finds namespaces by the Municipality that they belong to; the municipality controller makes it.
	indexMunicipality = "municipality"
	workers           = 4
	// pause gathers what changes together.
	pause = 20 * time.Millisecond
)

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	pauses := retry.NewPauses()
	return ctrl.NewControllerManagedBy(mgr).Named("door").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: pauses}).
		WatchesRawSource(r.Holder.Wakes(func(c country.Changed) map[string]bool { return c.Doors }, pause)).
		Watches(&v1alpha1.Municipality{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(doorsLost())).
		Watches(&networkingv1.NetworkPolicy{}, handler.EnqueueRequestsFromMapFunc(sidesOf)).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(municipalityOf), builder.WithPredicates(comesOrGoes())).
		Complete(pauses.Reconciler(r))
}

// doorsLost lets through that somebody else wrote a status, and left out the doors.
func doorsLost() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false }, DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.Municipality)
			after, ok2 := e.ObjectNew.(*v1alpha1.Municipality)
			return ok1 && ok2 && len(before.Status.Doors) > len(after.Status.Doors)
		},
	}
}

// comesOrGoes keeps out what else changes of namespaces than that there is one, and whose it is.
func comesOrGoes() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetAnnotations()[v1alpha1.AnnotationHeldBy] != e.ObjectNew.GetAnnotations()[v1alpha1.AnnotationHeldBy] ||
			e.ObjectOld.GetLabels()[v1alpha1.LabelMunicipality] != e.ObjectNew.GetLabels()[v1alpha1.LabelMunicipality] ||
			e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
	}}
}

func municipalityOf(_ context.Context, o client.Object) []reconcile.Request {
	if name := o.GetLabels()[v1alpha1.LabelMunicipality]; name != "" {
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: name}}}
	}
	return nil
}

// sidesOf are both municipalities of a door, for one of its halves.
func sidesOf(ctx context.Context, o client.Object) []reconcile.Request {
	labels := o.GetLabels()
	if labels[v1alpha1.LabelDoor] == "" {
		return nil
	}
	all := municipalityOf(ctx, o)
	if peer := labels[v1alpha1.LabelPeer]; peer != "" {
		all = append(all, reconcile.Request{NamespacedName: types.NamespacedName{Name: peer}})
	}
	return all
}
