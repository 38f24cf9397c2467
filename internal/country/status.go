package country

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// Status is how a place is doing, measured against what is decided now. What it waits for, where
// it waits, its rollout says: see Introduction.WaitsFor and OwnPlan.
type Status struct {
	State   v1alpha1.AppState
	Message string
	// Counted says that the app should be there, or should be gone and is not yet. A place that
	// declined or deferred is not counted; one that is blocked is, as somebody asks for the app.
	Counted bool
	// Running says that it is healthy at what it is asked to have now.
	Running bool
	// UpToDate says that it is healthy at what was decided.
	UpToDate bool
	// Settled says that it runs and that nobody has to act: it has what it should have now, which
	// is the previous release where its turn has not come, or where it went back.
	Settled bool
	// Waits says that another release comes in its turn.
	Waits bool
}

// Runs says whether a state is that of an app which runs, where a version is installed.
func Runs(state v1alpha1.AppState) bool {
	switch state {
	case v1alpha1.AppReady, v1alpha1.AppWaiting, v1alpha1.AppReturned, v1alpha1.AppHeld, v1alpha1.AppAhead,
		v1alpha1.AppUnrequested, v1alpha1.AppDeferred:
		return true
	case v1alpha1.AppProgressing, v1alpha1.AppFailed, v1alpha1.AppStuck, v1alpha1.AppMissing, v1alpha1.AppDeclined,
		v1alpha1.AppBlocked, v1alpha1.AppRemoving:
	}
	return false
}

// Failed says whether a state waits for a person.
func Failed(state v1alpha1.AppState) bool {
	return state == v1alpha1.AppFailed || state == v1alpha1.AppStuck || state == v1alpha1.AppBlocked || state == v1alpha1.AppReturned
}

// status is how a place is doing.
func (c compiler) status(t *Tenant, row *Row) Status {
	v, i := row.Verdict, row.Installed
	switch {
	case t.NumberTaken != "" && v.Action != resolution.Nothing && (i == nil || i.Spec.State != v1alpha1.InstallationAbsent):
		return c.blocked(t, row, t.NumberTaken)
	case row.Refused != nil:
		return c.blocked(t, row, row.Refused.Message)
	case row.Remembered != nil && (v.Action == resolution.Install || v.Action == resolution.Keep):
		return deletedStatus(t.Municipality)
	case i == nil:
		return absentStatus(t, v)
	case v.Action == resolution.Remove, i.Spec.State == v1alpha1.InstallationAbsent:
		return Status{State: v1alpha1.AppRemoving, Message: readyOf(i).Message, Counted: true}
	}
	s := c.installed(t, row)
	s.Counted = true
	return s
}

// blocked is the status of a place where nothing can be written for now, and why.
func (c compiler) blocked(t *Tenant, row *Row, why string) Status {
	s := Status{State: v1alpha1.AppBlocked, Message: why, Counted: true}
	if row.Installed != nil {
		s.Waits = row.Verdict.Action == resolution.Install && !hasRelease(row.Verdict, row.Installed)
		s.Running = row.Place.Installed.Healthy() && c.arrived(t, row)
	}
	return s
}

// installed is the status of a place where something is installed, and stays.
func (c compiler) installed(t *Tenant, row *Row) Status {
	v, i := row.Verdict, row.Installed
	s := Status{Waits: v.Action == resolution.Install && !hasRelease(v, i)}
	s.Running = row.Place.Installed.Healthy() && c.arrived(t, row)
	if isTrue(i.Spec.Suspend) {
		s.State, s.Message = v1alpha1.AppBlocked, fmt.Sprintf("AppInstallation %s/%s is suspended: take its spec.suspend out", i.Namespace, i.Name)
		return s
	}
	outcome := failureOf(v, i)
	if !s.Running {
		s.State, s.Message = c.trouble(t, row, outcome)
		return s
	}
	s.runs(v, i, outcome)
	return s
}

