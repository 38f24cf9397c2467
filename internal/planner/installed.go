package planner

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
)

// Installed is what was observed of one AppInstallation.
type Installed struct {
	// Release that it is asked to have.
	Release v1alpha1.Release
	// Created is when it was made: one that somebody deleted comes back with the record of a move that is older.
	Created time.Time
	// Applied is when the release was applied, as far back as its status goes; zero where it was not. A status
	// that was lost begins again.
	Applied time.Time
	// Blank says that it has no status, of whatever spec: nobody has looked yet, or it was lost.
	Blank bool
	// Current says that what follows was observed of that release, as it is asked for now.
	Current bool
	// HealthySince is when the release became healthy; zero while it is not.
	HealthySince time.Time
	// HealthyBefore is since when the release was healthy when it was observed last, where its spec was
	// touched since and nobody has looked again; zero elsewhere.
	HealthyBefore time.Time
	// Longest is how long it was healthy on end before it last ceased to be, also as an earlier spec was observed.
	Longest time.Duration
	// UnhealthySince is when it ceased to be, or when it began to come up, also as an earlier spec was
	// observed; zero while it is healthy.
	UnhealthySince time.Time
	// FaultEnded is when something ended that was not the version's and kept it from running, and Blocked
	// says that something does, as its last status says of whatever spec; zero where nothing did.
	FaultEnded time.Time
	Blocked    bool
	// Message says how it is doing.
	Message string
	// Fault keeps it from being healthy; its Blame says whose matter that is.
	Fault installation.Fault
	// BroughtBy is who brought the release.
	BroughtBy v1alpha1.Bringer
	// Stamp records its last move.
	Stamp *Stamp
	// LastVerified is the release that was verified here last, as every move passes it on.
	LastVerified *v1alpha1.Release
	// LastVerifiedBy is who brought that.
	LastVerifiedBy v1alpha1.Bringer
}

// Observe reads an AppInstallation. What its status says counts only where it speaks of
// what the spec asks for now: a status of yesterday's version says nothing about today's.
func Observe(i *v1alpha1.AppInstallation) *Installed {
	release := v1alpha1.Release{Version: i.Spec.Version, Digest: i.Spec.Digest}
	seen := &Installed{
		Release: release, Created: i.CreationTimestamp.Time,
		BroughtBy: i.Spec.BroughtBy(), Stamp: StampOf(i), LastVerified: i.Spec.LastVerified, LastVerifiedBy: i.Spec.LastVerifiedBy,
	}

	ready := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
	reported := i.Reported() //guard:health-of-this-spec -> ready
	applied := i.IsApplied() //guard:health-of-this-spec -> true
	if ended := i.Status.FaultEndedAt; ended != nil {
		seen.FaultEnded = ended.Time
	}

	seen.Applied = appliedAt(&i.Status, release)
	if i.Status.LongestHealthy != nil && applied {
		seen.Longest = i.Status.LongestHealthy.Duration
	}

	seen.Blank, seen.Blocked = ready == nil, installation.IsBlocked(i.Status.Conditions)
	if reported == nil {
		seen.readEarlier(&i.Status, ready, applied)
		return seen
	}

	seen.Current, seen.Message, seen.Fault = true, reported.Message, installation.FaultOf(i)
	if reported.Status == metav1.ConditionTrue && applied && i.Status.HealthySince != nil {
		seen.HealthySince = i.Status.HealthySince.Time
		return seen
	}

	seen.UnhealthySince = reported.LastTransitionTime.Time
	return seen
}

// appliedAt is when a release was applied, if nothing was since; zero where a status does not say.
func appliedAt(status *v1alpha1.AppInstallationStatus, release v1alpha1.Release) time.Time {
	if len(status.History) == 0 || status.History[0].Version != release.Version || status.History[0].Digest != release.Digest {
		return time.Time{}
	}
	return status.History[0].AppliedAt.Time
}

// readEarlier reads a status of an earlier spec: since when the app was healthy at the release, where
// that was applied, or since when it is not.
func (i *Installed) readEarlier(status *v1alpha1.AppInstallationStatus, ready *metav1.Condition, applied bool) {
	switch {
	case applied && status.HealthySince != nil:
		i.HealthyBefore = status.HealthySince.Time
	case ready != nil && ready.Status == metav1.ConditionFalse:
		i.UnhealthySince, i.Message = ready.LastTransitionTime.Time, ready.Message
	}
}

// Healthy says whether the release that is asked for was observed to be healthy; nothing is where
// nothing is installed.
func (i *Installed) Healthy() bool { return i != nil && i.Current && !i.HealthySince.IsZero() }

// soaked says whether it was so for a time without a break, now or before a fault that is over.
func (i *Installed) soaked(soak time.Duration, now time.Time) bool {
	return i.healthyFor(soak, now) || (i.Healthy() && i.soakedOnce(soak))
}

// ranFor says whether it was so for a time without a break, at any time that its status reports, also where
// its spec was touched since.
func (i *Installed) ranFor(soak time.Duration, now time.Time) bool {
	return i.recovered(soak, now) || i.soakedOnce(soak)
}

// recovered says whether it was so for a time without a break, up to when it was observed last: a spec that
// was touched since is no failure.
func (i *Installed) recovered(soak time.Duration, now time.Time) bool {
	touched := !i.HealthyBefore.IsZero() && !i.HealthyBefore.Add(soak).After(now)
	return i.healthyFor(soak, now) || touched
}

// soakedOnce says whether it was so for a time without a break before it last ceased to be.
func (i *Installed) soakedOnce(soak time.Duration) bool { return i.Longest > 0 && i.Longest >= soak }

// healthyFor says whether it was so for a time without a break.
func (i *Installed) healthyFor(soak time.Duration, now time.Time) bool {
	return i.Healthy() &&
		!i.HealthySince.Add(soak).After(now) //guard:soak
}

// unblocked is when something ended that was not the version's and kept it from running: now, where nobody
// has looked since. It is the same for a rollout's moves and for the municipality's own.
func (i *Installed) unblocked(now time.Time) time.Time {
	if i.Blocked {
		return now
	}
	return i.FaultEnded
}
