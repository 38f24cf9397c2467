package planner_test

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// pilotRecord is a Rollout of pilot network rogaland.
func pilotRecord(phase v1alpha1.RolloutPhase, release v1alpha1.Release, sequence int32, changes ...func(*v1alpha1.Rollout)) *v1alpha1.Rollout {
	return record(release, sequence, phase, 1, append(changes, func(r *v1alpha1.Rollout) {
		r.Spec.Network, r.Spec.Sequence = "rogaland", sequence
		r.Name = planner.Name(r.Spec)
	})...)
}

func TestPilotsGate(t *testing.T) {
	counts := func(members, verified, away, excused int32) func(*v1alpha1.Rollout) {
		return func(r *v1alpha1.Rollout) {
			r.Status.Members, r.Status.Verified, r.Status.Away, r.Status.Excused = members, verified, away, excused
		}
	}
	failures := func(n int32) func(*v1alpha1.Rollout) {
		return func(r *v1alpha1.Rollout) { r.Status.Failed = n }
	}
	done := pilotRecord(v1alpha1.RolloutCompleted, target, 1)
	rogaland := func(records ...*v1alpha1.Rollout) []planner.Pilot {
		return []planner.Pilot{{Network: "rogaland", Wanted: &target, Records: records}}
	}
	about := func(records ...*v1alpha1.Rollout) []planner.Pilot {
		all := rogaland(records...)
		all[0].Next = &v1alpha1.RolloutSpec{Version: target.Version, Digest: target.Digest}
		return all
	}
	back := about(done)
	back[0].Wanted, back[0].Next = &before, &v1alpha1.RolloutSpec{Version: before.Version, Digest: before.Digest}
	newer := v1alpha1.Release{Version: "2.6.0", Digest: other.Digest}
	backAndOn := about(done, pilotRecord(v1alpha1.RolloutCompleted, before, 2))
	backAndOn[0].Wanted, backAndOn[0].Next = &newer, &v1alpha1.RolloutSpec{Version: newer.Version, Digest: newer.Digest}
	went := func(phase v1alpha1.RolloutPhase, changes ...func(*v1alpha1.Rollout)) []planner.Pilot {
		return rogaland(done, pilotRecord(v1alpha1.RolloutSuperseded, before, 2), pilotRecord(phase, newer, 3, changes...))
	}
	cases := []struct {
		reason string
		pilots []planner.Pilot
		says   string
		how    string
	}{
		{"no pilot networks", nil, "", ""},
		{"the pilot has completed", rogaland(done), "", ""},
		{"the pilot has none yet", rogaland(), "its Rollout is about to be made", ""},
		{"the pilot follows another channel", []planner.Pilot{{Network: "rogaland", Wanted: &before}}, "its channel points at 2.4.1", "point its channel at 2.5.0"},
		{"the pilot has no members", []planner.Pilot{{Network: "rogaland", Absent: "it has no members", Fix: "give it members"}}, "it has no members", "give it members, or take rogaland out of spec.pilotNetworks of SharedApp svarut"},
		{"the pilot has members no longer, and completed once", []planner.Pilot{{Network: "rogaland", Absent: "it has no members", Records: []*v1alpha1.Rollout{done}}}, "it has no members", ""},
		{"all of the pilot are excused", rogaland(pilotRecord(v1alpha1.RolloutPending, target, 1, counts(3, 0, 0, 3))), "all 3 members are excused", "let one of them take part"},
		{"the pilot is halted", rogaland(pilotRecord(v1alpha1.RolloutHalted, target, 1)), "is halted", "ask for a retry in spec.rollout.retries of Network rogaland"},
		{"the pilot is under way", rogaland(pilotRecord(v1alpha1.RolloutProgressing, target, 1, func(r *v1alpha1.Rollout) { r.Status.Progress = "3/50" })), "3/50 members verified", ""},
		{"the pilot ended before it completed", rogaland(pilotRecord(v1alpha1.RolloutSuperseded, target, 1)), "ended before it completed", ""},
		{"the pilot completed the first attempt, and the second is halted", rogaland(done, pilotRecord(v1alpha1.RolloutHalted, target, 2)), "is halted", ""},
		{"the pilot completed it long ago, and is about to try it again", about(done, pilotRecord(v1alpha1.RolloutCompleted, other, 2)), "about to be made", ""},
		{"the pilot completed it just now, and a retry is asked for", about(done), "about to be made", ""},
		{"the pilot completed it, and is ahead by its own channel", []planner.Pilot{{Network: "rogaland", Wanted: &other, Records: []*v1alpha1.Rollout{done, pilotRecord(v1alpha1.RolloutProgressing, other, 2)}}}, "", ""},
		{"the pilot completed it, and then what was before it", []planner.Pilot{{Network: "rogaland", Wanted: &before, Records: []*v1alpha1.Rollout{done, pilotRecord(v1alpha1.RolloutCompleted, before, 2)}}}, "it has gone back to 2.4.1", "point its channel at 2.5.0"},
		{"the pilot completed it, and is going back", []planner.Pilot{{Network: "rogaland", Wanted: &before, Records: []*v1alpha1.Rollout{done, pilotRecord(v1alpha1.RolloutProgressing, before, 2)}}}, "it has gone back to 2.4.1", ""},
		{"the pilot completed it, went back, and is about to go on to what is newer", backAndOn, "it has gone back to 2.4.1", "point its channel at 2.5.0"},
		{"the pilot completed it, went back, and is on its way to what is newer", went(v1alpha1.RolloutProgressing), "it has gone back to 2.4.1", "point its channel at 2.5.0"},
		{"which is halted", went(v1alpha1.RolloutHalted), "it has gone back to 2.4.1", ""},
		{"which it has completed", went(v1alpha1.RolloutCompleted), "", ""},
		{"with too few of its members", went(v1alpha1.RolloutCompleted, counts(50, 1, 49, 0)), "it has gone back to 2.4.1", ""},
		{"the pilot completed it, went back, and tries it once more", rogaland(done, pilotRecord(v1alpha1.RolloutCompleted, before, 2), pilotRecord(v1alpha1.RolloutProgressing, target, 3)), "Rollout rogaland.svarut.2.5.0.3 has", ""},
		{"the pilot completed it, went back, and completed it once more", rogaland(done, pilotRecord(v1alpha1.RolloutCompleted, before, 2), pilotRecord(v1alpha1.RolloutCompleted, target, 3)), "", ""},
		{"the pilot completed it, and is about to go back", back, "it has gone back to 2.4.1", ""},
		{"the pilot completed it after what was before it", rogaland(pilotRecord(v1alpha1.RolloutCompleted, before, 1), pilotRecord(v1alpha1.RolloutCompleted, target, 2)), "", ""},
		{"one of fifty is verified, and the others are away", rogaland(pilotRecord(v1alpha1.RolloutCompleted, target, 1, counts(50, 1, 49, 0))), "is completed with no more than 1 of 50 members, 49 to come", "let more of them have it"},
		{"one of ten is verified, and the others failed", rogaland(pilotRecord(v1alpha1.RolloutCompleted, target, 1, counts(10, 1, 0, 0), failures(9))), "with no more than 1 of 10 members, 9 failed", "ask for a retry"},
		{"half is not most", rogaland(pilotRecord(v1alpha1.RolloutCompleted, target, 1, counts(5, 2, 0, 1), failures(2))), "with no more than 2 of 4 members, 2 failed", "ask for a retry"},
		{"most of those who take part have it", rogaland(pilotRecord(v1alpha1.RolloutCompleted, target, 1, counts(6, 2, 0, 3), failures(1))), "", ""},
		{"one of two pilots has not", append(rogaland(done), planner.Pilot{Network: "agder", Wanted: &target}), "pilot network agder to complete 2.5.0", ""},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			gate := planner.PilotsGate("svarut", target, c.pilots)
			diff(t, c.reason, "waits", gate.WaitsFor != "", c.says != "")
			mentions(t, c.reason, gate.WaitsFor, c.says)
			mentions(t, c.reason, gate.How, c.how)
		})
	}
}