// runs fills in the status of an installation that runs at what it is asked to have.
func (s *Status) runs(v resolution.Verdict, i *v1alpha1.AppInstallation, outcome v1alpha1.MoveOutcome) {
	switch {
	case s.Waits && outcome == v1alpha1.OutcomeReturned:
		s.Settled, s.State, s.Message = true, v1alpha1.AppReturned, i.Annotations[v1alpha1.AnnotationFailure]
	case s.Waits:
		s.Settled, s.State, s.Message = true, v1alpha1.AppWaiting, v.Message
	case v.Unfit != "", v.Why == resolution.Blocked && v.Wanted != i.Spec.Version:
		s.State, s.Message = v1alpha1.AppBlocked, v.Message
	default:
		s.UpToDate, s.Settled, s.State, s.Message = true, true, v1alpha1.AppReady, v.Message
		if v.Why != "" && v.Why != resolution.Blocked {
			s.State = v1alpha1.AppState(v.Why)
		}
	}
}

// trouble is the state of an installation that does not run at what it is asked to have, and why.
func (c compiler) trouble(t *Tenant, row *Row, outcome v1alpha1.MoveOutcome) (v1alpha1.AppState, string) {
	i := row.Installed
	switch {
	case !c.arrived(t, row):
		if t.Municipality.Spec.Suspend.IsSuspended() {
			return v1alpha1.AppProgressing, takeOut(t.Municipality)
		}
		return v1alpha1.AppProgressing, "its parameters, or what it knows of its municipality, are about to be brought up to date"
	case outcome == v1alpha1.OutcomeStuck:
		return v1alpha1.AppStuck, i.Annotations[v1alpha1.AnnotationFailure]
	case i.IsStalled():
		return v1alpha1.AppFailed, readyOf(i).Message
	}
	return v1alpha1.AppProgressing, readyOf(i).Message
}

// arrived says whether all but the release has arrived at the installation's spec. Until it has,
// what the installation reports speaks of an earlier decision.
func (c compiler) arrived(t *Tenant, row *Row) bool {
	v, i := row.Verdict, row.Installed
	v.Version, v.Digest = i.Spec.Version, i.Spec.Digest
	environment := t.Municipality.Spec.Environment(v.Environment)
	return environment != nil && installation.Arrived(installation.For(c.rest(), t.Municipality, environment, v), i)
}

// absentStatus is the status of a place where nothing is installed.
func absentStatus(t *Tenant, v resolution.Verdict) Status {
	s := Status{State: v1alpha1.AppMissing, Message: v.Message, Counted: true}
	switch {
	case v.Action == resolution.Nothing && v.Why == resolution.Blocked:
		s.State = v1alpha1.AppBlocked
	case v.Action == resolution.Nothing:
		s.State, s.Counted = v1alpha1.AppState(v.Why), false
	case t.Municipality.Spec.Suspend.IsSuspended():
		s.Message = takeOut(t.Municipality)
	case t.Incomplete[v.Environment]:
		s.Message = tenancy.Waits(t.Municipality, v.Environment)
	default:
		s.State, s.Waits = v1alpha1.AppWaiting, true
	}
	return s
}

// deletedStatus is the status of a place whose AppInstallation somebody deleted. Its app runs on, and the
// consent controller writes the AppInstallation again.
func deletedStatus(m *v1alpha1.Municipality) Status {
	s := Status{State: v1alpha1.AppProgressing, Message: "its AppInstallation was deleted: it is written again", Counted: true}
	if m.Spec.Suspend.IsSuspended() {
		s.Message = "its AppInstallation was deleted; " + takeOut(m)
	}
	return s
}

func takeOut(m *v1alpha1.Municipality) string {
	if m.Spec.Suspend.IsFrozen() {
		return fmt.Sprintf("Municipality %s is frozen: have a platform operator take its spec.suspend (Freeze) out", m.Name)
	}
	return fmt.Sprintf("Municipality %s is suspended: take its spec.suspend out", m.Name)
}

// hasRelease says whether an installation is asked to have the release of a verdict.
func hasRelease(v resolution.Verdict, i *v1alpha1.AppInstallation) bool {
	return i.Spec.Version == v.Version && i.Spec.Digest == v.Digest
}

// failureOf is what became of the move that brought, or was to bring, the release of a verdict;
// empty while it did not fail, and where the last move was another.
func failureOf(v resolution.Verdict, i *v1alpha1.AppInstallation) v1alpha1.MoveOutcome {
	move := i.Spec.Move
	if move == nil || move.Target.Version != v.Version || move.Target.Digest != v.Digest {
		return ""
	}
	return move.Outcome
}

// readyOf is the installation's condition Ready; zero where it has none yet.
func readyOf(i *v1alpha1.AppInstallation) metav1.Condition {
	if c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return *c
	}
	return metav1.Condition{}
}
