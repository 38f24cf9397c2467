package apply

import (
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

// StatusLost lets through that a status no longer speaks of the generation that it
// spoke of: somebody else wrote it, or restored the object without it. The operator's
// own writes never go back, so they are no occasion to reconcile.
func StatusLost[O client.Object](observed func(O) int64) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(O)
			after, ok2 := e.ObjectNew.(O)
			return ok1 && ok2 && observed(after) < observed(before)
		},
	}
}
