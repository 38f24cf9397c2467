// Package watch holds what controllers share of their watches: predicates on what matters of a change.
package watch

import (
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// EnvironmentsChanged lets through that the municipality controller says something new of the
// environments of a Municipality: which there are, and in which state; see package tenancy.
// What else its status says, such as how its apps are doing, is kept out.
func EnvironmentsChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(*v1alpha1.Municipality)
		after, ok2 := e.ObjectNew.(*v1alpha1.Municipality)
		if !ok1 || !ok2 {
			return true
		}
		same := func(a, b v1alpha1.EnvironmentStatus) bool {
			return a.Name == b.Name && a.State == b.State && slices.Equal(a.RefusedNamespaces, b.RefusedNamespaces)
		}
		return before.Status.ObservedGeneration != after.Status.ObservedGeneration ||
			!slices.EqualFunc(before.Status.Environments, after.Status.Environments, same)
	}}
}
