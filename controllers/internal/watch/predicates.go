package watch

import (
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// OfferChanged lets through what changes the offer of a SharedApp: its spec, and what the
// catalogue found. Counts of who uses it are kept out.
func OfferChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(*v1alpha1.SharedApp)
		after, ok2 := e.ObjectNew.(*v1alpha1.SharedApp)
		return !ok1 || !ok2 || before.Generation != after.Generation ||
			!equality.Semantic.DeepEqual(before.Status.Versions, after.Status.Versions)
	}}
}

// ComesOrGoes lets through that an object appeared, was relabelled, or is on its way out.
func ComesOrGoes() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return !equality.Semantic.DeepEqual(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels()) ||
			e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
	}}
}
