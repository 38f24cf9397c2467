package planner_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// dice draws from the bytes of the fuzzer; when they are used up, it draws zero.
type dice struct{ bytes []byte }

func (d *dice) of(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

func (d *dice) ago() time.Duration {
	return []time.Duration{0, time.Minute, 31 * time.Minute, time.Hour, 5 * time.Hour, 100 * time.Hour, -time.Minute}[d.of(7)]
}

var (
	unknown  = v1alpha1.Release{Version: "9.9.9", Digest: "sha256:99"}
	releases = []v1alpha1.Release{before, target, other, unknown}
	stages   = []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}
)

// place of any kind.
func (d *dice) place(p *planner.MemberPlace) {
	p.Excuse = []planner.Excuse{{}, {}, {}, {Reason: "Held", Message: "x"}, {Reason: v1alpha1.ReasonEnvironmentNotReady, Message: "x", Away: true}}[d.of(5)]
	if d.of(4) == 0 {
		return
	}
	release := releases[d.of(4)]
	switch d.of(3) {
	case 0:
		healthy(release, d.ago())(p)
	case 1:
		unhealthy(release, d.ago())(p)
	default:
		unseen(release)(p)
	}
	if d.of(2) == 0 {
		return
	}
	moved([]string{"pilot", "everyone", "", "gone"}[d.of(4)], d.ago())(p)
	stamp := p.Installed.Stamp
	stamp.Name = []string{rolloutName, "digi-tv.svarut.2.4.1.1"}[d.of(2)]
	stamp.Outcome = []v1alpha1.MoveOutcome{"", "", v1alpha1.OutcomeReturned, v1alpha1.OutcomeStuck}[d.of(4)]
	if stamp.Verified = nil; d.of(2) == 0 {
		stamp.Verified = &releases[d.of(4)]
	}
}

// world of any kind, with at most 24 members.
func (d *dice) world() planner.Input {
	in := world()
	if d.of(2) == 0 {
		waves(
			v1alpha1.Wave{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"m00", "m03"}}, RequireApproval: new(d.of(2) == 0), MaxFailures: number(int32(d.of(2)))},
			v1alpha1.Wave{Name: "everyone", MaxConcurrent: number(int32(1 + d.of(3))), MaxFailures: number(int32(d.of(3))), Soak: lasting(time.Duration(d.of(2)) * time.Hour)},
		)(&in)
	}
	if d.of(2) == 0 {
		in.Rollout.Spec.Completed = nil
	}
	for i, name := range []string{"pilot", "everyone"} {
		if d.of(4) == 0 {
			done(name)(&in)
			if i == 1 && d.of(2) == 0 {
				completed(&in)
			}
		}
	}
	if d.of(2) == 0 {
		in.Releases[other] = planner.Available
	}
	in.SecurityFix = d.of(4) == 0
	in.Gates = []planner.Gates{{}, {}, {}, {}, {Frozen: "frozen"}, {Paused: "paused"}, {Unavailable: "gone"}, {Pilots: planner.Gate{WaitsFor: "pilots"}}}[d.of(8)]
	if d.of(4) == 0 {
		in.Outages = planner.Outages{{Until: now.Add(-d.ago())}}
	}
	if d.of(4) == 0 {
		left("gone", "pilot", d.of(2) == 0)(&in)
	}
	for i := range d.of(25) {
		var details []func(*planner.Member)
		if d.of(8) == 0 {
			details = append(details, suspended)
		}
		if d.of(8) == 0 {
			details = append(details, []func(*planner.Member){weekdays, shortly}[d.of(2)])
		}
		for j := range 1 + d.of(3) {
			details = append(details, place(fmt.Sprintf("e%d", j), stages[d.of(3)], d.place))
		}
		member(fmt.Sprintf("m%02d", i), details...)(&in)
	}
	return in
}

func place(environment string, stage v1alpha1.Stage, details ...func(*planner.MemberPlace)) func(*planner.Member) {
	return in(environment, stage, details)
}

