// Package condition turns what a reconcile came to into status conditions, and
// the change of conditions into events.
//
// Every kind reports with the same few conditions, so that kubectl wait,
// kstatus and GitOps tools read all of them alike: Ready is there from the first
// visit; Reconciling and Stalled are there only while they are true; each carries
// the generation that it is about. The package is pure: time is an argument.
package condition

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// State is what a reconcile came to.
type State int

// The states, the best first. A whole is as bad as its worst part.
const (
	// Ready: all is as the spec asks.
	Ready State = iota
	// Progressing: the operator or the cluster is at work; it goes on by itself.
	Progressing
	// Retrying: something failed that may pass; it is tried again.
	Retrying
	// Stalled: a person must change something.
	Stalled
)

// Outcome is a state with its reason and its words. The message of a Stalled
// outcome names the resource, the field and the fix.
type Outcome struct {
	State   State
	Reason  string
	Message string
}

// maxMessage keeps a status small; a longer message is cut.
const maxMessage = 1024

// Worst returns the worst of some outcomes, the first of equals, and Ready with
// the given message where there are none or all are ready.
func Worst(message string, outcomes ...Outcome) Outcome {
	worst := Outcome{State: Ready, Reason: v1alpha1.ReasonReady, Message: message}
	for _, o := range outcomes {
		if o.State > worst.State {
			worst = o
		}
	}
	return worst
}

// Of returns the conditions for an outcome at a generation. What stays as it was
// keeps its time of transition; what changed gets now. The result is sorted
// by type.
func Of(previous []metav1.Condition, outcome Outcome, generation int64, now metav1.Time) []metav1.Condition {
	ready := metav1.ConditionFalse
	if outcome.State == Ready {
		ready = metav1.ConditionTrue
	}
	next := []metav1.Condition{build(v1alpha1.ConditionReady, ready, outcome, generation)}
	switch outcome.State {
	case Progressing, Retrying:
		if recovering(previous) {
			outcome.Reason = v1alpha1.ReasonRecovering
		}
		next = append(next, build(v1alpha1.ConditionReconciling, metav1.ConditionTrue, outcome, generation))
	case Stalled:
		next = append(next, build(v1alpha1.ConditionStalled, metav1.ConditionTrue, outcome, generation))
	case Ready:
	}
	return keepTransitions(previous, next, now)
}

// recovering says whether an object stalled and was not ready since.
func recovering(previous []metav1.Condition) bool {
	working := meta.FindStatusCondition(previous, v1alpha1.ConditionReconciling)
	return meta.IsStatusConditionTrue(previous, v1alpha1.ConditionStalled) || (working != nil && working.Reason == v1alpha1.ReasonRecovering)
}

// Suspended returns the conditions of an object that is suspended: Ready stays as it was, and
// keeps the generation it was about; Suspended is added.
func Suspended(previous []metav1.Condition, generation int64, now metav1.Time) []metav1.Condition {
	usual := Outcome{Reason: v1alpha1.ReasonSuspended, Message: "spec.suspend is set: nothing is changed until it is taken out"}
	return SuspendedFor(previous, usual, generation, now)
}

// SuspendedFor is Suspended with a reason and a message of its own.
func SuspendedFor(previous []metav1.Condition, outcome Outcome, generation int64, now metav1.Time) []metav1.Condition {
	next := []metav1.Condition{build(v1alpha1.ConditionSuspended, metav1.ConditionTrue, outcome, generation)}
	if ready := meta.FindStatusCondition(previous, v1alpha1.ConditionReady); ready != nil {
		next = append(next, *ready)
	} else {
		next = append(next, build(v1alpha1.ConditionReady, metav1.ConditionUnknown, outcome, generation))
	}
	return keepTransitions(previous, next, now)
}

// AppsReady returns the one condition that the overview owns.
func AppsReady(previous []metav1.Condition, outcome Outcome, generation int64, now metav1.Time) []metav1.Condition {
	status := metav1.ConditionFalse
	if outcome.State == Ready {
		status = metav1.ConditionTrue
	}
	next := []metav1.Condition{build(v1alpha1.ConditionAppsReady, status, outcome, generation)}
	return keepTransitions(previous, next, now)
}

// Own returns the conditions that an object's own controller writes, by type: all but AppsReady, which
// the overview writes.
func Own(all []metav1.Condition) []metav1.Condition {
	own := slices.DeleteFunc(slices.Clone(all), func(c metav1.Condition) bool { return c.Type == v1alpha1.ConditionAppsReady })
	slices.SortFunc(own, byType)
	return own
}

func byType(a, b metav1.Condition) int { return strings.Compare(a.Type, b.Type) }

func build(kind string, status metav1.ConditionStatus, o Outcome, generation int64) metav1.Condition {
	return metav1.Condition{
		Type: kind, Status: status, Reason: o.Reason, Message: Within(o.Message, maxMessage), ObservedGeneration: generation,
	}
}

// Within keeps a text within a limit that a schema sets, in bytes; what is cut ends with dots,
// and not in the middle of a letter. The limit is at least 3.
func Within(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit-3], "") + "..."
}

func keepTransitions(previous, next []metav1.Condition, now metav1.Time) []metav1.Condition {
	for i := range next {
		next[i].LastTransitionTime = now
		if old := meta.FindStatusCondition(previous, next[i].Type); old != nil && old.Status == next[i].Status {
			next[i].LastTransitionTime = old.LastTransitionTime
		}
	}
	slices.SortFunc(next, byType)
	return next
}

// Event is what kubectl describe shows of a change.
type Event struct {
	// Type is Normal or Warning.
	Type    string
	Reason  string
	Message string
}

// Events returns what changed between two sets of conditions: a warning when the object stalls,
// or stalls for another reason, and a note when it is ready again, at once or by way of
// Reconciling. A first Ready is no event: the object's age and its condition already say it, and
// a country of installations would write thousands.
func Events(previous, next []metav1.Condition) []Event {
	before := meta.FindStatusCondition(previous, v1alpha1.ConditionStalled)
	after := meta.FindStatusCondition(next, v1alpha1.ConditionStalled)
	switch {
	case after != nil && (before == nil || before.Reason != after.Reason || before.Message != after.Message):
		return []Event{{corev1.EventTypeWarning, after.Reason, after.Message}}
	case !recovering(previous) || !meta.IsStatusConditionTrue(next, v1alpha1.ConditionReady):
		return nil
	case before != nil:
		return []Event{{corev1.EventTypeNormal, "Recovered", "ready again after: " + before.Message}}
	}
	return []Event{{corev1.EventTypeNormal, "Recovered", "ready again"}}
}

// Ended returns the conditions of an object that is a record of something that did not
// come to its end: it is not Ready, and nobody is at work on it nor has to be.
func Ended(previous []metav1.Condition, outcome Outcome, generation int64, now metav1.Time) []metav1.Condition {
	return keepTransitions(previous, []metav1.Condition{build(v1alpha1.ConditionReady, metav1.ConditionFalse, outcome, generation)}, now)
}
