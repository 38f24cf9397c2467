package platform

import (
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	specOrRequest := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{},
		apply.StatusLost(func(o *v1alpha1.Platform) int64 { return o.Status.ObservedGeneration }))
	return ctrl.NewControllerManagedBy(mgr).Named("platform").
		For(&v1alpha1.Platform{}, builder.WithPredicates(specOrRequest)).
		Complete(r)
}
