package calendar

import (
	"math/bits"
	"time"

	"github.com/robfig/cron/v3"
)

const (
	day = 24 * time.Hour

	// lookAhead and maxLinks bound how far openUntil follows windows that keep one another
	// open, such as one that opens every minute for a minute.
	lookAhead = 7 * day
	maxLinks  = 32
)

// window opens at the wall times of a schedule and stays open for a length of elapsed time.
type window struct {
	zone   *time.Location
	length time.Duration
	// times are the openings, and days the midnights of the days that have any; in UTC, so wall times.
	times cron.SpecSchedule
	days  cron.SpecSchedule
}

// next is the first opening after a moment, if there is one within five years.
func (w *window) next(now time.Time) (time.Time, bool) {
	wall := w.times.Next(reading(w.zone, now))
	if wall.IsZero() {
		return time.Time{}, false
	}
	return instant(w.zone, wall), true
}

// closing is when the window that is open at a moment closes. Of several openings that
// cover the moment the last counts. It is false when none does.
func (w *window) closing(now time.Time) (time.Time, bool) {
	wall, found := w.latest(reading(w.zone, now))
	if !found {
		return time.Time{}, false
	}
	end := instant(w.zone, wall).Add(w.length)
	return end, end.After(now)
}

// latest is the last wall time at which the window opens, up to a reading of the clock
// and as far back as may matter: its length and a day, as no clock jumps further. Days
// are stepped through, at most nine of them, as the minutes may be thousands.
func (w *window) latest(now time.Time) (time.Time, bool) {
	var last time.Time
	first := now.Add(-w.length - day).Truncate(day)
	from := func(midnight time.Time) time.Time { return w.days.Next(midnight.Add(-time.Second)) }
	for d := from(first); !d.IsZero() && !d.After(now); d = from(d.Add(day)) {
		if at, found := lastOn(&w.times, d, now); found {
			last = at
		}
	}
	return last, !last.IsZero()
}

// lastOn is the last of the times on a day that has such times, up to a limit.
func lastOn(times *cron.SpecSchedule, midnight, limit time.Time) (time.Time, bool) {
	toHour, toMinute := 23, 59
	if limit.Sub(midnight) < day {
		toHour, toMinute = limit.Hour(), limit.Minute()
	}
	h, found := highest(times.Hour, toHour)
	if !found {
		return time.Time{}, false
	}
	if h < toHour {
		toMinute = 59
	}
	m, found := highest(times.Minute, toMinute)
	if !found { // not in this hour yet, so at the end of the one before
		if h, found = highest(times.Hour, h-1); !found {
			return time.Time{}, false
		}
		m, _ = highest(times.Minute, 59)
	}
	return midnight.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute), true
}

// highest number up to a limit in a set of bits.
func highest(set uint64, limit int) (int, bool) {
	set &= 1<<(limit+1) - 1
	return bits.Len64(set) - 1, set != 0
}

// nextOpening is the first opening of any window after a moment.
func nextOpening(windows []window, now time.Time) (time.Time, bool) {
	var first time.Time
	for i := range windows {
		if at, found := windows[i].next(now); found {
			first = Earliest(first, at)
		}
	}
	return first, !first.IsZero()
}

func isOpen(windows []window, now time.Time) bool {
	return furthest(windows, now).After(now)
}

// openUntil is when windows that are open at a moment have all closed, one keeping the
// next open. What goes on for more than a week, or consists of very many, is followed only
// so far: then it is a time until which they surely are open.
func openUntil(windows []window, now time.Time) (time.Time, bool) {
	end := now
	for link := 0; link < maxLinks && end.Sub(now) <= lookAhead; link++ {
		further := furthest(windows, end)
		if !further.After(end) {
			break
		}
		end = further
	}
	return end, end.After(now)
}

// furthest is the last closing of the windows that are open at a moment; the moment
// itself when none is.
func furthest(windows []window, now time.Time) time.Time {
	last := now
	for i := range windows {
		if end, open := windows[i].closing(now); open && end.After(last) {
			last = end
		}
	}
	return last
}
