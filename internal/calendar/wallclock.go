package calendar

import "time"

// A wall time is what a clock on the wall reads: year to second, written as if in UTC,
// since there every reading comes exactly once. The cron library asks for just that; in
// a zone with daylight saving it would skip to the next day, or come twice.

// reading is the furthest that the clocks of a zone have come by a moment. In the hour
// that autumn repeats they stand, for this purpose, at its end: all of its times have been.
func reading(zone *time.Location, now time.Time) time.Time {
	local := now.In(zone)
	_, offset := local.Zone()
	wall := wallTime(now, offset)
	changed, _ := local.ZoneBounds()
	if changed.IsZero() {
		return wall
	}
	before := changed.Add(-time.Nanosecond)
	_, offset = before.Zone()
	if last := wallTime(before, offset); last.After(wall) {
		return last
	}
	return wall
}

// instant is when the clocks of a zone come to a wall time for the first time or, where
// they skip it, when they have jumped past it.
func instant(zone *time.Location, wall time.Time) time.Time {
	// No zone is a day ahead of UTC, so a day earlier is before it in any zone.
	for t := wall.AddDate(0, 0, -1).In(zone); ; {
		_, offset := t.Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		begin, end := t.ZoneBounds()
		switch {
		case !end.IsZero() && !at.Before(end):
			t = end
		case at.Before(begin):
			return begin.UTC()
		default:
			return at
		}
	}
}

func wallTime(t time.Time, offset int) time.Time {
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
