package planner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// gates sets what the world around says.
func gates(g planner.Gates) change { return func(in *planner.Input) { in.Gates = g } }

// TestGates shows what each closed gate lets through, to a group of which one has begun, one
// waits for its next stage, one failed just now, one waits and one has nothing; and to the same
// group before anybody has begun.
func TestGates(t *testing.T) {
	under := []change{
		waves(v1alpha1.Wave{Name: "all", MaxFailures: number(1), MaxConcurrent: number(5)}),
		member("a", prod(unseen(target), moved("all", time.Minute))),
		member("b", test(healthy(target, time.Hour), moved("all", 2*time.Hour)), prod(has(before))),
		member("c", prod(unseen(target), moved("all", time.Hour))),
		member("d"),
		member("e", prod()),
	}
	fresh := []change{waves(v1alpha1.Wave{Name: "all", MaxConcurrent: number(1)}), member("d"), member("e", prod())}
	everything := []string{
		"b/prod Advance 2.5.0 wave all", "c/prod Return 2.4.1 wave all", "d/prod Advance 2.5.0 wave all", "e/prod Advance 2.5.0 wave all",
	}
	onlyBack := []string{"c/prod Return 2.4.1 wave all"}
	joiner := "e/prod CatchUp 2.4.1"
	start := []string{"d/prod Advance 2.5.0 wave all"}
	cases := []struct {
		reason string
		gate   change
		under  []string
		fresh  []string
		next   string
	}{
		{"open", func(*planner.Input) {}, everything, start, "wave all"},
		{"frozen: nothing at all is written", gates(planner.Gates{Frozen: "the platform is frozen"}), nil, nil, "waits: the platform is frozen"},
		{"suspended: nothing at all is written", gates(planner.Gates{Suspended: "Network digi-tv is suspended"}), nil, nil, "waits: Network digi-tv is suspended"},
		{"paused: who failed goes back", gates(planner.Gates{Paused: "Network digi-tv is paused"}), onlyBack, nil, "waits: Network digi-tv is paused"},
		{"a strategy at fault: who failed goes back", gates(planner.Gates{Fault: "the strategy to be fixed"}), onlyBack, nil, "waits: the strategy to be fixed"},
		{"outside the windows: who failed goes back", closed, onlyBack, nil, "waits: Network digi-tv: outside the windows"},
		{
			"the version can't be had: who failed goes back, and a joiner gets the one before",
			gates(planner.Gates{Unavailable: "2.5.0 is withdrawn"}), append(onlyBack[:1:1], joiner), []string{joiner}, "waits: 2.5.0 is withdrawn",
		},
		{"pilot networks matter until the first has begun", gates(planner.Gates{Pilots: planner.Gate{WaitsFor: "pilot network digi-rogaland"}}), everything, []string{joiner}, "waits: pilot network digi-rogaland"},
		{"the queue matters until the first has begun", gates(planner.Gates{Queued: "number 1 in the queue"}), everything, []string{joiner}, "waits: number 1 in the queue"},
		{"the announcement matters until the first has begun", announced, everything, []string{joiner}, "waits: announced: the first wave begins at 2026-11-22T13:00:00Z"},
		{"frozen is named before suspended", gates(planner.Gates{Frozen: "frozen", Suspended: "suspended"}), nil, nil, "waits: frozen"},
		{"suspended is named before paused", gates(planner.Gates{Suspended: "suspended", Paused: "paused"}), nil, nil, "waits: suspended"},
		{"paused is named before a fault", gates(planner.Gates{Paused: "paused", Fault: "fault"}), onlyBack, nil, "waits: paused"},
		{"pilot networks are named before the queue", gates(planner.Gates{Pilots: planner.Gate{WaitsFor: "pilots"}, Queued: "queue"}), everything, []string{joiner}, "waits: pilots"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			running := world(under...)
			c.gate(&running)
			diff(t, c.reason, "moves of a rollout under way", moves(planner.Plan(running)), c.under)
			waiting := world(fresh...)
			c.gate(&waiting)
			step := planner.Plan(waiting)
			diff(t, c.reason, "moves of one that has not begun", moves(step), c.fresh)
			mentions(t, c.reason, step.Status.Next, c.next)
		})
	}
}

