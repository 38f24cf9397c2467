package calendar

import (
	"slices"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// freeze is a period in which nothing starts: one or several that overlap or touch.
type freeze struct {
	from, until time.Time
	reasons     []string
}

// why are the reasons of all, for people.
func (f freeze) why() string { return strings.Join(f.reasons, ", ") }

// merge sorts periods and makes one of those that overlap or touch, with the reasons of all.
func merge(periods []v1alpha1.FreezePeriod) []freeze {
	sorted := slices.SortedStableFunc(slices.Values(periods), func(a, b v1alpha1.FreezePeriod) int {
		return a.From.Compare(b.From.Time)
	})
	var merged []freeze
	for _, p := range sorted {
		if len(merged) == 0 || p.From.After(merged[len(merged)-1].until) {
			merged = append(merged, freeze{from: p.From.UTC(), until: p.Until.UTC()})
		}
		last := &merged[len(merged)-1]
		if p.Until.After(last.until) {
			last.until = p.Until.UTC()
		}
		if p.Reason != "" && !slices.Contains(last.reasons, p.Reason) {
			last.reasons = append(last.reasons, p.Reason)
		}
	}
	return merged
}

// freezeAt is the freeze that a moment lies in, if any.
func freezeAt(freezes []freeze, now time.Time) (freeze, bool) {
	for _, f := range freezes {
		if !now.Before(f.from) && now.Before(f.until) {
			return f, true
		}
	}
	return freeze{}, false
}

// nextFreeze is when the first freeze after a moment begins; zero when none does.
func nextFreeze(freezes []freeze, now time.Time) time.Time {
	for _, f := range freezes {
		if f.from.After(now) {
			return f.from
		}
	}
	return time.Time{}
}
