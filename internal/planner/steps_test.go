package planner_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

func TestTakeBack(t *testing.T) {
	// late was moved an hour ago and never came up.
	late := func(details ...func(*planner.MemberPlace)) func(*planner.Member) {
		return prod(append([]func(*planner.MemberPlace){unhealthy(target, time.Hour), moved("all", time.Hour)}, details...)...)
	}
	cases := []struct {
		reason  string
		world   []change
		moves   []string
		message string
	}{
		{"back to what was verified", []change{member("vinje", late())}, []string{"vinje/prod Return 2.4.1 wave all"}, "returned to 2.4.1, as 2.5.0 failed: prod was not healthy by 2026-11-22T11:30:00Z: Deployment web: 0/1 ready"},
		{"with nothing verified before, it stays and says so", []change{member("vinje", late(never))}, []string{"vinje/prod Hold 2.5.0 wave all"}, "it stays as it is, as no version was verified here before"},
		{
			"the version before is gone from the catalogue",
			[]change{member("vinje", late()), func(in *planner.Input) { in.Releases = map[v1alpha1.Release]planner.Availability{} }},
			[]string{"vinje/prod Hold 2.5.0 wave all"}, "the version before, 2.4.1, is no longer in the catalogue",
		},
		{
			"it had this version before the rollout: there is nothing to go back to",
			[]change{member("vinje", prod(unhealthy(target, 2*time.Hour)))},
			[]string{"vinje/prod Hold 2.5.0"}, "no version was verified here before",
		},
		{
			"this version is what was verified last",
			[]change{member("vinje", late(func(p *planner.MemberPlace) { p.Installed.LastVerified = &target }))},
			[]string{"vinje/prod Hold 2.5.0 wave all"}, "it is the version that was verified here last",
		},
		{"once, and then it holds", []change{member("vinje", late(outcome(v1alpha1.OutcomeStuck, "stays")))}, nil, ""},
		{"not again after it went back", []change{member("vinje", returned("all"))}, nil, ""},
		{"a hold of the municipality is respected", []change{member("vinje", late(excused("Held", "we look into it")))}, nil, ""},
		{"its other stage, which is healthy, goes back with it", []change{member("vinje", test(healthy(target, 2*time.Hour), moved("all", 3*time.Hour)), late())}, []string{"vinje/prod Return 2.4.1 wave all", "vinje/test Return 2.4.1 wave all"}, "returned to"},
		{
			"a stage that holds stays, and the other goes back",
			[]change{member("vinje", test(healthy(target, 2*time.Hour), moved("all", 3*time.Hour), excused("Held", "a")), late())},
			[]string{"vinje/prod Return 2.4.1 wave all"}, "returned to",
		},
		{"its stage to come is not touched", []change{member("vinje", test(unhealthy(target, time.Hour), moved("all", time.Hour)), prod(has(before)))}, []string{"vinje/test Return 2.4.1 wave all"}, "returned to"},
		{"one that left the budget behind goes back although the rollout has halted", []change{member("siljan", returned("all")), member("vinje", late())}, []string{"vinje/prod Return 2.4.1 wave all"}, "returned to"},
		{
			"the operator was killed after the first of two: the second follows",
			[]change{member("vinje", test(has(before), moved("all", 3*time.Hour), outcome(v1alpha1.OutcomeReturned, "went back")), late())},
			[]string{"vinje/prod Return 2.4.1 wave all"}, "returned to 2.4.1, as 2.5.0 failed: test failed before",
		},
		{
			"what recovered after it could not go back is let be",
			[]change{member("vinje", test(healthy(target, 2*time.Hour), moved("all", 3*time.Hour), outcome(v1alpha1.OutcomeStuck, "stays")), late())},
			[]string{"vinje/prod Return 2.4.1 wave all"}, "returned to",
		},
		{
			"a suspended municipality is let be, also where one place went back before",
			[]change{member("vinje", suspended, test(has(before), moved("all", 3*time.Hour), outcome(v1alpha1.OutcomeReturned, "went back")), late())}, nil, "",
		},
		{"a suspended municipality is let be", []change{member("vinje", suspended, late())}, nil, ""},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(append([]change{waves(wave("all"))}, c.world...)...))
			diff(t, c.reason, "moves", moves(step), c.moves)
			if len(step.Moves) > 0 {
				mentions(t, c.reason, step.Moves[0].Stamp.Message, c.message)
			}
		})
	}
}

