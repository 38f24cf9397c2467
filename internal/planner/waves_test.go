package planner_test

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

func TestWhoIsInWhichWave(t *testing.T) {
	county := v1alpha1.Wave{Name: "county", Members: &v1alpha1.WaveMembers{
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"county": "40"}},
	}}
	empty := v1alpha1.Wave{Name: "empty", Members: &v1alpha1.WaveMembers{Selector: &metav1.LabelSelector{}}}
	cases := []struct {
		reason string
		waves  []v1alpha1.Wave
		member change
		want   string
	}{
		{"by name", []v1alpha1.Wave{wave("pilot", "vinje"), wave("rest")}, member("vinje"), "pilot"},
		{"by selector", []v1alpha1.Wave{county, wave("rest")}, member("vinje", labelled("county", "40"), prod(has(before))), "county"},
		{"the first wave that matches wins", []v1alpha1.Wave{wave("pilot", "vinje"), county, wave("rest")}, member("vinje", labelled("county", "40")), "pilot"},
		{"the last wave takes whom no other does", []v1alpha1.Wave{wave("pilot", "tokke"), wave("rest")}, member("vinje"), "rest"},
		{"nobody is dropped, also where the last wave names others", []v1alpha1.Wave{wave("pilot", "tokke"), wave("rest", "siljan")}, member("vinje"), "rest"},
		{"an empty selector picks nobody", []v1alpha1.Wave{wave("pilot", "tokke"), empty, wave("rest")}, member("vinje", labelled("county", "40")), "rest"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			tokke := member("tokke", labelled("county", "46"), prod(has(before)))
			if c.want != "rest" {
				tokke = func(*planner.Input) {}
			}
			step := planner.Plan(world(waves(c.waves...), c.member, tokke))
			diff(t, c.reason, "members of wave "+c.want, waveIn(t, step, c.want).Members, int32(1))
		})
	}
}

func TestDefaultPilot(t *testing.T) {
	cases := []struct {
		reason string
		world  []change
		pilots int32
		moves  []string
	}{
		{"the first by name", []change{member("vinje"), member("tokke"), member("siljan")}, 1, []string{"siljan/prod Advance 2.5.0 wave pilot"}},
		{
			"one that is excused is passed over",
			[]change{member("siljan", prod(has(before), excused("Held", "year-end"))), member("tokke"), member("vinje")},
			1, []string{"tokke/prod Advance 2.5.0 wave pilot"},
		},
		{
			"one that is away is passed over",
			[]change{member("siljan", prod(has(before), away(v1alpha1.ReasonEnvironmentNotReady, "not ready"))), member("tokke")},
			1, []string{"tokke/prod Advance 2.5.0 wave pilot"},
		},
		{"one that is outside its windows is passed over", []change{member("siljan", weekdays, prod(has(before))), member("tokke")}, 1, []string{"tokke/prod Advance 2.5.0 wave pilot"}},
		{"one that is suspended is passed over", []change{member("siljan", suspended), member("tokke")}, 1, []string{"tokke/prod Advance 2.5.0 wave pilot"}},
		{"who has the version already is the pilot", []change{member("siljan"), member("tokke", prod(healthy(target, time.Minute)))}, 1, nil},
		{
			"who was moved as pilot stays so, whatever its name",
			[]change{member("siljan"), member("tokke", prod(unseen(target), moved("pilot", time.Minute)))},
			1, nil,
		},
		{
			"a pilot that holds afterwards is one still, and the next by name is another",
			[]change{member("siljan"), member("tokke", prod(unseen(target), moved("pilot", time.Minute), excused("Held", "trouble")))},
			2, []string{"siljan/prod Advance 2.5.0 wave pilot"},
		},
		{"who was moved in a wave of another strategy is as good a pilot", []change{member("siljan"), member("tokke", verified("everyone"))}, 1, []string{"siljan/prod Advance 2.5.0 wave everyone"}},
		{"a pilot that failed is not followed by another", []change{member("siljan"), member("tokke", returned("pilot"))}, 1, nil},
		{
			"where nobody may move yet, the first by name is waited for, and nobody else goes first",
			[]change{member("siljan", weekdays, prod(has(before))), member("tokke", weekdays, prod(has(before)))},
			1, nil,
		},
		{
			"where everybody is excused there is no pilot, and the wave is not done for want of one",
			[]change{member("siljan", prod(has(before), excused("Held", "a"))), member("tokke", prod(has(before), excused("Held", "b")))},
			0, nil,
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(c.world...))
			pilot := waveIn(t, step, "pilot")
			diff(t, c.reason, "pilots", pilot.Members, c.pilots)
			diff(t, c.reason, "moves", moves(step), c.moves)
			if pilot.CompletedAt != nil && pilot.Verified == 0 {
				t.Errorf("%s: the pilot wave is done, and nobody was the pilot", c.reason)
			}
		})
	}
}

