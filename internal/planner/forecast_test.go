package planner_test

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// table of an outlook, for people.
func table(o planner.ForecastResult) string {
	var out strings.Builder
	when := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return at.UTC().Format("Mon 02 Jan 15:04")
	}
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "WHEN\tMUNICIPALITY\tENVIRONMENT\tWAVE\tWHY NOT\tIN WORDS")
	for _, v := range o.Visits {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", when(v.At), v.Municipality, v.Environment, v.Wave, v.Reason, v.Message)
	}
	_ = w.Flush()
	for _, a := range o.Approvals {
		_, _ = fmt.Fprintf(&out, "approval of wave %s: from %s\n", a.Wave, when(a.At))
	}
	_, _ = fmt.Fprintf(&out, "completed: %s\nnext: %s\n", when(o.CompletedAt), o.Next)
	lines := strings.Split(out.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestForecast(t *testing.T) {
	all := []change{
		strategy(v1alpha1.RolloutStrategy{
			Waves: []v1alpha1.Wave{
				{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"vinje"}}, Soak: lasting(24 * time.Hour)},
				{Name: "everyone", MaxConcurrent: number(2), RequireApproval: new(true)},
			},
			Windows: []v1alpha1.Window{{Schedule: "0 8 * * 1-4", Duration: *lasting(6 * time.Hour)}},
		}),
		member("vinje", test(has(before)), prod(has(before))),
		member("tokke", test(has(before)), prod(has(before))),
		member("siljan", prod(has(before))),
		member("seljord", prod(has(before))),
		member("skien", prod(has(target))),
		member("fyresdal", prod()),
		member("nome", prod(has(before), excused("Held", "held at 2.4.1 until 2027-01-10T00:00:00Z: year-end closing"))),
		member("kviteseid", suspended),
		member("nissedal", prod(away(v1alpha1.ReasonEnvironmentNotReady, "environment prod is not ready"))),
	}
	cases := []struct {
		file   string
		world  []change
		assume planner.Assumptions
		days   int
	}{
		{"forecast-approved", all, planner.Assumptions{Approved: true}, 30},
		{"forecast-waits-for-approval", all, planner.Assumptions{}, 30},
		{"forecast-cut-short", all, planner.Assumptions{Approved: true, Install: time.Hour}, 3},
		{"forecast-halted", append(all[:len(all):len(all)], nobody, member("vinje", returned("pilot")), member("tokke")), planner.Assumptions{Approved: true}, 30},
		{"forecast-paused", append(all[:len(all):len(all)], gates(planner.Gates{Paused: "Network digi-tv is paused (spec.pause)"})), planner.Assumptions{Approved: true}, 30},
		{"forecast-under-way", []change{
			member("vinje", prod(unhealthy(target, 20*time.Minute), moved("pilot", 25*time.Minute))), member("tokke"), member("siljan"),
		}, planner.Assumptions{}, 30},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			in := world(c.world...)
			kept := in.Rollout.DeepCopy()
			until := now.Add(time.Duration(c.days) * 24 * time.Hour)
			got := planner.Forecast(in, c.assume, until)
			golden(t, c.file+".txt", table(got))
			diff(t, "what was observed is not changed", "rollout", in.Rollout, kept)
			diff(t, "the same again gives the same", "outlook", table(planner.Forecast(in, c.assume, until)), table(got))
			for _, v := range got.Visits {
				if v.At.After(until) {
					t.Errorf("%s is asked at %s, after what was to be looked at", v.Municipality, v.At)
				}
			}
		})
	}
}

// TestForecastEnds plays a country forward, one by one, which takes as many steps as there are.
func TestForecastEnds(t *testing.T) {
	in := world(waves(v1alpha1.Wave{Name: "all", MaxConcurrent: number(1)}))
	for i := range 357 {
		member(fmt.Sprintf("m%03d", i), test(has(before)), prod(has(before)))(&in)
	}
	got := planner.Forecast(in, planner.Assumptions{}, now.AddDate(1, 0, 0))
	want := now.Add(357 * 2 * (planner.DefaultInstall + planner.DefaultSoak))
	diff(t, "each takes two installs and two soaks", "completedAt", got.CompletedAt, want)
	diff(t, "the last in the row is the last by name", "last visit", got.Visits[len(got.Visits)-1].Municipality, "m356")
}

func TestForecastTakesForGrantedThatAllGoesWell(t *testing.T) {
	cases := []struct {
		reason  string
		world   []change
		install time.Duration
		want    time.Time
	}{
		{
			"an install that takes longer than the deadline is no failure",
			[]change{waves(v1alpha1.Wave{Name: "all", ProgressDeadline: lasting(time.Minute)}), member("vinje", prod(unseen(target), moved("all", 30*time.Second)))},
			10 * time.Minute, now.Add(10*time.Minute + planner.DefaultSoak),
		},
		{
			"what is on its way has as long as what sets out",
			[]change{waves(wave("all")), member("vinje", prod(unseen(target), moved("all", 29*time.Minute)))},
			10 * time.Minute, now.Add(10*time.Minute + planner.DefaultSoak),
		},
		{
			"what failed has failed",
			[]change{waves(wave("all")), member("vinje", prod(unhealthy(target, time.Hour), moved("all", 2*time.Hour), outcome(v1alpha1.OutcomeStuck, "stays"))), member("tokke")},
			0, time.Time{},
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			got := planner.Forecast(world(c.world...), planner.Assumptions{Install: c.install}, now.AddDate(0, 1, 0))
			diff(t, c.reason, "completedAt", got.CompletedAt, c.want)
		})
	}
}