func TestStampOfAReturn(t *testing.T) {
	in := world(waves(wave("all")), member("vinje", prod(unhealthy(target, time.Hour), moved("all", time.Hour))))
	got := planner.Plan(in).Moves[0].Stamp
	got.Message = ""
	diff(t, "it has the wave, what came of it and when", "stamp", got, planner.Stamp{
		Name: rolloutName, Wave: "all", MovedAt: metav1.NewTime(now), Verified: &before, Outcome: v1alpha1.OutcomeReturned,
	})
	in = world(waves(wave("all")), member("vinje", prod(unhealthy(target, time.Hour), moved("all", time.Hour), never)))
	got = planner.Plan(in).Moves[0].Stamp
	got.Message = ""
	diff(t, "one that stays was not moved again", "stamp", got, planner.Stamp{
		Name: rolloutName, Wave: "all", MovedAt: *at(-time.Hour), Outcome: v1alpha1.OutcomeStuck,
	})
}

func TestAdvance(t *testing.T) {
	at2 := wave("all")
	at2.MaxConcurrent = number(2)
	cases := []struct {
		reason string
		world  []change
		moves  []string
	}{
		{"as many as may at once", []change{waves(at2), member("a"), member("b"), member("c")}, []string{"a/prod Advance 2.5.0 wave all", "b/prod Advance 2.5.0 wave all"}},
		{"those on their way count", []change{waves(at2), member("a"), member("b", prod(unseen(target), moved("all", time.Minute))), member("c")}, []string{"a/prod Advance 2.5.0 wave all"}},
		{"those that soak count", []change{waves(at2), member("a"), member("b", prod(healthy(target, time.Minute), moved("all", time.Hour))), member("c")}, []string{"a/prod Advance 2.5.0 wave all"}},
		{"those that are verified do not", []change{waves(at2), member("a"), member("b", verified("all")), member("c")}, []string{"a/prod Advance 2.5.0 wave all", "c/prod Advance 2.5.0 wave all"}},
		{"a quarter where nobody says, and at least one", []change{waves(wave("all")), member("a"), member("b"), member("c")}, []string{"a/prod Advance 2.5.0 wave all"}},
		{"the next wave waits for the one before", []change{waves(wave("one", "b"), wave("two")), member("a"), member("b")}, []string{"b/prod Advance 2.5.0 wave one"}},
		{"and begins when that is done", []change{waves(wave("one", "b"), wave("two")), member("a"), member("b", verified("one"))}, []string{"a/prod Advance 2.5.0 wave two"}},
		{"the stages in their order, one after the other", []change{waves(wave("all")), member("a", prod(has(before)), test(has(before)), dev(has(before)))}, []string{"a/dev Advance 2.5.0 wave all"}},
		{"the next stage when the one before has soaked", []change{waves(wave("all")), member("a", prod(has(before)), test(has(before)), dev(healthy(target, time.Hour), moved("all", 2*time.Hour)))}, []string{"a/test Advance 2.5.0 wave all"}},
		{"and not before", []change{waves(wave("all")), member("a", prod(has(before)), dev(healthy(target, 59*time.Minute), moved("all", 2*time.Hour)))}, nil},
		{"environments of one stage together", []change{waves(wave("all")), member("a", test(has(before)), in("qa", v1alpha1.StageTest, nil), prod(has(before)))}, []string{"a/qa Advance 2.5.0 wave all", "a/test Advance 2.5.0 wave all"}},
		{"a stage that is excused is passed by", []change{waves(wave("all")), member("a", test(has(before), excused("Held", "x")), prod(has(before)))}, []string{"a/prod Advance 2.5.0 wave all"}},
		{"a stage that is away is not", []change{waves(wave("all")), member("a", test(away(v1alpha1.ReasonEnvironmentNotReady, "x")), prod(has(before)))}, nil},
		{"who holds is not moved", []change{waves(wave("all")), member("a", prod(has(before), excused("Held", "x")))}, nil},
		{"nobody outside its own windows", []change{waves(wave("all")), member("a", weekdays, prod(has(before))), member("b")}, []string{"b/prod Advance 2.5.0 wave all"}},
		{"who failed holds", []change{waves(at2), member("a", returned("all")), member("b")}, nil},
		{"a failure within the budget stops nobody else", []change{waves(v1alpha1.Wave{Name: "all", MaxFailures: number(1)}), member("a", returned("all")), member("b")}, []string{"b/prod Advance 2.5.0 wave all"}},
		{"a halt stops the next stage too", []change{waves(at2), member("a", returned("all")), member("b", test(healthy(target, time.Hour), moved("all", 2*time.Hour)), prod(has(before)))}, nil},
		{
			"a halt in one wave stops the others",
			[]change{waves(wave("one", "a"), wave("two")), done("one"), member("a", returned("one")), member("b")}, nil,
		},
		{"who has the version in part takes its turn", []change{waves(wave("one", "b"), wave("two")), member("a", test(has(target)), prod(has(before))), member("b")}, []string{"b/prod Advance 2.5.0 wave one"}},
		{
			"one that was away and goes on waits for its place among those that move",
			[]change{waves(v1alpha1.Wave{Name: "all", MaxConcurrent: number(1)}), member("a", prod(unseen(target), moved("all", time.Minute))), member("b", test(healthy(target, time.Hour), moved("all", 5*time.Hour)), prod(has(before)))},
			nil,
		},
		{
			"and two that go on take turns",
			[]change{
				waves(v1alpha1.Wave{Name: "all", MaxConcurrent: number(1)}),
				member("a", test(healthy(target, time.Hour), moved("all", 5*time.Hour)), prod(has(before))),
				member("b", test(healthy(target, time.Hour), moved("all", 5*time.Hour)), prod(has(before))),
			},
			[]string{"a/prod Advance 2.5.0 wave all"},
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			diff(t, c.reason, "moves", moves(planner.Plan(world(c.world...))), c.moves)
		})
	}
}