// TestGateIsSaidToTheAway shows what everybody waits for, at night as well: those who are away now would
// not go before it opens either.
func TestGateIsSaidToTheAway(t *testing.T) {
	cases := []struct {
		reason string
		gate   change
		want   string
	}{
		{"the announcement", announced, "announced: the first wave begins at"},
		{"pilot networks", gates(planner.Gates{Pilots: planner.Gate{WaitsFor: "pilot network digi-rogaland"}}), "pilot network digi-rogaland"},
		{"the queue", gates(planner.Gates{Queued: "number 1 in the queue"}), "number 1 in the queue"},
		{"a version that can't be had", gates(planner.Gates{Unavailable: "2.5.0 is withdrawn"}), "2.5.0 is withdrawn"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(waves(wave("all")), member("vinje", weekdays), c.gate))
			mentions(t, c.reason, step.Status.Next, "waits: "+c.want)
			mentions(t, c.reason, waveIn(t, step, "all").WaitsFor, c.want)
		})
	}
	open := planner.Plan(world(waves(wave("all")), member("vinje", weekdays)))
	mentions(t, "where every gate is open, it waits for its window", open.Status.Next, "1 away; vinje: Municipality vinje: outside the windows")
}

// closed has windows on weekdays only. It keeps the waves.
func closed(in *planner.Input) {
	var m planner.Member
	weekdays(&m)
	in.Strategy.Calendar = m.Calendar
}

func announced(in *planner.Input) { in.Strategy.Announcement = 2 * time.Hour }

func TestGateTellsWhen(t *testing.T) {
	cases := []struct {
		reason string
		gate   change
		want   time.Time
	}{
		{"a window opens", closed, time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)},
		{"an announcement is over", announced, now.Add(time.Hour)},
		{"nobody knows when a pause is", gates(planner.Gates{Paused: "paused"}), time.Time{}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(member("vinje"), c.gate))
			diff(t, c.reason, "again", step.Again, c.want)
			if got := step.Status.NextAt; (got == nil) != c.want.IsZero() || (got != nil && !got.Time.Equal(c.want)) {
				t.Errorf("%s: nextAt is %v, want %v", c.reason, got, c.want)
			}
		})
	}
}

func TestEmergencyLane(t *testing.T) {
	in := world(waves(wave("pilot", "vinje"), wave("rest")), member("vinje", prod(healthy(target, 0), moved("pilot", time.Minute))), member("tokke"))
	in.SecurityFix = true
	step := planner.Plan(in)
	diff(t, "nothing soaks", "moves", moves(step), []string{"tokke/prod Advance 2.5.0 wave rest"})
	diff(t, "nothing soaks for the one it leaves either", "stamp", step.Moves[0].Stamp.Verified, &before)

	announcedIn := world(member("vinje"), announced)
	announcedIn.SecurityFix = true
	diff(t, "nothing is announced", "moves", len(planner.Plan(announcedIn).Moves), 1)

	held := world(waves(v1alpha1.Wave{Name: "all", RequireApproval: new(true)}), member("vinje"))
	held.SecurityFix = true
	diff(t, "approvals are kept", "moves", len(planner.Plan(held).Moves), 0)

	frozen := world(member("vinje"), gates(planner.Gates{Frozen: "frozen"}))
	frozen.SecurityFix = true
	diff(t, "a freeze is kept", "moves", len(planner.Plan(frozen).Moves), 0)
}

