// Package calendar says whether a new step may start now and, if not, when and why. It
// is pure: it is made from windows and freezes, and is asked about a time.
//
//   - calendar.go: the answer, from the windows and the freezes together.
//   - window.go: when windows open and close.
//   - wallclock.go: the clock on the wall, which daylight saving moves, against elapsed
//     time.
//   - freeze.go: periods in which nothing starts.
//   - fault.go: what is wrong with what was written, and how to fix it.
//
// A window opens when the clock on the wall comes to a time that its schedule names, or
// passes it, for the first time. So one that would open in the hour that spring skips
// opens when the clock has jumped, and one in the hour that autumn repeats opens once,
// the first time round; in the second nothing opens. How long it stays open is elapsed
// time, whatever the clock does. Windows that overlap or touch are one; a freeze wins
// over every window.
package calendar

import (
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Calendar is what the windows and freezes of one owner, such as a network or a
// municipality, come to. It never changes once made, so many may ask it at once.
type Calendar struct {
	windows []window
	freezes []freeze
	faults  []Fault
}

// State is what a Calendar says about a moment.
type State struct {
	// Open says that a new step may start.
	Open bool
	// Until is when to ask again: the state holds until then. Closed, and open until a
	// freeze or the end of a window, it is when that ends; of windows that follow one
	// another closely it may be earlier than the end of the last. It is zero when the
	// state never ends, or when nobody can know.
	Until time.Time
	// Opens is the first moment at which a new step may start: the moment asked about while
	// open. It is zero when that never comes, or not within five years.
	Opens time.Time
}

// New compiles windows and freezes. Reading time zones makes it much slower than asking,
// so an owner's Calendar is worth keeping for as long as the owner is unchanged. Where
// there are faults the Calendar never opens: rather too late than in the middle of what
// somebody meant to be closed.
func New(windows []v1alpha1.Window, freezes []v1alpha1.FreezePeriod) (*Calendar, []Fault) {
	c := &Calendar{}
	for i, w := range windows {
		compiled, faults := compileWindow(i, w)
		c.windows = append(c.windows, compiled)
		c.faults = append(c.faults, faults...)
	}
	for i, f := range freezes {
		c.faults = append(c.faults, checkFreeze(i, f)...)
	}
	c.freezes = merge(freezes)
	return c, c.faults
}

// Open says whether a new step may start at a moment. A nil Calendar is always open, and
// so is one with neither windows nor freezes.
func (c *Calendar) Open(now time.Time) State {
	if c == nil {
		return State{Open: true, Opens: now}
	}
	if len(c.faults) > 0 {
		return State{}
	}
	if f, frozen := freezeAt(c.freezes, now); frozen {
		return State{Until: f.until, Opens: c.opening(f.until)}
	}
	freezing := nextFreeze(c.freezes, now)
	if len(c.windows) == 0 {
		return State{Open: true, Until: freezing, Opens: now}
	}
	if until, open := openUntil(c.windows, now); open {
		return State{Open: true, Until: Earliest(until, freezing), Opens: now}
	}
	window, found := nextOpening(c.windows, now)
	opens := window
	if found {
		opens = c.opening(window)
	}
	return State{Until: Earliest(window, freezing), Opens: opens}
}

// Why says why nothing may start at a moment, in words for people. It is empty while open, and the
// same for as long as the state lasts. Many calendars are asked whether they are open, and few why.
func (c *Calendar) Why(now time.Time) string {
	state := c.Open(now)
	if state.Open {
		return ""
	}
	if len(c.faults) > 0 {
		return "nothing may start before this is fixed: " + describe(c.faults)
	}
	if f, frozen := freezeAt(c.freezes, now); frozen {
		return whyFrozen(f, state.Opens)
	}
	return "outside the windows; " + whatNext("the next", state.Opens)
}

// Frozen says until when the freeze lasts that a moment lies in, and why; zero where it lies in none.
func (c *Calendar) Frozen(now time.Time) (until time.Time, why string) {
	if c == nil {
		return time.Time{}, ""
	}
	f, _ := freezeAt(c.freezes, now)
	return f.until, f.why()
}

// opening is the first moment from a moment on at which a new step may start; zero when that
// never comes.
func (c *Calendar) opening(at time.Time) time.Time {
	// Each turn goes past a freeze, or on to an opening that is the answer or frozen too.
	for range 2*len(c.freezes) + 2 {
		if f, frozen := freezeAt(c.freezes, at); frozen {
			at = f.until
			continue
		}
		if len(c.windows) == 0 || isOpen(c.windows, at) {
			return at
		}
		next, found := nextOpening(c.windows, at)
		if !found {
			return time.Time{}
		}
		at = next
	}
	return time.Time{}
}

func whyFrozen(f freeze, opens time.Time) string {
	why := "frozen until " + stamp(f.until)
	if len(f.reasons) > 0 {
		why += ": " + f.why()
	}
	if !opens.Equal(f.until) {
		why += "; " + whatNext("the next window", opens)
	}
	return why
}

func whatNext(subject string, opens time.Time) string {
	if opens.IsZero() {
		return "none opens in the five years to come"
	}
	return subject + " opens " + stamp(opens)
}

// Earliest is the earlier of two times, either of which may be zero for never.
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
