package planner_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// gated is a strategy of three waves, of which the second requires an approval.
func gated(approvals ...v1alpha1.Approval) change {
	second := wave("second", "b")
	second.RequireApproval = new(true)
	return strategy(v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{wave("first", "a"), second, wave("third")}, Approvals: approvals})
}

var (
	approved = v1alpha1.Approval{App: "svarut", Digest: target.Digest, Wave: "second", Attempt: 1}
	missing  = prod(has(before), away(v1alpha1.ReasonRequiredAppMissing, "requires kobo"))
	held     = prod(has(before), excused("Held", "year-end"))
)

// TestApprovalHoldsBackWhoeverIsInTheWave has a verified, b in the wave that nobody approved, and c
// in the wave after it.
func TestApprovalHoldsBackWhoeverIsInTheWave(t *testing.T) {
	cases := []struct {
		reason string
		b      change
		moves  []string
	}{
		{"b waits", member("b"), nil},
		{"b is away", member("b", missing), nil},
		{"b is outside its own windows", member("b", weekdays, prod(has(before))), nil},
		{"b holds", member("b", held), nil},
		{"b is suspended", member("b", suspended), nil},
		{"b is paused", member("b", paused), nil},
		{"there is no b", func(*planner.Input) {}, nil},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(gated(), member("a", verified("first")), c.b, member("c"))
			step := planner.Plan(in)
			diff(t, c.reason, "moves", moves(step), c.moves)
			diff(t, c.reason, "phase", step.Status.Phase, v1alpha1.RolloutProgressing)
			second := waveIn(t, step, "second")
			diff(t, c.reason, "approval", second.Approval, v1alpha1.ApprovalWanting)
			mentions(t, c.reason, second.WaitsFor, "approval of wave second: add {app: svarut")
			mentions(t, c.reason, waveIn(t, step, "third").WaitsFor, "approval of wave second")
			mentions(t, c.reason, step.Status.Next, "waits: approval of wave second")
			mentions(t, c.reason, step.Details, "spec.rollout.approvals of Network digi-tv")
			wait := planner.NewPlanned(in).WaitsFor("c", "prod")
			mentions(t, c.reason, wait.Message, "approval of wave second")
		})
	}
}

func TestCompletedMeansThatNobodyWaits(t *testing.T) {
	cases := []struct {
		reason string
		world  []change
		want   v1alpha1.RolloutPhase
	}{
		{"the gate has nobody in front of it", []change{gated(), member("a", verified("first"))}, v1alpha1.RolloutCompleted},
		{"who is in front of it is excused", []change{gated(), member("a", verified("first")), member("b", held)}, v1alpha1.RolloutCompleted},
		{"who is in front of it is away", []change{gated(), member("a", verified("first")), member("b", missing)}, v1alpha1.RolloutProgressing},
		{"it is approved, and who is in the wave is away", []change{gated(approved), member("a", verified("first")), member("b", missing)}, v1alpha1.RolloutCompleted},
		{"it was completed, and a joiner comes to the gate", []change{gated(), completed, done("first"), member("a", verified("first")), member("b")}, v1alpha1.RolloutProgressing},
		{"waves are edited, and somebody waits in the last", []change{waves(wave("first", "a"), wave("new")), completed, done("first"), member("a", verified("first")), member("c")}, v1alpha1.RolloutProgressing},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(append(c.world, gates(planner.Gates{Frozen: "frozen"}))...)
			diff(t, c.reason, "phase", planner.Plan(in).Status.Phase, c.want)
		})
	}
}

func TestJoinerWaitsForTheApprovalThatIsMissing(t *testing.T) {
	joined := []change{completed, done("first"), member("a", verified("first")), member("b")}
	step := planner.Plan(world(append(joined, gated())...))
	diff(t, "nobody approved the wave", "moves", moves(step), []string(nil))
	mentions(t, "it is said", step.Status.Next, "approval of wave second")
	step = planner.Plan(world(append(joined, gated(approved))...))
	diff(t, "somebody did", "moves", moves(step), []string{"b/prod Advance 2.5.0 wave second"})
}

func TestOnlyOwnMovesBeginARollout(t *testing.T) {
	pinned := member("a", prod(unhealthy(target, 5*time.Hour)))
	for _, c := range []struct {
		reason string
		gate   change
		says   string
	}{
		{"announcement", announced, "waits: announced"},
		{"pilot networks", gates(planner.Gates{Pilots: planner.Gate{WaitsFor: "pilot network x"}}), "waits: pilot network x"},
		{"queue", gates(planner.Gates{Queued: "the queue"}), "waits: the queue"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			bears := wave("first", "a")
			bears.MaxFailures = number(1)
			in := world(waves(bears, wave("second")), pinned, member("b"), c.gate)
			step := planner.Plan(in)
			diff(t, "its failure is recorded, and moves nobody", "moves", moves(step), []string{"a/prod Hold 2.5.0"})
			diff(t, "and begins nothing", "startedAt", step.Status.StartedAt, (*metav1.Time)(nil))
			in.Rollout.Status = step.Status
			in.Members[0].Places[0].Installed.Stamp = &step.Moves[0].Stamp
			step = planner.Plan(in)
			diff(t, "nor does the record of it", "moves", moves(step), []string(nil))
			mentions(t, c.reason, step.Status.Next, c.says)
		})
	}
}

