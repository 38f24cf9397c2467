package rollout

import (
	"slices"
	"time"
)

// Interval is the time between two moments.
type Interval struct{ From, Until time.Time }

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
			watched += earliest(gap.From, now).Sub(from)
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
