package network

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// status says what came of a reconcile: the fields of the status that this
// controller owns, and none of the overview's. failed is what kept the coordinators'
// binding from being written. Who may approve is reported for a suspended network too: that
// proposals rest is no reason for an access to outlive its end.
func status(seen observed, todo planned, failed error, now time.Time) v1alpha1.NetworkStatus {
	n := seen.network
	stamp := metav1.NewTime(now).Rfc3339Copy()
	if n.Spec.Suspend != nil && *n.Spec.Suspend {
		next := owned(n.Status)
		next.Coordinators = todo.coordinators
		next.Conditions = condition.Suspended(n.Status.Conditions, n.Generation, stamp)
		return next
	}
	return v1alpha1.NetworkStatus{
		ObservedGeneration:     n.Generation,
		LastHandledReconcileAt: n.Annotations[v1alpha1.AnnotationReconcile],
		Members:                new(todo.members),
		Observers:              todo.observers,
		UnknownMembers:         todo.unknown[:min(len(todo.unknown), maxNames)],
		Coordinators:           todo.coordinators,
		Conditions:             condition.Of(n.Status.Conditions, afterApply(n.Name, todo.outcome, failed), n.Generation, stamp),
	}
}

// afterApply is what the network came to, given what the write of the binding came to.
func afterApply(network string, planned condition.Outcome, failed error) condition.Outcome {
	var access condition.Outcome
	switch {
	case failed == nil:
		return planned
	case apply.Transient(failed):
		access = condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: failed.Error()}
	default:
		access = condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonAccessFailed, Message: fmt.Sprintf(
			"spec.access: %v: its coordinators have no access; where somebody else made ClusterRoleBinding %s, delete it", failed, bindingName(network))}
	}
	return together("", planned, access)
}

// owned keeps of a status what this controller owns.
func owned(s v1alpha1.NetworkStatus) v1alpha1.NetworkStatus {
	return v1alpha1.NetworkStatus{
		ObservedGeneration: s.ObservedGeneration, LastHandledReconcileAt: s.LastHandledReconcileAt,
		Members: s.Members, Observers: s.Observers, UnknownMembers: s.UnknownMembers, Coordinators: s.Coordinators,
		Conditions: condition.Own(s.Conditions),
	}
}

// sameStatus says whether the owned part of the live status is already as it should be.
func sameStatus(live, next v1alpha1.NetworkStatus) bool {
	next.Conditions = condition.Own(next.Conditions)
	return equality.Semantic.DeepEqual(owned(live), next)
}