// TestStandIn has a first wave of siljan, and then everyone.
func TestStandIn(t *testing.T) {
	pending := away(v1alpha1.ReasonEnvironmentNotReady, "not ready")
	noted := func(since time.Duration) change {
		return func(in *planner.Input) {
			in.Rollout.Status.Memory = []v1alpha1.MemberMemory{{Name: "siljan", Reason: v1alpha1.ReasonEnvironmentNotReady, Since: at(-since)}}
		}
	}
	tokke := "tokke/prod Advance 2.5.0 wave first"
	cases := []struct {
		reason string
		world  []change
		moves  []string
	}{
		{"who is named goes first", []change{member("siljan"), member("tokke")}, []string{"siljan/prod Advance 2.5.0 wave first"}},
		{"nobody goes by the name", []change{member("tokke"), member("vinje")}, []string{tokke}},
		{"it holds", []change{member("siljan", prod(has(before), excused("Held", "year-end"))), member("tokke"), member("vinje")}, []string{tokke}},
		{"it is suspended", []change{member("siljan", suspended), member("tokke"), member("vinje")}, []string{tokke}},
		{"it failed: that is for a person", []change{member("siljan", returned("first")), member("tokke")}, nil},
		{"it is away, just now: it is waited for", []change{member("siljan", prod(has(before), pending)), member("tokke")}, nil},
		{"it has been away for less than the deadline", []change{member("siljan", prod(has(before), pending)), member("tokke"), noted(29 * time.Minute)}, nil},
		{"it has been away for longer", []change{member("siljan", prod(has(before), pending)), member("tokke"), noted(30 * time.Minute)}, []string{tokke}},
		{"its windows open again: it is waited for", []change{member("siljan", weekdays, prod(has(before))), member("tokke"), noted(24 * time.Hour)}, nil},
		{"who stood in stays so", []change{member("siljan", suspended), member("tokke"), member("vinje", prod(unseen(target), moved("first", time.Minute)))}, nil},
		{
			"it was verified: the next wave follows",
			[]change{member("siljan", prod(healthy(target, 2*time.Hour), moved("first", 3*time.Hour))), member("tokke")},
			[]string{"tokke/prod Advance 2.5.0 wave everyone"},
		},
		{
			"somebody is on its way in a later wave: it is verified there before anybody goes first",
			[]change{member("siljan", suspended), member("tokke"), member("vinje", prod(unseen(target), moved("everyone", time.Minute)))},
			nil,
		},
		{
			"it failed there: somebody else goes first",
			[]change{member("siljan", suspended), member("tokke"), member("vinje", returned("everyone")), func(in *planner.Input) {
				in.Strategy.Waves, _ = planner.CompileWaves([]v1alpha1.Wave{wave("first", "siljan"), {Name: "everyone", MaxFailures: number(1)}})
			}},
			[]string{tokke},
		},
		{
			"it is verified there: it goes first, and the next wave follows",
			[]change{member("siljan", suspended), member("tokke"), member("vinje", verified("everyone"))},
			[]string{"tokke/prod Advance 2.5.0 wave everyone"},
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(append([]change{waves(wave("first", "siljan"), wave("everyone"))}, c.world...)...)
			diff(t, c.reason, "moves", moves(planner.Plan(in)), c.moves)
		})
	}
}

// TestWhoStoodInStaysNamed has a first wave whose member is gone. Kviteseid had the version and stood in, as
// siljan and tokke, who had gone first by then, were away.
func TestWhoStoodInStaysNamed(t *testing.T) {
	in := world(waves(wave("first", "gone"), wave("everyone")), done("first"),
		member("kviteseid", prod(has(target))), member("siljan", prod(healthy(target, time.Minute), moved("first", time.Hour))),
		member("tokke", prod(healthy(target, time.Minute), moved("first", time.Hour))), member("vinje"))
	in.Rollout.Status.Waves[0].StandIn = "kviteseid"

	for range 2 {
		in.Rollout.Status = planner.Plan(in).Status
		diff(t, "nothing but its name in the status says that kviteseid went first", "stand-in", in.Rollout.Status.Waves[0].StandIn, "kviteseid")
		diff(t, "it stays in the first wave", "members", in.Rollout.Status.Waves[0].Members, int32(3))
	}
}

