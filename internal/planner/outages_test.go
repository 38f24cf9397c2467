package planner_test

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/internal/planner"
)

func TestWatch(t *testing.T) {
	gap := func(from, until time.Duration) planner.Interval {
		return planner.Interval{From: now.Add(from), Until: now.Add(until)}
	}
	hour := planner.Watch{Since: now.Add(-time.Hour), Until: now}
	ago := func(d time.Duration) planner.Watch { w := hour; w.Until = now.Add(-d); return w }
	many := hour
	for i := range 50 {
		many.Outages = append(many.Outages, gap(time.Duration(i-60)*time.Minute, time.Duration(i-60)*time.Minute+40*time.Second))
	}
	joined := append(planner.Outages{gap(-60*time.Minute+20*time.Second, -59*time.Minute+40*time.Second)}, many.Outages[2:50:50]...)
	moved := planner.Watch{Since: hour.Since, Until: now.Add(time.Hour), Outages: append(joined, gap(0, time.Hour))}
	cases := []struct {
		reason string
		before planner.Watch
		at     time.Time
		want   planner.Watch
	}{
		{"nobody has looked before", planner.Watch{}, now, planner.Watch{Since: now, Until: now}},
		{"it goes on", ago(10 * time.Second), now, hour},
		{"a graceful stop and a quick start is no outage", ago(30 * time.Second), now, hour},
		{"nobody looked for a while", ago(5 * time.Minute), now, planner.Watch{Since: hour.Since, Until: now, Outages: planner.Outages{gap(-5*time.Minute, 0)}}},
		{"the clock went back a little", hour, now.Add(-10 * time.Minute), planner.Watch{Since: hour.Since, Until: now.Add(-10 * time.Minute)}},
		{"and what it read then lies ahead", planner.Watch{Since: hour.Since, Until: now, Outages: planner.Outages{gap(-50*time.Minute, -40*time.Minute), gap(-5*time.Minute, 0)}},
			now.Add(-10 * time.Minute), planner.Watch{Since: hour.Since, Until: now.Add(-10 * time.Minute), Outages: planner.Outages{gap(-50*time.Minute, -40*time.Minute)}}},
		{"to before it looked at all", hour, now.Add(-2 * time.Hour), planner.Watch{Since: now.Add(-2 * time.Hour), Until: now.Add(-2 * time.Hour)}},
		{"so many are kept: of the first two one is made, and what was watched between them was before", many, now.Add(time.Hour), moved},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) { diff(t, c.reason, "watch", c.before.At(c.at), c.want) })
	}
}

func TestWatchedOverRestarts(t *testing.T) {
	w := planner.Watch{}.At(now)
	for i := range 4 { // it runs for 25 minutes, and is away for two
		start := now.Add(time.Duration(i) * 27 * time.Minute)
		for at := start; at.Sub(start) <= 25*time.Minute; at = at.Add(10 * time.Second) {
			w = w.At(at)
		}
	}
	diff(t, "a member that is on its way meanwhile has had its 30 minutes", "watched", w.All().Watched(now, now.Add(52*time.Minute)), 50*time.Minute)
}

// TestWatchedOverManyRestarts restarts the operator every 25 minutes for weeks: what is kept of that never has more
// watched than was, so that nobody fails of whom nobody knew, and little less, so that the longest deadline passes.
func TestWatchedOverManyRestarts(t *testing.T) {
	cases := []struct {
		reason string
		runs   int
		// run is how long it looks, and gap how long nobody does then.
		run, gap func(i int) time.Duration
		// most may be lost of what was watched, in percent.
		most float64
	}{
		{"a gap of two minutes", 1500, func(int) time.Duration { return 25 * time.Minute }, func(int) time.Duration { return 2 * time.Minute }, 2},
		{"a gap as long as the run", 1500, func(int) time.Duration { return 25 * time.Minute }, func(int) time.Duration { return 25 * time.Minute }, 10},
		{"runs and gaps that differ", 1500, func(i int) time.Duration { return time.Duration(5+i*7%50) * time.Minute }, func(i int) time.Duration { return time.Duration(1+i*11%30) * time.Minute }, 10},
		{"now and then nobody looks for ten hours", 1500, func(int) time.Duration { return 25 * time.Minute }, func(i int) time.Duration {
			if i%10 == 0 {
				return 10 * time.Hour
			}
			return time.Minute
		}, 12},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			w, at := planner.Watch{}.At(now), now
			var all planner.Outages
			for i := range c.runs {
				at = at.Add(c.run(i))
				w.Until = at // it beats all the time
				all = append(all, planner.Interval{From: at, Until: at.Add(c.gap(i))})
				at = at.Add(c.gap(i))
				w = w.At(at)
			}

			at = at.Add(c.run(c.runs))
			w.Until = at
			if len(w.Outages) > 50 {
				t.Errorf("%d outages are kept", len(w.Outages))
			}
			for since := now; since.Before(at.Add(-24 * time.Hour)); since = since.Add(13 * time.Minute) {
				got, truly := w.All().Watched(since, at), all.Watched(since, at)
				if got > truly {
					t.Fatalf("since %s, which is %s ago, %s were watched, and it is taken for %s", since, at.Sub(since), truly, got)
				}
				if lost := 100 * float64(truly-got) / float64(truly); lost > c.most {
					t.Fatalf("since %s, which is %s ago, %s were watched, and it is taken for %s: %.1f %% are lost", since, at.Sub(since), truly, got, lost)
				}
			}
		})
	}
}