func TestWhoFailedWithoutBeingMovedBeginsNothingByLeaving(t *testing.T) {
	in := world(waves(wave("first", "a"), wave("second")), member("b"), left("a", "first", true), announced)
	step := planner.Plan(in)
	diff(t, "it had the version before", "moves", moves(step), []string(nil))
	diff(t, "and nothing has begun", "startedAt", step.Status.StartedAt, (*metav1.Time)(nil))
}

func TestReturnsToWhatWasVerifiedLast(t *testing.T) {
	byAnother := func(p *planner.MemberPlace) {
		p.Installed.Stamp = &planner.Stamp{Name: "digi-tv.svarut.2.5.0.9", Network: "digi-tv", Wave: "all"}
		p.Installed.LastVerified = &before
	}
	cases := []struct {
		reason   string
		release  func(*planner.Input)
		moves    []string
		messages string
	}{
		{"whatever moved it last", func(*planner.Input) {}, []string{"a/prod Return 2.4.1"}, "returned to 2.4.1"},
		{"it is unavailable for a moment", func(in *planner.Input) { in.Releases[before] = planner.Unavailable }, nil, ""},
		{"the app is gone for a moment", func(in *planner.Input) { in.Releases = nil }, nil, ""},
		{"nobody knows its digest for a moment", func(in *planner.Input) {
			delete(in.Releases, before)
			in.Releases[v1alpha1.Release{Version: before.Version}] = planner.Unavailable
		}, nil, ""},
		{"it is withdrawn", func(in *planner.Input) { in.Releases[before] = planner.Withdrawn }, []string{"a/prod Hold 2.5.0"}, "2.4.1, is withdrawn"},
		{"it is gone", func(in *planner.Input) { delete(in.Releases, before) }, []string{"a/prod Hold 2.5.0"}, "2.4.1, is no longer in the catalogue"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(waves(wave("all")), member("a", prod(unhealthy(target, time.Hour), byAnother)), c.release))
			diff(t, c.reason, "moves", moves(step), c.moves)
			if len(step.Moves) > 0 {
				mentions(t, c.reason, step.Moves[0].Stamp.Message, c.messages)
				return
			}
			_, note := noted(step.Status, "a")
			mentions(t, c.reason, note.Message, "it returns to 2.4.1 when that is available again")
		})
	}
}

func TestNextNamesWhoWaitsForWhatItReturnsTo(t *testing.T) {
	waits := member("b", prod(unhealthy(target, time.Hour), moved("all", time.Hour)))
	unavailable := func(in *planner.Input) { in.Releases[before] = planner.Unavailable }
	half := v1alpha1.Wave{Name: "all", MaxFailures: percent("50%")}
	cases := []struct {
		reason  string
		changes []change
	}{
		{"the others are verified", []change{waves(half), member("a", verified("all")), member("c", verified("all"))}},
		{"another is away", []change{waves(half), member("a", verified("all")), member("c", prod(has(before), away(v1alpha1.ReasonEnvironmentNotReady, "environment prod is not ready")))}},
		{"a later wave waits for it", []change{waves(v1alpha1.Wave{Name: "all", Members: &v1alpha1.WaveMembers{Names: []string{"a", "b"}}, MaxFailures: percent("50%")}, wave("later")), member("a", verified("all")), member("c")}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(append(c.changes, waits, unavailable)...))
			diff(t, c.reason, "moves", moves(step), []string(nil))
			mentions(t, c.reason, step.Status.Next, "b: prod was not healthy by")
			mentions(t, c.reason, step.Status.Next, "it returns to 2.4.1 when that is available again")
		})
	}
}

// TestFailedUntilRecorded has a, which failed and waits for what it returns to. The second plan is made of
// what the first remembers.
func TestFailedUntilRecorded(t *testing.T) {
	anew := func(in *planner.Input) {
		in.Rollout.Status.Memory = []v1alpha1.MemberMemory{{Name: "a", Reason: v1alpha1.MemoryUnhealthy, Since: at(-31 * time.Minute)}}
	}
	cases := []struct {
		reason string
		a      change
	}{
		{"nobody has observed it", member("a", prod(unseen(target), moved("all", time.Hour)))},
		{"it never was healthy", member("a", prod(unhealthy(target, time.Hour), moved("all", time.Hour)))},
		{"it left", func(in *planner.Input) {
			member("a", prod(unseen(target), moved("all", time.Hour)))(in)
			in.Rollout.Status.Memory = memory(in.Members)
			in.Left, in.Members = []planner.Left{{Name: "a", Wave: "all", Places: in.Members[0].Places}}, nil
		}},
		{"its time began again after a fault that was not the version's, and its wave is done", func(in *planner.Input) {
			member("a", prod(unhealthy(target, time.Hour), moved("all", time.Hour)))(in)
			done("all")(in)
			anew(in)
		}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(waves(wave("all")), c.a, member("b"))
			in.Releases[before] = planner.Unavailable
			for _, plan := range []string{"first", "second"} {
				step := planner.Plan(in)
				diff(t, c.reason, "failed, by the "+plan+" plan", step.Status.Failed, int32(1))
				diff(t, c.reason, "phase, by the "+plan+" plan", step.Status.Phase, v1alpha1.RolloutHalted)
				diff(t, c.reason, "moves of the "+plan+" plan", moves(step), []string(nil))
				in.Rollout.Status = step.Status
			}
		})
	}
}

