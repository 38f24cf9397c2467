package planner

import (
	"slices"
	"time"

	"github.com/allmenning/allmenning/internal/calendar"
)

// Interval is the time between two moments.
type Interval struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Outages are the times in which the operator did not look, in any order.
type Outages []Interval

// Watched returns for how long the operator looked between two moments.
func (o Outages) Watched(since, now time.Time) time.Duration {
	if !since.Before(now) {
		return 0
	}

	watched, from := time.Duration(0), since
	for _, gap := range o.sorted() {
		if !gap.Until.After(from) {
			continue
		}
		if gap.From.After(from) {
			watched += calendar.Earliest(gap.From, now).Sub(from)
		}
		if from = gap.Until; !from.Before(now) {
			return watched
		}
	}
	return watched + now.Sub(from)
}

func (o Outages) sorted() Outages {
	byStart := func(a, b Interval) int { return a.From.Compare(b.From) }
	if slices.IsSortedFunc(o, byStart) {
		return o
	}
	return slices.SortedFunc(slices.Values(o), byStart)
}

const (
	// blink is the longest gap that is none: a beat may be late.
	blink = 30 * time.Second
	// maxOutages are kept. Where there are more, two of them become one: see joinTwo.
	maxOutages = 50
)

// Watch is what the operator knows of when it looked, from one process to the next.
type Watch struct {
	// Since is when it looked for the first time, and Until for the last.
	Since, Until time.Time
	// Outages between the two, in order.
	Outages Outages
}

// At is the same watch, of an operator that looks at a moment. A clock that went back is no outage.
func (w Watch) At(now time.Time) Watch {
	next := Watch{Since: w.Since, Until: now, Outages: slices.Clone(w.Outages)}
	switch {
	case w.Since.IsZero() || w.Since.After(now):
		return Watch{Since: now, Until: now}
	case now.Before(w.Until):
		next.Outages = slices.DeleteFunc(next.Outages, func(gap Interval) bool { return !gap.From.Before(now) })
	case now.Sub(w.Until) > blink:
		next.Outages = append(next.Outages, Interval{From: w.Until, Until: now})
	}
	if len(next.Outages) > maxOutages {
		next.Outages = next.Outages.joinTwo(now)
	}
	return next
}

// joinTwo makes one of two neighbours, which lasts as long as both and ends with the later. What was watched between them
// is taken to have been before them: so a deadline that began before the two, or after them, has what was watched
// of it, and one that began between them lacks at most as much as the two last. Those are joined that so cost the least of
// what was watched since.
func (o Outages) joinTwo(now time.Time) Outages {
	cost := func(first, second Interval) float64 {
		lasted := first.Until.Sub(first.From) + second.Until.Sub(second.From)
		return float64(lasted) / float64(blink+now.Sub(second.Until))
	}

	at := 0
	for i := 1; i < len(o)-1; i++ {
		if cost(o[i], o[i+1]) < cost(o[at], o[at+1]) {
			at = i
		}
	}
	watched := max(0, o[at+1].From.Sub(o[at].Until)) // a clock that went back may have let them overlap
	return slices.Replace(o, at, at+2, Interval{From: o[at].From.Add(watched), Until: o[at+1].Until})
}

// All are the times in which nobody looked, that before the first look included.
func (w Watch) All() Outages { return append(Outages{{Until: w.Since}}, w.Outages...) }

// Equal says whether two lists are of the same times.
func (o Outages) Equal(other Outages) bool {
	return slices.EqualFunc(o, other, func(a, b Interval) bool { return a.From.Equal(b.From) && a.Until.Equal(b.Until) })
}
