package truth

import (
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// mayStart says whether windows and freezes let something new start at a moment: within none of
// the freezes and, where there are windows, within one of those.
func (t *Truth) mayStart(windows []v1alpha1.Window, freezes []v1alpha1.FreezePeriod, at time.Time) bool {
	frozen := func(f v1alpha1.FreezePeriod) bool { return !at.Before(f.From.Time) && at.Before(f.Until.Time) }
	if slices.ContainsFunc(freezes, frozen) {
		return false
	}
	open := func(w v1alpha1.Window) bool { return t.withinWindow(w, at) }
	return len(windows) == 0 || slices.ContainsFunc(windows, open)
}

// soon is a municipality, and a time.
type soon struct {
	of     *v1alpha1.Municipality
	within time.Duration
}

// startsSoon says whether something new may start in a municipality now, or will within a time.
func (t *Truth) startsSoon(m *v1alpha1.Municipality, within time.Duration) bool {
	if len(m.Spec.Windows) == 0 && len(m.Spec.Freezes) == 0 {
		return true
	}
	known, ok := t.soon[soon{m, within}]
	if !ok {
		known = t.mayStartSoon(m.Spec.Windows, m.Spec.Freezes, within)
		t.soon[soon{m, within}] = known
	}
	return known
}

// mayStartSoon says whether windows and freezes do now, or will within a time.
func (t *Truth) mayStartSoon(windows []v1alpha1.Window, freezes []v1alpha1.FreezePeriod, soon time.Duration) bool {
	moments := []time.Time{t.Now}
	for _, f := range freezes {
		moments = append(moments, f.Until.Time)
	}
	for _, w := range windows {
		moments = append(moments, t.openings(w, t.Now, t.Now.Add(soon))...)
	}
	return slices.ContainsFunc(moments, func(at time.Time) bool {
		return !at.Before(t.Now) && at.Sub(t.Now) <= soon && t.mayStart(windows, freezes, at)
	})
}

// withinWindow says whether a window is open: it opened at most its length ago.
func (t *Truth) withinWindow(w v1alpha1.Window, at time.Time) bool {
	return len(t.openings(w, at.Add(-w.Duration.Duration+1), at)) > 0
}

// openings of a window from one moment to another. Its schedule names what a clock on the wall
// reads; it opens in the first minute in which the clock has come so far, or has jumped past that.
func (t *Truth) openings(w v1alpha1.Window, from, to time.Time) []time.Time {
	zone, schedule := t.read(w)
	var all []time.Time
	for wall := schedule.Next(onTheWall(from, zone).Add(-3 * time.Hour)); !wall.IsZero(); wall = schedule.Next(wall) {
		if wall.After(onTheWall(to, zone).Add(3 * time.Hour)) {
			break
		}
		at := wall.Add(-15 * time.Hour) // no zone is further ahead of UTC
		_, offset := at.In(zone).Zone()
		at = wall.Add(-time.Duration(offset)*time.Second - 3*time.Hour) // no clock jumps further
		for onTheWall(at, zone).Before(wall) {
			at = at.Add(time.Minute)
		}
		if !at.Before(from) && !at.After(to) {
			all = append(all, at)
		}
	}
	return all
}

// onTheWall is what a clock in a zone reads, written as if in UTC.
func onTheWall(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// read the zone and the schedule of a window.
func (t *Truth) read(w v1alpha1.Window) (*time.Location, cron.Schedule) {
	zone, known := t.Ledger.zones[w.TimeZone]
	if !known {
		name := w.TimeZone
		if name == "" {
			name = "Europe/Oslo"
		}
		var err error
		if zone, err = time.LoadLocation(name); err != nil {
			panic(err) // worlds write zones that exist
		}
		t.Ledger.zones[w.TimeZone] = zone
	}
	schedule, known := t.Ledger.schedules[w.Schedule]
	if !known {
		var err error
		if schedule, err = cron.ParseStandard("TZ=UTC " + w.Schedule); err != nil {
			panic(err) // and schedules that can be read
		}
		t.Ledger.schedules[w.Schedule] = schedule
	}
	return zone, schedule
}