// FuzzPlan holds any plan to what must be so of all.
func FuzzPlan(f *testing.F) {
	for seed := range 24 {
		bytes := make([]byte, 400)
		for i := range bytes {
			bytes[i] = byte(i*i*(seed+3) + i*31 + seed*7) // cut on purpose
		}
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		in := (&dice{bytes}).world()
		step := planner.Plan(in)
		if d := gocmp.Diff(step, planner.Plan(in)); d != "" {
			t.Fatalf("the same again gives another step:\n%s", d)
		}
		checkMoves(t, in, step)
		checkCounts(t, step.Status)
		planner.Forecast(in, planner.Assumptions{Approved: len(bytes)%2 == 0}, now.AddDate(0, 1, 0))
	})
}

func checkMoves(t *testing.T, in planner.Input, step planner.Step) {
	t.Helper()
	for i, m := range step.Moves {
		if i > 0 && step.Moves[i-1].Municipality+"/"+step.Moves[i-1].Environment >= m.Municipality+"/"+m.Environment {
			t.Errorf("%s/%s is moved twice, or the moves are not sorted", m.Municipality, m.Environment)
		}
		at := slices.IndexFunc(in.Members, func(o planner.Member) bool { return o.Name == m.Municipality })
		if in.Members[at].Suspended {
			t.Errorf("%s is moved, and is suspended", m.Municipality)
		}
		places := in.Members[at].Places
		p := places[slices.IndexFunc(places, func(p planner.MemberPlace) bool { return p.Environment == m.Environment })]
		if p.Excuse.Reason == "Held" {
			t.Errorf("%s/%s is moved, and holds", m.Municipality, m.Environment)
		}
		checkTarget(t, in, p, m)
	}
	if in.Gates.Frozen != "" && len(step.Moves) > 0 {
		t.Errorf("moves while frozen: %v", moves(step))
	}
	if !step.Again.IsZero() && !step.Again.After(now) {
		t.Errorf("it is to be planned again at %s, which is not to come: that is a loop", step.Again)
	}
}

// checkTarget holds a move to the releases that its kind may bring.
func checkTarget(t *testing.T, in planner.Input, p planner.MemberPlace, m planner.Move) {
	t.Helper()
	allowed := false
	switch m.Kind {
	case planner.Advance:
		allowed = m.To == target && (p.Installed == nil || p.Installed.Release != target) && m.Stamp.Outcome == ""
	case planner.CatchUp:
		allowed = p.Installed == nil && in.Rollout.Spec.Completed != nil && m.To == *in.Rollout.Spec.Completed && m.Stamp.Outcome == ""
	case planner.Return:
		stamp := p.Installed.Stamp
		allowed = m.To != target && in.Releases[m.To] == planner.Available && stamp.Verified != nil && m.To == *stamp.Verified && m.Stamp.Outcome == v1alpha1.OutcomeReturned
	case planner.Hold:
		allowed = m.To == p.Installed.Release && m.Stamp.Outcome == v1alpha1.OutcomeStuck
	}
	if !allowed {
		t.Errorf("%s/%s: %s to %s is not a move that there may be; the place has %+v", m.Municipality, m.Environment, m.Kind, m.To.Version, p.Installed)
	}
}

func checkCounts(t *testing.T, s v1alpha1.RolloutStatus) {
	t.Helper()
	if sum := s.Verified + s.Moving + s.Waiting + s.Away + s.Excused + s.Failed; sum != s.Members {
		t.Errorf("%d members, and %d in the counts: %+v", s.Members, sum, s)
	}
	var members, waiting, away int32
	for _, w := range s.Waves {
		members, waiting, away = members+w.Members, waiting+w.Waiting, away+w.Away
	}
	if members != s.Members || waiting != s.Waiting || away != s.Away {
		t.Errorf("%d members, %d waiting and %d away, and %d, %d and %d in the waves", s.Members, s.Waiting, s.Away, members, waiting, away)
	}
	if s.Next == "" || s.Phase == "" || s.Wave == "" {
		t.Errorf("the status says nothing of what comes: %+v", s)
	}
}
