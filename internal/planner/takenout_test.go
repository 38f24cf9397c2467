package planner_test

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

func takenOut(p *planner.MemberPlace) { p.TakenOut = true }
func leaving(p *planner.MemberPlace)  { p.TakenOut, p.Leaving = true, true }

// TestWhatFailsInTestDoesNotComeToProduction has vinje, whose test was taken out of the spec after this
// rollout had brought the version there.
func TestWhatFailsInTestDoesNotComeToProduction(t *testing.T) {
	goesOn := []string{"vinje/prod Advance 2.5.0 wave all"}
	whole := func(test func(*planner.Member)) []func(*planner.Member) {
		return []func(*planner.Member){test, prod(has(before))}
	}
	ago, soaking := moved("all", 130*time.Minute), healthy(target, time.Minute)
	remembered := v1alpha1.MemberMemory{Name: "vinje", Reason: v1alpha1.MemoryTakenOut, Since: at(-time.Minute)}
	cases := []struct {
		reason string
		vinje  []func(*planner.Member)
		memory []v1alpha1.MemberMemory
		moves  []string
		failed int32
	}{
		{"it was unhealthy for 20 minutes", whole(test(unhealthy(target, 20*time.Minute), ago, takenOut)), nil, nil, 0},
		{"for 40 minutes: it has failed", whole(test(unhealthy(target, 40*time.Minute), ago, takenOut)), nil, nil, 1},
		{"it soaks", whole(test(soaking, ago, takenOut)), nil, nil, 0},
		{"it has soaked", whole(test(healthy(target, 2*time.Hour), ago, takenOut)), nil, goesOn, 0},
		{"it had soaked, and is shut down", whole(test(unhealthy(target, 40*time.Minute), soakedOnce(2*time.Hour), ago, takenOut)), nil, goesOn, 0},
		{"another rollout brought it", whole(test(unhealthy(target, 40*time.Minute), takenOut)), nil, goesOn, 0},
		{"it is about to be uninstalled while it soaks: it has failed", whole(test(soaking, ago, leaving)), nil, nil, 1},
		{"when it has soaked", whole(test(healthy(target, 2*time.Hour), ago, leaving)), nil, goesOn, 0},
		{"it is gone, and had failed", whole(prod(has(before))), []v1alpha1.MemberMemory{remembered}, nil, 1},
		{"nobody repairs its quota", whole(test(unhealthy(target, 40*time.Minute), ago, takenOut, func(p *planner.MemberPlace) { p.Installed.Blocked = true })), nil, nil, 1},
		{
			"production was taken out: nothing comes after it", []func(*planner.Member){test(healthy(target, 2*time.Hour), ago), prod(unhealthy(target, 40*time.Minute), ago, takenOut)},
			nil, nil, 0,
		},
		{"production holds", []func(*planner.Member){test(unhealthy(target, 40*time.Minute), ago, takenOut), held}, nil, nil, 0},
		{
			"what dev has goes back with it", []func(*planner.Member){dev(healthy(target, 2*time.Hour), ago), test(soaking, ago, leaving), prod(has(before))},
			nil, []string{"vinje/dev Return 2.4.1 wave all"}, 1,
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(waves(wave("all")), member("vinje", c.vinje...))
			in.Rollout.Status.Memory = append(in.Rollout.Status.Memory, c.memory...)
			step := planner.Plan(in)
			diff(t, c.reason, "moves", moves(step), c.moves)
			diff(t, c.reason, "failed", step.Status.Failed, c.failed)
			diff(t, c.reason, "must be remembered before it goes", planner.MustRemember(in, &in.Members[0]), c.failed > 0 && c.memory == nil)
			if c.failed == 0 {
				return
			}
			in.Rollout.Status = step.Status
			in.Members[0].Places = []planner.MemberPlace{{Environment: "prod", Stage: v1alpha1.StageProduction, Installed: &planner.Installed{Release: before, Current: true, HealthySince: now.Add(-240 * time.Hour)}}}
			again := planner.Plan(in)
			diff(t, c.reason, "moves when it is gone", moves(again), []string(nil))
			diff(t, c.reason, "failed when it is gone", again.Status.Failed, int32(1))
			list, note := noted(again.Status, "vinje")
			diff(t, c.reason, "it is listed", list, "failed")
			mentions(t, c.reason, note.Message, "was not verified in an environment that was taken out of the spec")
			diff(t, c.reason, "it may go", planner.MustRemember(in, &in.Members[0]), false)
		})
	}
}

// TestWhatWasDoneIsNotJudgedAgainWhereItWasTakenOut has the same when the wave of vinje is done: what becomes then of
// what was taken out, and whose status may be lost, is not the rollout's any more.
func TestWhatWasDoneIsNotJudgedAgainWhereItWasTakenOut(t *testing.T) {
	in := world(waves(wave("all")), done("all"), member("vinje", test(unhealthy(target, 40*time.Minute), moved("all", 130*time.Minute), takenOut), prod(healthy(target, time.Hour), moved("all", 100*time.Minute))))
	in.Rollout.Status.Memory = nil
	step := planner.Plan(in)
	diff(t, "it was verified when its wave was done", "failed", step.Status.Failed, int32(0))
	diff(t, "it was verified when its wave was done", "verified", step.Status.Verified, int32(1))
}

// TestWhatWasLeftAsItIsMayRecover shows that a failure which an installation records counts as long as it lasts, also
// where its environment was taken out and stays: a fault of a later day is forgotten when it is over.
func TestWhatWasLeftAsItIsMayRecover(t *testing.T) {
	stuck := func(healthSince func(*planner.MemberPlace)) change {
		return member("vinje", test(healthSince, moved("all", 300*time.Minute), outcome("Stuck", "stays"), takenOut), prod(has(before)))
	}
	in := world(waves(wave("all")), stuck(unhealthy(target, time.Minute)))
	step := planner.Plan(in)
	diff(t, "it has a fault", "failed", step.Status.Failed, int32(1))

	again := world(waves(wave("all")), stuck(healthy(target, 2*time.Hour)))
	again.Rollout.Status = step.Status
	diff(t, "it has recovered", "failed", planner.Plan(again).Status.Failed, int32(0))
}
