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
	moved := planner.Watch{Since: many.Outages[0].Until, Until: now.Add(time.Hour), Outages: append(many.Outages[1:50:50], gap(0, time.Hour))}
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
		{"so many are kept", many, now.Add(time.Hour), moved},
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
