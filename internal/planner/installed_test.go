package planner_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
)

func TestObserve(t *testing.T) {
	// ready is an installation that is healthy at the target since an hour.
	ready := func(changes ...func(*v1alpha1.AppInstallation)) *v1alpha1.AppInstallation {
		i := &v1alpha1.AppInstallation{
			ObjectMeta: metav1.ObjectMeta{Generation: 3},
			Spec:       v1alpha1.AppInstallationSpec{Version: target.Version, Digest: target.Digest},
			Status: v1alpha1.AppInstallationStatus{
				ObservedGeneration: 3, AppliedVersion: target.Version, AppliedDigest: target.Digest, HealthySince: at(-time.Hour),
				Conditions: []metav1.Condition{{
					Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 3,
					LastTransitionTime: *at(-time.Hour), Message: "all is healthy",
				}},
			},
		}
		for _, c := range changes {
			c(i)
		}
		return i
	}
	turned := func(i *v1alpha1.AppInstallation) {
		i.Status.Conditions[0].Status, i.Status.Conditions[0].Message = metav1.ConditionFalse, "0/1 ready"
		i.Status.Conditions[0].LastTransitionTime, i.Status.HealthySince = *at(-5 * time.Minute), nil
	}
	applied := func(r v1alpha1.Release, ago time.Duration) func(*v1alpha1.AppInstallation) {
		return func(i *v1alpha1.AppInstallation) {
			i.Status.History = append([]v1alpha1.InstalledVersion{{Version: r.Version, Digest: r.Digest, AppliedAt: *at(-ago)}}, i.Status.History...)
		}
	}
	nothing, blank := &planner.Installed{Release: target}, &planner.Installed{Release: target, Blank: true}
	touched := &planner.Installed{Release: target, HealthyBefore: now.Add(-time.Hour)}
	ill := &planner.Installed{Release: target, Current: true, UnhealthySince: now.Add(-5 * time.Minute), Message: "0/1 ready", Fault: installation.Fault{Blame: installation.BlameVersion, Message: "0/1 ready"}}
	cases := []struct {
		reason string
		live   *v1alpha1.AppInstallation
		want   *planner.Installed
	}{
		{"what is healthy is so since then", ready(), &planner.Installed{Release: target, Current: true, HealthySince: now.Add(-time.Hour), Message: "all is healthy"}},
		{"a status of an earlier generation says what was so before", ready(func(i *v1alpha1.AppInstallation) { i.Generation = 4 }), touched},
		{
			"and for how long it was healthy before that",
			ready(func(i *v1alpha1.AppInstallation) { i.Generation, i.Status.LongestHealthy = 4, lasting(2*time.Hour) }),
			&planner.Installed{Release: target, HealthyBefore: now.Add(-time.Hour), Longest: 2 * time.Hour},
		},
		{"and nothing of another release", ready(func(i *v1alpha1.AppInstallation) { i.Generation, i.Status.AppliedDigest = 4, before.Digest }), nothing},
		{"so does one that says so of itself", ready(func(i *v1alpha1.AppInstallation) { i.Status.ObservedGeneration = 2 }), touched},
		{"and a condition of an earlier generation", ready(func(i *v1alpha1.AppInstallation) { i.Status.Conditions[0].ObservedGeneration = 2 }), touched},
		{"a status that was lost says nothing", ready(func(i *v1alpha1.AppInstallation) { i.Status = v1alpha1.AppInstallationStatus{ObservedGeneration: -1} }), blank},
		{
			"a status without the condition says nothing",
			ready(func(i *v1alpha1.AppInstallation) { i.Status.Conditions, i.Status.HealthySince = nil, nil }), blank,
		},
		{
			"Ready that speaks of another digest is not healthy, and counts from when it was said",
			ready(func(i *v1alpha1.AppInstallation) { i.Status.AppliedDigest = before.Digest }),
			&planner.Installed{Release: target, Current: true, UnhealthySince: now.Add(-time.Hour), Message: "all is healthy"},
		},
		{
			"Ready without a time since when is not healthy",
			ready(func(i *v1alpha1.AppInstallation) { i.Status.HealthySince = nil }),
			&planner.Installed{Release: target, Current: true, UnhealthySince: now.Add(-time.Hour), Message: "all is healthy"},
		},
		{"what is not ready is unhealthy since it turned", ready(turned), ill},
		{
			"also as an earlier spec was observed",
			ready(turned, func(i *v1alpha1.AppInstallation) { i.Generation = 4 }), &planner.Installed{Release: target, UnhealthySince: now.Add(-5 * time.Minute), Message: "0/1 ready"},
		},
		{
			"when it was applied is known",
			ready(applied(before, time.Hour), applied(target, 10*time.Minute)),
			&planner.Installed{Release: target, Applied: now.Add(-10 * time.Minute), Current: true, HealthySince: now.Add(-time.Hour), Message: "all is healthy"},
		},
		{"but not of another release", ready(applied(target, 10*time.Minute), applied(before, time.Minute)), &planner.Installed{Release: target, Current: true, HealthySince: now.Add(-time.Hour), Message: "all is healthy"}},
		{
			"when it was made is known",
			ready(func(i *v1alpha1.AppInstallation) { i.Generation, i.CreationTimestamp = 4, *at(-time.Minute) }),
			&planner.Installed{Release: target, Created: now.Add(-time.Minute), HealthyBefore: now.Add(-time.Hour)},
		},
		{
			"something that is not the version's is in the way, whatever spec it was said of",
			ready(turned, func(i *v1alpha1.AppInstallation) {
				i.Generation, i.Status.Conditions[0].Reason = 4, v1alpha1.ReasonRequiredAppNotReady
			}), &planner.Installed{Release: target, Blocked: true, UnhealthySince: now.Add(-5 * time.Minute), Message: "0/1 ready"},
		},
		{
			"nobody was to look at it, and nobody has since",
			ready(turned, func(i *v1alpha1.AppInstallation) {
				i.Status.Conditions = append(i.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionSuspended, Status: metav1.ConditionTrue})
			}), &planner.Installed{Release: target, Current: true, Blocked: true, UnhealthySince: now.Add(-5 * time.Minute), Message: "0/1 ready", Fault: ill.Fault},
		},
		{
			"that has ended, and it comes up since",
			ready(turned, func(i *v1alpha1.AppInstallation) { i.Generation, i.Status.FaultEndedAt = 4, at(-time.Minute) }),
			&planner.Installed{Release: target, FaultEnded: now.Add(-time.Minute), UnhealthySince: now.Add(-5 * time.Minute), Message: "0/1 ready"},
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			diff(t, c.reason, "observed", planner.Observe(c.live), c.want)
		})
	}
}

func TestObserveKeepsTheStamp(t *testing.T) {
	stamp := &planner.Stamp{Name: rolloutName, Wave: "pilot"}
	seen := planner.Observe(&v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{Move: &v1alpha1.Move{Rollout: rolloutName, Wave: "pilot"}}})
	diff(t, "what was done is in the spec, whatever the status says", "stamp", seen.Stamp, stamp)
}
