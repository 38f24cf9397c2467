package pace_test

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/controllers/internal/pace"
)

var began = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// writes counts how often a count that changes all the time is written, and how old it gets.
func writes(p *pace.Pace, name string, from time.Time, lasting time.Duration) (count int, oldest time.Duration) {
	last := from
	for now := from; !now.After(from.Add(lasting)); now = now.Add(100 * time.Millisecond) {
		oldest = max(oldest, now.Sub(last))
		if p.Wait(name, now) == 0 {
			p.Wrote(name, now)
			count, last = count+1, now
		}
	}
	return count, oldest
}

func TestWritesOfABurst(t *testing.T) {
	cases := []struct {
		reason  string
		lasting time.Duration
		most    int
		oldest  time.Duration
	}{
		{"a single change is written at once", 0, 1, 0},
		{"the first seconds are seen one by one", 4 * time.Second, 5, pace.Least},
		{"half a minute costs a third of what it did", 35 * time.Second, 16, 10 * time.Second},
		{"half an hour costs three writes a minute", 30 * time.Minute, 110, pace.Most},
	}
	for _, c := range cases {
		var p pace.Pace
		count, oldest := writes(&p, "a", began, c.lasting)
		if count == 0 || count > c.most || oldest > c.oldest {
			t.Errorf("%s: written %d times and up to %s old, want at most %d and %s", c.reason, count, oldest, c.most, c.oldest)
		}
	}
}

func TestWait(t *testing.T) {
	var p pace.Pace
	writes(&p, "busy", began, 10*time.Minute)
	end := began.Add(10 * time.Minute)
	cases := []struct {
		reason, name string
		now          time.Time
		want         bool
	}{
		{"in a long burst a change waits", "busy", end.Add(100 * time.Millisecond), true},
		{"but not long", "busy", end.Add(pace.Most), false},
		{"others do not wait for it", "idle", end, false},
		{"after a calm it is a new burst", "busy", end.Add(2 * time.Minute), false},
		{"a clock that was set back holds nothing up", "busy", began.Add(-time.Hour), false},
	}
	for _, c := range cases {
		if got := p.Wait(c.name, c.now); (got > 0) != c.want || got > pace.Most {
			t.Errorf("%s: waits %s", c.reason, got)
		}
	}
	later := end.Add(2 * time.Minute)
	p.Wrote("busy", later)
	if got := p.Wait("busy", later.Add(pace.Least)); got != 0 {
		t.Errorf("after a calm the pace begins again: waits %s", got)
	}
}