func TestFailedKeepsItsPlaceUntilItWentBack(t *testing.T) {
	one := v1alpha1.Wave{Name: "all", MaxConcurrent: number(1), MaxFailures: number(1)}
	in := world(waves(one), member("a", prod(unhealthy(target, time.Hour), moved("all", time.Hour))), member("b"))
	in.Releases[before] = planner.Unavailable
	step := planner.Plan(in)
	diff(t, "what it returns to can't be had", "moves", moves(step), []string(nil))
	diff(t, "the group carries the rollout", "carried", step.Carried, true)
	in.Releases[before] = planner.Available
	step = planner.Plan(in)
	diff(t, "it goes back: until that is written nobody else begins", "moves", moves(step), []string{"a/prod Return 2.4.1 wave all"})
	in.Members[0].Places[0].Installed = &planner.Installed{Release: before, Stamp: &step.Moves[0].Stamp}
	diff(t, "it went back", "moves", moves(planner.Plan(in)), []string{"b/prod Advance 2.5.0 wave all"})
}

func TestReturnsWhenAFreezeEnds(t *testing.T) {
	step := planner.Plan(world(waves(wave("all")), member("a", prod(unhealthy(target, time.Hour), moved("all", time.Hour))), gates(planner.Gates{Frozen: "the platform is frozen"})))
	_, note := noted(step.Status, "a")
	mentions(t, "somebody who is frozen knows what comes", note.Message, "it returns when this ends: the platform is frozen")
}

func TestLastVerified(t *testing.T) {
	cases := []struct {
		reason    string
		installed *planner.Installed
		want      *v1alpha1.Release
	}{
		{"nothing is there", nil, nil},
		{"what soaked", &planner.Installed{Release: target, Current: true, HealthySince: now.Add(-2 * time.Hour), LastVerified: &before}, &target},
		{"what soaked, and has a fault now", &planner.Installed{Release: target, Current: true, UnhealthySince: now, Longest: 2 * time.Hour, LastVerified: &before}, &target},
		{"what has not soaked", &planner.Installed{Release: target, Current: true, HealthySince: now, LastVerified: &before}, &before},
		{"what has not soaked, and the group completed", &planner.Installed{Release: other, Current: true, HealthySince: now, LastVerified: &before}, &other},
		{"what nobody observed", &planner.Installed{Release: target, LastVerified: &before}, &before},
		{"what soaked, and whose parameters were changed just now", &planner.Installed{Release: target, HealthyBefore: now.Add(-2 * time.Hour)}, &target},
		{"what had not soaked when they were", &planner.Installed{Release: target, HealthyBefore: now, LastVerified: &before}, &before},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			got, _ := planner.LastVerified(c.installed, time.Hour, &other, now)
			diff(t, c.reason, "release", got, c.want)
		})
	}
}

func TestWatched(t *testing.T) {
	ago := func(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }
	cases := []struct {
		reason  string
		outages planner.Outages
		want    int
	}{
		{"all the time", nil, 60},
		{"since a moment", planner.Outages{{Until: ago(10)}}, 10},
		{"but for two gaps", planner.Outages{{From: ago(30), Until: ago(25)}, {From: ago(50), Until: ago(45)}}, 50},
		{"gaps that overlap count once", planner.Outages{{From: ago(40), Until: ago(20)}, {From: ago(30), Until: ago(10)}}, 30},
		{"gaps before it count not at all", planner.Outages{{From: ago(90), Until: ago(70)}}, 60},
		{"a gap that lasts", planner.Outages{{From: ago(20), Until: now.Add(time.Hour)}}, 40},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			diff(t, c.reason, "watched", c.outages.Watched(ago(60), now), time.Duration(c.want)*time.Minute)
		})
	}
}

func TestRestartsDoNotKeepAMemberFromFailing(t *testing.T) {
	in := world(waves(wave("all")), member("a", prod(unhealthy(target, 40*time.Minute), moved("all", 40*time.Minute))))
	in.Outages = planner.Outages{{From: now.Add(-15 * time.Minute), Until: now.Add(-10 * time.Minute)}}
	diff(t, "what was watched before the restart counts", "moves", moves(planner.Plan(in)), []string{"a/prod Return 2.4.1 wave all"})
}