// One of fifty proves little; where it opens the gate, as nobody else takes part, that is said.
func TestPilotsProof(t *testing.T) {
	counts := func(members, verified, excused int32) func(*v1alpha1.Rollout) {
		return func(r *v1alpha1.Rollout) {
			r.Status.Members, r.Status.Verified, r.Status.Excused = members, verified, excused
		}
	}
	rogaland := func(phase v1alpha1.RolloutPhase, members, verified, excused int32) []planner.Pilot {
		return []planner.Pilot{{Network: "rogaland", Wanted: &target, Records: []*v1alpha1.Rollout{pilotRecord(phase, target, 1, counts(members, verified, excused))}}}
	}
	cases := []struct {
		reason string
		pilots []planner.Pilot
		want   string
	}{
		{"no pilot networks", nil, ""},
		{"most of its members have it", rogaland(v1alpha1.RolloutCompleted, 50, 26, 24), ""},
		{"one of fifty, and the others are excused", rogaland(v1alpha1.RolloutCompleted, 50, 1, 49), "pilot network rogaland completed 2.5.0 with 1 of 50 members, 49 excused"},
		{"the gate is closed, and says why", rogaland(v1alpha1.RolloutProgressing, 50, 1, 49), ""},
	}
	for _, c := range cases {
		diff(t, c.reason, "proof", planner.PilotsProof(target, c.pilots), c.want)
	}

	const proof = "pilot network rogaland completed 2.5.0 with 1 of 50 members, 49 excused"
	approved := waves(v1alpha1.Wave{Name: "everyone", RequireApproval: new(true)})
	for _, begun := range [][]change{
		{member("tokke")},
		{member("tokke"), member("vinje", prod(unhealthy(target, time.Minute), moved("everyone", 2*time.Minute)))},
	} {
		status := planner.Plan(world(append(begun, gates(planner.Gates{PilotsProof: proof}))...)).Status
		mentions(t, "who has begun, or waits, is informed", status.Next, proof)
	}
	status := planner.Plan(world(approved, member("tokke"), gates(planner.Gates{PilotsProof: proof}))).Status
	mentions(t, "so is who is asked to approve", status.Waves[0].WaitsFor, proof)
}
