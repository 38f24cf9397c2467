package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/allmenning/allmenning/test/simulation/truth"
)

// maxViolations are reported of one world, each of another promise: what comes after the first is
// mostly its echo.
const maxViolations = 5

// restless is after how many turns at one moment the operator should have come to rest.
const restless = 40

// world is a country in virtual time.
type world struct {
	seed  uint64
	rng   *rand.Rand
	begin time.Time
	// at is the time since the beginning; skew is how much the clock is ahead of it.
	at, skew time.Duration
	queue    queue
	store    *store
	// grain is how far apart observations are at least, so that a large world has fewer steps.
	grain time.Duration
	// scripted says that the world is a story; its day 1 begins at prelude.
	scripted bool
	prelude  time.Duration
	faulty   bool
	fates    fates
	// certain are the fates of stories.
	certain map[certainty]fate

	// The operator: since when it has been looking, until when it is down, whether something
	// changed that it has not looked at, and which of its wake-ups counts.
	watching time.Time
	// watch is what it knows of that, and keeps.
	watch     watch
	downUntil time.Duration
	dirty     bool
	wakeAt    time.Duration

	glances map[string]glanced

	reality map[key]*reality
	runs    map[key]*truth.Reality
	ledger  *truth.Ledger
	people  people
	diary   *diary
	model   model
	// refuses are places to which the API server lets nobody write.
	refuses map[key]bool
	// refusedLast is when the operator learnt last of that in each municipality.
	refusedLast map[string]time.Duration
	// wakes are when groups asked to be looked at again; byClock says that the clock alone woke the operator.
	wakes   wakes
	byClock bool

	steps      int
	settling   bool
	truth      *truth.Truth
	violations []violation
}

// violation is a promise that was not kept.
type violation struct {
	seed      uint64
	day       int
	invariant string
	what      string
}

func (v violation) String() string {
	return fmt.Sprintf("world %d, day %d: %s: %s", v.seed, v.day, v.invariant, v.what)
}

func newWorld(seed uint64) *world {
	return &world{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 0x616c6c6d656e)), // worlds must repeat
		begin: time.Date(2027, 1, 4, 6, 0, 0, 0, time.UTC),
		store: newStore(), reality: map[key]*reality{}, runs: map[key]*truth.Reality{}, ledger: truth.NewLedger(), wakes: wakes{}, wakeAt: -1, dirty: true,
		refuses: map[key]bool{}, refusedLast: map[string]time.Duration{},
		fates: fates{}, certain: map[certainty]fate{}, glances: map[string]glanced{},
	}
}

// now is what the clock shows.
func (w *world) now() time.Time { return w.begin.Add(w.at + w.skew) }

// day counts from 1.
func (w *world) day() int { return int((w.at-w.prelude)/(24*time.Hour)) + 1 }

func (w *world) violate(invariant, format string, args ...any) {
	if len(w.violations) >= maxViolations {
		return
	}
	if slices.ContainsFunc(w.violations, func(v violation) bool { return v.invariant == invariant }) {
		return
	}
	v := violation{w.seed, w.day(), invariant, fmt.Sprintf(format, args...)}
	w.violations = append(w.violations, v)
	w.note("VIOLATION %s: %s", v.invariant, v.what)
}

// after lets something happen in a while.
func (w *world) after(d time.Duration, do func()) { w.queue.put(w.at+max(d, 0), do) }

// run plays until a time.
func (w *world) run(until time.Duration) {
	w.turn()
	for !w.queue.empty() && w.queue.next() <= until && len(w.violations) < maxViolations {
		w.pass(w.queue.next())
		for !w.queue.empty() && w.queue.next() == w.at {
			w.queue.take().do()
		}
		w.turn()
	}
	w.pass(until)
}

// pass lets time pass, of which the operator watches what it is not down.
func (w *world) pass(until time.Duration) {
	if until > w.at {
		w.ledger.Watched(max(0, until-max(w.at, w.downUntil)))
		if w.at >= w.downUntil { // it beats all the time
			w.watch.Until = w.begin.Add(until + w.skew)
		}
		w.at = until
	}
}

// turn lets the operator work until nothing is left to do at this moment.
func (w *world) turn() {
	if w.at < w.downUntil || (!w.dirty && (w.wakeAt < 0 || w.at < w.wakeAt)) {
		return
	}
	w.byClock, w.dirty = !w.dirty, false
	for range restless {
		again, outcome := w.reconcile(w.store.snapshot())
		switch outcome {
		case killed:
			w.restart()
			return
		case wrote:
			continue
		case refused, nothing:
		}
		w.sleep(again)
		return
	}
	w.violate("progress", "the operator does not come to rest: it writes on and on at one moment")
}

// sleep sets the alarm: elapsed time, which minds no change of the clock.
func (w *world) sleep(again time.Time) {
	w.wakeAt = -1
	if again.IsZero() {
		return
	}
	left := again.Sub(w.now())
	if left <= 0 {
		w.violate("progress", "nothing was written, and the plan is to be made again at %s, which has passed", again.UTC().Format(time.RFC3339))
	}
	at := w.at + max(left, time.Second)
	w.wakeAt = at
	w.queue.put(at, func() {})
}

// restart is what comes after the operator was killed.
func (w *world) restart() {
	w.note("the operator is killed")
	w.down(time.Duration(1+w.rng.IntN(120)) * time.Second)
}

// down stops the operator for a while. It then knows nothing of what it did before.
func (w *world) down(d time.Duration) {
	w.downUntil, w.model = max(w.downUntil, w.at+d), model{}
	w.queue.put(w.downUntil, func() {
		if w.at >= w.downUntil {
			w.watching, w.dirty = w.now(), true
			w.watch = w.watch.At(w.now())
		}
	})
}
