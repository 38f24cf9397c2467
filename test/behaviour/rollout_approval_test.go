package behaviour_test

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestAnApprovalCountsForOneWaveOfOneAttemptOfOneDigest(t *testing.T) {
	parallel(t)
	app := publish(t, unique("approve"), nil, files("approve", nil), files("approve", nil))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, app, pilotThenApproved(pilot), pilot, other)
	before := read(t, appInstallation(other.Name+"-prod", app.Name))
	old := read(t, rolloutOf(n, app.Name, "1.0.0", 1)).Spec.Digest
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	awaitsApproval(t, r, read(t, app).Status.Versions[1].Digest, "attempt: 1", "spec.rollout.approvals of Network "+n.Name)
	for _, tc := range []struct {
		reason   string
		change   func(*v1alpha1.Approval)
		reported string
	}{
		{"one for another digest", func(a *v1alpha1.Approval) { a.Digest = old }, "approvals[0] is for another digest"},
		{"one for another attempt", func(a *v1alpha1.Approval) { a.Attempt = 2 }, "approvals[1] is for attempt 2, and this is attempt 1"},
		{"one for another wave", func(a *v1alpha1.Approval) { a.Wave = "pilot" }, "approval of wave everyone"},
	} {
		approve(t, n, r, tc.change)
		awaitsApproval(t, r, tc.reported)
	}
	planned(t, n, r)
	stays(t, other, before)
	approve(t, n, r)
	reaches(t, r, v1alpha1.RolloutCompleted)
	runs(t, other.Name+"-prod", app.Name, "1.1.0")
}
