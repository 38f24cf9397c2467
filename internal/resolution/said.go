package resolution

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// Said is what of a municipality's decision on an app is in force in one environment. A deferral or a
// hold that has run out is not: that of an environment leaves what is said for all of them.
type Said struct {
	// Decision, its reason, and when it ends; empty where nothing is decided.
	Decision v1alpha1.Decision
	Reason   string
	Until    *metav1.Time
	// Hold is nil where nothing is held.
	Hold *v1alpha1.Hold
	// OwnDecision and OwnHold say that it is the environment's own, and not that of all.
	OwnDecision, OwnHold bool
	// Override is what is said of this environment, in force or not, and At its index; nil and -1 where
	// nothing is.
	Override *v1alpha1.EnvironmentDecision
	At       int
}

// SaidOf reads a decision, which may be nil, for an environment at a point in time.
func SaidOf(d *v1alpha1.AppDecision, environment string, now time.Time) Said {
	if d == nil {
		return Said{At: -1}
	}

	s := Said{Reason: d.Reason}
	s.decides(d.Decision, d.Until, now)
	s.holds(d.Hold, now)
	s.At = slices.IndexFunc(d.Environments, func(e v1alpha1.EnvironmentDecision) bool { return e.Name == environment })
	if s.At < 0 {
		return s
	}

	s.Override = &d.Environments[s.At]
	s.OwnDecision = s.decides(s.Override.Decision, s.Override.Until, now)
	s.OwnHold = s.holds(s.Override.Hold, now)
	switch {
	case s.OwnDecision && s.Override.Decision == v1alpha1.DecisionAdopt && d.Decision != v1alpha1.DecisionAdopt:
		s.Reason = s.Override.Reason // why it is declined elsewhere is not why it is adopted here
	case s.OwnDecision || s.Override.Decision == "":
		s.Reason = cmp.Or(s.Override.Reason, s.Reason)
	}

	return s
}

// decides takes a decision over, and says whether it is in force: there is one, and it is no deferral
// that has run out.
func (s *Said) decides(decision v1alpha1.Decision, until *metav1.Time, now time.Time) bool {
	if decision == "" || (decision == v1alpha1.DecisionDefer && isPast(until, now)) {
		return false
	}
	s.Decision, s.Until = decision, until

	return true
}

// holds takes a hold over, and says whether it is in force.
func (s *Said) holds(hold *v1alpha1.Hold, now time.Time) bool {
	if hold == nil || isPast(hold.Until, now) {
		return false
	}
	s.Hold = hold

	return true
}

func isPast(until *metav1.Time, now time.Time) bool { return until != nil && !now.Before(until.Time) }

// until is when the next part of it runs out; zero where nothing will.
func (s *Said) until() time.Time { return calendar.Earliest(s.deferredUntil(), s.heldUntil()) }

func (s *Said) deferredUntil() time.Time {
	if s.Decision != v1alpha1.DecisionDefer {
		return time.Time{}
	}

	return timeOf(s.Until)
}

func (s *Said) heldUntil() time.Time {
	if s.Hold == nil {
		return time.Time{}
	}

	return timeOf(s.Hold.Until)
}

// timeOf is a time, or zero where there is none.
func timeOf(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}

	return t.Time
}
