package planner_test

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
)

// TestAFaultOfTheVersionIsNotRemembered has a, which says by itself that the version does not run, before its time is
// over. The API server refuses a status that has a member and a reason twice, and then the whole group stands still.
func TestAFaultOfTheVersionIsNotRemembered(t *testing.T) {
	broken := func(p *planner.MemberPlace) {
		unhealthy(target, 12*time.Minute)(p)
		p.Installed.Fault = installation.Fault{Blame: installation.BlameVersion, Code: v1alpha1.ReasonUnhealthy, Message: "Deployment/web: Progress deadline exceeded"}
	}
	anew := []v1alpha1.MemberMemory{{Name: "a", Reason: v1alpha1.MemoryUnhealthy, Since: at(-12 * time.Minute)}}
	for _, c := range []struct {
		reason string
		known  []v1alpha1.MemberMemory
	}{
		{"its time began when it was moved", nil},
		{"its time began again after a fault that was not the version's", anew},
	} {
		t.Run(c.reason, func(t *testing.T) {
			in := world(waves(wave("all")), member("a", prod(broken, moved("all", 12*time.Minute))))
			in.Rollout.Status.Memory = c.known
			for _, plan := range []string{"first", "second"} {
				step := planner.Plan(in)
				diff(t, c.reason, "memory of the "+plan+" plan", step.Status.Memory, c.known)
				in.Rollout.Status = step.Status
			}
		})
	}
}