// TestWhoWentLaterIsWaitedFor has a first wave of nobody, which came since vinje began in a later one, or whose end
// nobody knows of any longer: vinje soaks by the measure of its own wave, and then by that of the first.
func TestWhoWentLaterIsWaitedFor(t *testing.T) {
	long := wave("first", "gone")
	long.Soak = lasting(3 * time.Hour)
	gate := wave("second", "vinje")
	gate.RequireApproval = new(true)
	inTest := member("vinje", test(healthy(target, 2*time.Hour), moved("second", 3*time.Hour)), prod(has(before)))
	stuck := func(p *planner.MemberPlace) {
		outcome(v1alpha1.OutcomeStuck, "stays")(p)
		p.Installed.Stamp.Target = target
	}
	began := func(in *planner.Input) { in.Rollout.Status.StartedAt = at(-3 * time.Hour) }
	cases := []struct {
		reason string
		world  []change
		moves  []string
		next   string
	}{
		{"it goes on in its own wave", []change{waves(long, wave("second", "vinje"), wave("third")), inTest}, []string{"vinje/prod Advance 2.5.0 wave second"}, "wave second: 0/1 verified, 1 on the way"},
		{"also where the status knows that it began", []change{waves(long, wave("second", "vinje"), wave("third")), inTest, began}, []string{"vinje/prod Advance 2.5.0 wave second"}, "wave second: 0/1 verified, 1 on the way"},
		{"then in the first", []change{waves(long, wave("second", "vinje"), wave("third")), member("vinje", verified("second"))}, nil, "wave first: 0/1 verified, 1 on the way"},
		{
			"who could not return and recovered has not by the soak of the first: who is on its way is waited for",
			[]change{
				waves(long, wave("second", "vinje"), wave("third")), done("second"), member("vinje", prod(healthy(target, 2*time.Hour), moved("second", 3*time.Hour), stuck)),
				member("siljan", prod(unseen(target), moved("third", time.Minute))),
			},
			nil, "wave third: 0/2 verified, 1 on the way",
		},
		{"what it waits for is named", []change{waves(long, gate, wave("third")), inTest}, nil, "waits: approval of wave second"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(append(c.world, member("tokke"))...))
			diff(t, c.reason, "moves", moves(step), c.moves)
			mentions(t, c.reason, step.Status.Next, c.next)
			diff(t, c.reason, "the first wave is not done", waveIn(t, step, "first").CompletedAt, (*metav1.Time)(nil))
		})
	}
}

func TestStandInComesWhenPatienceEnds(t *testing.T) {
	in := world(waves(wave("first", "siljan"), wave("everyone")), member("siljan", prod(has(before), away(v1alpha1.ReasonEnvironmentNotReady, "not ready"))), member("tokke"))
	step := planner.Plan(in)
	diff(t, "it is looked at again", "again", step.Again, now.Add(planner.DefaultProgressDeadline))
	in.Rollout.Status, in.Now = step.Status, step.Again
	diff(t, "the status remembers since when", "moves", moves(planner.Plan(in)), []string{"tokke/prod Advance 2.5.0 wave first"})
}

func TestPilotThatIsWaitedForGoesFirst(t *testing.T) {
	in := world(member("siljan", shortly, prod(has(before))), member("tokke", shortly, prod(has(before))))
	in.Rollout.Status = planner.Plan(in).Status
	in.Now = now.Add(10 * time.Minute)
	diff(t, "when the freeze ends, one goes and not both", "moves", moves(planner.Plan(in)), []string{"siljan/prod Advance 2.5.0 wave pilot"})
}

