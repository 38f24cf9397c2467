package planner_test

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// TestApprovalHoldsBackTheNextStage has b, which the rollout has brought to test where it soaked, and
// the strategy as it was edited since.
func TestApprovalHoldsBackTheNextStage(t *testing.T) {
	goesOn := []string{"b/prod Advance 2.5.0 wave second"}
	inTest := []func(*planner.Member){test(healthy(target, 2*time.Hour), moved("second", 3*time.Hour)), prod(has(before))}
	halfway := []func(*planner.Member){
		test(unseen(target), moved("second", time.Minute)), in("test2", v1alpha1.StageTest, []func(*planner.MemberPlace){has(before)}), prod(has(before)),
	}
	first := wave("first", "a")
	first.RequireApproval = new(true)
	open := waves(wave("first", "a"), wave("second", "b"), wave("third"))
	cases := []struct {
		reason string
		edited change
		b      []func(*planner.Member)
		moves  []string
		wait   string
		moving int32
	}{
		{"nobody asks for an approval", open, inTest, goesOn, "", 1},
		{"its wave needs one by now", gated(), inTest, nil, "approval of wave second: add {app: svarut", 0},
		{"which is given", gated(approved), inTest, goesOn, "", 1},
		{"a wave before needs one", waves(first, wave("second", "b"), wave("third")), inTest, nil, "approval of wave first", 0},
		{
			"a wave before was done without it",
			func(in *planner.Input) {
				waves(first, wave("second", "b"), wave("third"))(in)
				done("first")(in)
			},
			inTest, goesOn, "", 1,
		},
		{
			"it is in another wave by now, which needs one", func(in *planner.Input) {
				gated()(in)
				in.Strategy.Waves, _ = planner.CompileWaves([]v1alpha1.Wave{wave("first", "a"), {Name: "last", RequireApproval: new(true)}})
			}, inTest, nil, "approval of wave last", 0,
		},
		{"it is in part in its stage: it is watched there, and goes no further", gated(), halfway, nil, "", 1},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(c.edited, member("a", verified("first")), member("b", c.b...), member("c"))
			plan := planner.NewPlanned(in)
			diff(t, c.reason, "moves", moves(plan.Step), c.moves)
			diff(t, c.reason, "on the way", plan.Step.Status.Moving, c.moving)
			diff(t, c.reason, "failed", plan.Step.Status.Failed, int32(0))
			mentions(t, c.reason, plan.WaitsFor("b", "prod").Message, c.wait)
			if c.wait == "" || c.moving > 0 {
				return
			}
			mentions(t, c.reason, plan.Step.Status.Next, "waits: approval of wave")
			diff(t, c.reason, "phase", plan.Step.Status.Phase, v1alpha1.RolloutProgressing)
		})
	}
}

// TestWhoWaitsForAnApprovalIsStillWatched has b, which soaked once and was done without in its wave; what
// is known of its time stays while it waits for the approval.
func TestWhoWaitsForAnApprovalIsStillWatched(t *testing.T) {
	in := world(gated(), member("a", verified("first")), member("b", test(healthy(target, 2*time.Hour), moved("second", 3*time.Hour)), prod(has(before))))
	in.Rollout.Status.Memory = []v1alpha1.MemberMemory{{Name: "b", Reason: v1alpha1.MemoryUnhealthy, Since: at(-time.Hour)}}
	diff(t, "it is remembered until it is verified", "memory", planner.Plan(in).Status.Memory, in.Rollout.Status.Memory)
}