func TestStampOfAnAdvance(t *testing.T) {
	verified := &v1alpha1.Release{Version: "2.3.0", Digest: "sha256:23"}
	earlier := func(p *planner.MemberPlace) {
		p.Installed.Stamp, p.Installed.LastVerified = &planner.Stamp{Name: "digi-tv.svarut.2.4.1.1", Wave: "all"}, verified
		p.Installed.LastVerifiedBy = v1alpha1.Bringer{Network: "digi-old"}
	}
	by := func(network string) func(*planner.MemberPlace) {
		return func(p *planner.MemberPlace) { p.Installed.BroughtBy = v1alpha1.Bringer{Network: network} }
	}
	strange := v1alpha1.Release{Version: "2.4.9", Digest: "sha256:249"}
	cases := []struct {
		reason string
		place  []func(*planner.MemberPlace)
		want   *v1alpha1.Release
		// by is who brought it.
		by string
	}{
		{"what has soaked is verified", []func(*planner.MemberPlace){has(strange), by("digi-old")}, &strange, "digi-old"},
		{"what has not soaked is so if the group completed it", []func(*planner.MemberPlace){healthy(before, time.Minute), by("digi-tv")}, &before, "digi-tv"},
		{"what has not soaked, and was not completed, is not", []func(*planner.MemberPlace){healthy(strange, time.Minute), by("digi-tv")}, nil, ""},
		{"what is unhealthy is not: the one before it is, and who brought that is not forgotten", []func(*planner.MemberPlace){unhealthy(before, time.Minute), earlier, by("digi-tv")}, verified, "digi-old"},
		{"where nothing is installed, nothing is", nil, nil, ""},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(waves(wave("all")), member("vinje", prod(c.place...))))
			diff(t, c.reason, "stamp", step.Moves[0].Stamp, planner.Stamp{
				Name: rolloutName, Network: "digi-tv", Attempt: 1, Target: target, Wave: "all", MovedAt: metav1.NewTime(now),
				Verified: c.want, VerifiedBy: v1alpha1.Bringer{Network: c.by},
			})
		})
	}
}

