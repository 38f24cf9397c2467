package platform

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// status says what came of a reconcile.
func status(seen v1alpha1.Platform, outcome condition.Outcome, now time.Time) v1alpha1.PlatformStatus {
	stamp := metav1.NewTime(now).Rfc3339Copy()
	if seen.Spec.Suspend != nil && *seen.Spec.Suspend {
		next := *seen.Status.DeepCopy()
		next.Conditions = condition.Suspended(seen.Status.Conditions, seen.Generation, stamp)
		return next
	}
	return v1alpha1.PlatformStatus{
		ObservedGeneration:     seen.Generation,
		LastHandledReconcileAt: seen.Annotations[v1alpha1.AnnotationReconcile],
		Conditions:             condition.Of(seen.Status.Conditions, outcome, seen.Generation, stamp),
	}
}

// sameStatus says whether the live status is already as it should be.
func sameStatus(live, next v1alpha1.PlatformStatus) bool {
	return equality.Semantic.DeepEqual(live, next)
}