func TestApprovals(t *testing.T) {
	right := v1alpha1.Approval{App: "svarut", Digest: target.Digest, Wave: "all", Attempt: 1}
	with := func(change func(*v1alpha1.Approval)) v1alpha1.Approval {
		a := right
		change(&a)
		return a
	}
	cases := []struct {
		reason   string
		approval v1alpha1.Approval
		begins   bool
		says     string
	}{
		{"the right one", right, true, ""},
		{"one that never saw the API server's default is for the first attempt", with(func(a *v1alpha1.Approval) { a.Attempt = 0 }), true, ""},
		{"for another digest", with(func(a *v1alpha1.Approval) { a.Digest = before.Digest }), false, "approvals[0] is for another digest"},
		{"for another channel", with(func(a *v1alpha1.Approval) { a.Channel = "stabel" }), false, `approvals[0] is for channel "stabel", and this is channel ""`},
		{"for another attempt", with(func(a *v1alpha1.Approval) { a.Attempt = 2 }), false, "approvals[0] is for attempt 2, and this is attempt 1"},
		{"for another wave", with(func(a *v1alpha1.Approval) { a.Wave = "rest" }), false, `add {app: svarut, digest: "sha256:25", wave: all, attempt: 1} to spec.rollout.approvals of Network digi-tv`},
		{"for another app", with(func(a *v1alpha1.Approval) { a.App = "kobo" }), false, "approval of wave all"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(strategy(v1alpha1.RolloutStrategy{
				Waves: []v1alpha1.Wave{{Name: "all", RequireApproval: new(true)}}, Approvals: []v1alpha1.Approval{c.approval},
			}), member("vinje")))
			diff(t, c.reason, "begins", len(step.Moves) == 1, c.begins)
			mentions(t, c.reason, waveIn(t, step, "all").WaitsFor, c.says)
			if !c.begins {
				mentions(t, c.reason, step.Status.Next, "waits: approval of wave all")
			}
		})
	}
}

func TestWhoDecidesKnowsWhatItIsAbout(t *testing.T) {
	asks := func(names ...string) change {
		first := wave("first", names...)
		first.RequireApproval = new(true)
		return waves(first, wave("rest"))
	}
	const fix, instead = "it is a security fix: neither announcement nor soak delays it, and it does not queue", "c goes first in place of a, b"
	urgent := func(in *planner.Input) { in.SecurityFix = true }
	cases := []struct {
		reason  string
		changes []change
		says    string
		not     string
	}{
		{"a security fix", []change{asks("c"), urgent, member("c")}, fix, "in place of"},
		{"somebody stands in", []change{asks("a", "b"), member("a", suspended), member("c")}, instead, "security fix"},
		{"both", []change{asks("a", "b"), urgent, member("c")}, fix + "; " + instead, ""},
		{"neither", []change{asks("c"), member("c")}, "approval of wave first", "; "},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(c.changes...))
			for where, text := range map[string]string{"next": step.Status.Next, "the wave": waveIn(t, step, "first").WaitsFor} {
				mentions(t, c.reason+", "+where, text, c.says)
				if c.not != "" && strings.Contains(text, c.not) {
					t.Errorf("%s: %s says %q, of which %q is not so", c.reason, where, text, c.not)
				}
			}
		})
	}
}

func TestApprovalOfDirectAdoptersIsThePlatforms(t *testing.T) {
	in := world(waves(v1alpha1.Wave{Name: "all", RequireApproval: new(true)}), member("vinje"))
	in.Rollout.Spec.Network, in.Rollout.Spec.Channel = "", "stable"
	mentions(t, "there is no network to approve it", waveIn(t, planner.Plan(in), "all").WaitsFor, "spec.rollout.approvals of Platform default")
}

func TestApprovalOfALaterWaveIsAskedForWhenItsTurnComes(t *testing.T) {
	rest := v1alpha1.Wave{Name: "rest", RequireApproval: new(true)}
	step := planner.Plan(world(waves(wave("pilot", "vinje"), rest), member("vinje", prod(unseen(target), moved("pilot", time.Minute))), member("tokke")))
	diff(t, "the pilot is on its way", "waitsFor", waveIn(t, step, "rest").WaitsFor, "wave pilot")
	step = planner.Plan(world(waves(wave("pilot", "vinje"), rest), member("vinje", verified("pilot")), member("tokke")))
	mentions(t, "the pilot is verified", step.Status.Next, "waits: approval of wave rest")
	diff(t, "nobody else is moved", "moves", len(step.Moves), 0)
}