// TestRecordBringsNothing holds who only found a release, which failed, to what it may say of it: another
// brought it, and may move it back.
func TestRecordBringsNothing(t *testing.T) {
	by := v1alpha1.Bringer{Network: "digi-old"}
	brought := func(p *planner.MemberPlace) { p.Installed.BroughtBy = by }
	cases := []struct {
		reason string
		place  func(*planner.Member)
		want   *v1alpha1.Bringer
	}{
		{"it was there before this rollout", prod(unhealthy(target, 2*time.Hour), brought), &by},
		{"a municipality brought it", prod(unhealthy(target, 2*time.Hour)), &v1alpha1.Bringer{}},
		{"this rollout brought it", prod(unhealthy(target, 2*time.Hour), moved("all", 2*time.Hour), never, brought), nil},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(waves(wave("all")), member("vinje", c.place)))
			diff(t, c.reason, "who brought it", step.Moves[0].Stamp.FoundFrom, c.want)

			written := &v1alpha1.AppInstallation{}
			step.Moves[0].Stamp.WriteTo(written)
			diff(t, c.reason, "what is written", planner.StampOf(written).FoundFrom, c.want)
			if c.want != nil {
				diff(t, c.reason, "what is read of it", written.Spec.BroughtBy(), *c.want)
			}
		})
	}
}

func TestCatchUp(t *testing.T) {
	two := waves(wave("one", "a"), wave("two"))
	onTheWay := member("a", prod(unseen(target), moved("one", time.Minute)))
	cases := []struct {
		reason string
		world  []change
		moves  []string
	}{
		{"a joiner whose wave has not come gets what was completed", []change{two, onTheWay, member("b", prod())}, []string{"b/prod CatchUp 2.4.1"}},
		{"a joiner whose wave is open gets the new one", []change{two, member("a", prod())}, []string{"a/prod Advance 2.5.0 wave one"}},
		{"a joiner of a wave that is done gets the new one", []change{two, done("one"), member("a", prod()), member("b", verified("two"))}, []string{"a/prod Advance 2.5.0 wave one"}},
		{"a joiner of a completed rollout gets the new one", []change{two, completed, done("one", "two"), member("b", prod())}, []string{"b/prod Advance 2.5.0 wave two"}},
		{"who waits for a place in its open wave waits for the new one", []change{waves(v1alpha1.Wave{Name: "one", MaxConcurrent: number(1)}), member("a", prod(unseen(target), moved("one", time.Minute))), member("b", prod())}, nil},
		{"who has any version waits", []change{two, onTheWay, member("b", prod(unhealthy(v1alpha1.Release{Version: "1.0.0", Digest: "sha256:1"}, time.Hour)))}, nil},
		{"stage by stage: test first", []change{two, onTheWay, member("b", test(), prod())}, []string{"b/test CatchUp 2.4.1"}},
		{"stage by stage: prod waits until test is healthy", []change{two, onTheWay, member("b", test(unhealthy(before, time.Minute)), prod())}, nil},
		{"stage by stage: then prod", []change{two, onTheWay, member("b", test(healthy(before, 0)), prod())}, []string{"b/prod CatchUp 2.4.1"}},
		{"a first introduction has nothing to catch up with", []change{two, onTheWay, member("b", prod()), func(in *planner.Input) { in.Rollout.Spec.Completed = nil }}, nil},
		{"what was completed is withdrawn", []change{two, onTheWay, member("b", prod()), func(in *planner.Input) { delete(in.Releases, before) }}, nil},
		{"what was completed is what is brought", []change{two, onTheWay, member("b", prod()), func(in *planner.Input) { in.Rollout.Spec.Completed = &target }}, nil},
		{"not outside the joiner's own windows", []change{two, onTheWay, member("b", weekdays, prod())}, nil},
		{"not before the joiner's freeze ends", []change{two, onTheWay, member("b", shortly, prod())}, nil},
		{"not what the joiner lacks an app for", []change{two, onTheWay, member("b", test(barred(before.Version)), prod())}, nil},
		{"but what it can have", []change{two, onTheWay, member("b", prod(barred("1.0.0")))}, []string{"b/prod CatchUp 2.4.1"}},
		{"not where the joiner declines", []change{two, onTheWay, member("b", prod(excused("Declined", "no")))}, nil},
		{"also while the rollout is halted", []change{two, member("a", returned("one")), member("b", prod())}, []string{"b/prod CatchUp 2.4.1"}},
		{"a joiner that caught up takes its wave", []change{waves(wave("all")), member("b", prod(healthy(before, time.Minute), moved("", time.Hour), never))}, []string{"b/prod Advance 2.5.0 wave all"}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			diff(t, c.reason, "moves", moves(planner.Plan(world(c.world...))), c.moves)
		})
	}
}