func TestDoneStaysDone(t *testing.T) {
	ten := v1alpha1.Wave{Name: "one", MaxFailures: percent("10%")}
	in := world(waves(ten), done("one"))
	for i := range 19 { // one left since, and 10% of 19 are 1
		kind := verified("one")
		if i < 2 {
			kind = prod(has(before), moved("one", 40*time.Minute), outcome(v1alpha1.OutcomeReturned, "returned"))
		}
		member("m"+string(rune('a'+i)), kind)(&in)
	}
	diff(t, "a healthy member leaves", "state", waveIn(t, planner.Plan(in), "one").State, v1alpha1.WaveDone)

	in.Rollout.Status = planner.Plan(in).Status
	in.Strategy.Waves[0].Name = "renamed"
	step := planner.Plan(in)
	diff(t, "and the wave is renamed at the same time", "state", waveIn(t, step, "renamed").State, v1alpha1.WaveDone)
	in.Rollout.Status = step.Status
	declined := func(in *planner.Input) {
		in.Members[0].Places[0].Installed, in.Members[0].Places[0].Excuse = nil, planner.Excuse{Reason: "Declined"}
	}
	declined(&in)
	member("joins", prod(has(before)))(&in)
	in.Strategy.Waves[0].Name = "again"
	for range 2 {
		step = planner.Plan(in)
		diff(t, "one of the two declined, another joins, and the wave is renamed again", "phase", step.Status.Phase, v1alpha1.RolloutProgressing)
		in.Rollout.Status = step.Status
	}
	member("late", prod(has(before), moved("again", time.Minute), outcome(v1alpha1.OutcomeReturned, "returned")))(&in)
	diff(t, "a failure of its own halts the wave", "phase", planner.Plan(in).Status.Phase, v1alpha1.RolloutHalted)

	ill := member("a", prod(unhealthy(target, 5*time.Hour), soakedOnce(2*time.Hour), moved("one", 9*time.Hour)))
	in = world(waves(wave("one"), wave("two")), done("one"), ill, member("b", verified("two")))
	in.Rollout.Status = planner.Plan(in).Status
	waves(wave("renamed"), wave("two"))(&in)
	step = planner.Plan(in)
	diff(t, "a done wave is renamed: nobody is sent back for a fault of today", "moves", moves(step), []string(nil))
	in.Rollout.Status = step.Status
	diff(t, "nor at the plan after that", "moves", moves(planner.Plan(in)), []string(nil))
	waves(wave("one"), wave("two"))(&in)
	step = planner.Plan(in)
	diff(t, "it has its old name again: nor then", "moves", moves(step), []string(nil))
	diff(t, "it is done as before", "state", waveIn(t, step, "one").State, v1alpha1.WaveDone)

	twoPlaces := member("a", test(unhealthy(target, 2*time.Hour), moved("one", 9*time.Hour)), prod(unhealthy(target, 2*time.Hour), moved("one", 10*time.Minute)))
	in = world(waves(wave("one")), done("one"), completed, twoPlaces)
	in.Members[0].Places[1].Installed.UnhealthySince = now.Add(-2 * time.Hour)
	in.Now = now.Add(30 * time.Minute)
	diff(t, "a place that came later fails, and those that were done stay", "moves", moves(planner.Plan(in)), []string{"a/prod Return 2.4.1 wave one"})
}

// TestWaveNow asks for the wave of vinje, which was moved in one wave in test, and in another in production.
func TestWaveNow(t *testing.T) {
	all := []v1alpha1.Wave{wave("pilot", "tokke"), wave("second", "vinje"), wave("rest")}
	in := func(test, prod string) []string { return []string{test, prod} }
	standIn := func(r *v1alpha1.Rollout) {
		r.Status.Waves = []v1alpha1.WaveStatus{{Name: "pilot", StandIn: "vinje"}}
	}
	usual := func(*v1alpha1.Rollout) {}
	cases := []struct {
		reason string
		waves  []v1alpha1.Wave
		moved  []string
		status func(*v1alpha1.Rollout)
		want   string
	}{
		{"it was not moved: the one that names it", all, in("", ""), usual, "second"},
		{"it was moved in the first: it went first, and stays there", all, in("pilot", ""), usual, "pilot"},
		{"as it goes first in place of others", all, in("", ""), standIn, "pilot"},
		{"it was moved in a wave that names it no longer: the one that does", all, in("rest", "second"), usual, "second"},
		{"in whatever environment", all, in("second", "rest"), usual, "second"},
		{"none names it: the last", []v1alpha1.Wave{wave("pilot", "tokke"), wave("second", "seljord"), wave("rest")}, in("second", ""), usual, "rest"},
		{"it went first while the first wave had another name", []v1alpha1.Wave{wave("first", "tokke"), wave("rest")}, in("pilot", ""), standIn, "rest"},
		{"nobody knows the waves: that of the latest move", nil, in("second", "rest"), usual, "rest"},
		{"nobody knows the waves, and it was not moved", nil, in("", ""), usual, ""},
		{"nobody knows the waves, and the status names it", nil, in("rest", "rest"), standIn, "pilot"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			var known []planner.Wave
			if c.waves != nil {
				known, _ = planner.CompileWaves(c.waves)
			}
			w := world(member("vinje", test(has(target)), prod(has(target))))
			vinje, r := &w.Members[0], w.Rollout
			for i, wave := range c.moved {
				if wave != "" {
					moved(wave, time.Duration(2-i)*time.Hour)(&vinje.Places[i])
				}
			}
			c.status(r)
			diff(t, c.reason, "wave", planner.WaveNow(known, r, vinje), c.want)
			slices.Reverse(vinje.Places)
			diff(t, c.reason, "wave, of the environments in another order", planner.WaveNow(known, r, vinje), c.want)
		})
	}
}
