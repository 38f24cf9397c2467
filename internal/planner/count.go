package planner

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// count is how every member and wave is doing. Once newCount made it, its methods are questions: they change nothing.
type count struct {
	rules
	members []standing
	waves   []tally
	// left are those that failed or are on their way, of the municipalities that left.
	left []standing
	// standIn is the name of the member that goes first in place of others; empty where none does.
	standIn string
	// wentOn says that the first wave waits for members on their way in a later one.
	wentOn bool
	// begun says that this rollout has moved somebody.
	begun bool
	// failing, movable and catchingUp are the members that are so, in their order: most are none of these, and
	// each pass over all members costs.
	failing, movable, catchingUp []*standing
	// until is the earliest time at which time alone changes how a member is doing; zero if never.
	until time.Time
	// again is when time alone may change the count; zero if never.
	again time.Time
}

// tally counts the members of a wave.
type tally struct {
	members, waiting, moving, verified, failed, excused, away int
	// budget is how many may fail, and limit how many may be on their way at once.
	budget, limit int
	// unrecorded are failures that no installation records yet.
	unrecorded int
	// late are failures of no wave that is done, or since it was done.
	late int
	// tried are members at which this rollout tried the version, or that were healthy with it anyway.
	tried int
	// resuming are members that go on to their next stage.
	resuming int
	// started says that a member of it was moved, and first is when the first one was.
	started bool
	first   time.Time
	// leaving are municipalities that left while on their way, and gone those that failed and left.
	leaving, gone int
	// approval is the gate of the wave's own approval; open where it needs none.
	approval               Gate
	done, halted           bool
	startedAt, completedAt *metav1.Time
}

func (t *tally) add(s *standing) {
	t.members++
	t.started, t.first = t.started || s.started, calendar.Earliest(t.first, s.first)
	switch s.state {
	case waiting:
		t.waiting++
	case moving:
		t.moving++
		if s.resumes() {
			t.resuming++
		}
	case verified:
		t.verified++
		t.tried++
	case failed:
		t.failed++
		if s.started {
			t.tried++
		}
		if s.mustBeRecorded() {
			t.unrecorded++
		}
		if s.late {
			t.late++
		}
	case excused:
		t.excused++
	case away:
		t.away++
	}
}

// mustBeRecorded says whether a failure is to be recorded on an installation before others go on. One
// that can't be written keeps nobody waiting.
func (s *standing) mustBeRecorded() bool { return s.unrecorded && !s.place.refused() }

// takePart is the number of members that percentages are of.
func (t *tally) takePart() int { return t.members - t.excused } //guard:percentages-of-those-who-take-part -> t.members

// idle says whether nobody of the wave is waited for.
func (t *tally) idle() bool { return t.waiting == 0 && t.moving == 0 && t.unrecorded == 0 }

// free is how many more may be on their way at once. Who failed keeps its place until an installation records
// that: what it returns to may have to be waited for, and what is written may be refused.
func (t *tally) free() int {
	return t.limit - t.moving - t.unrecorded //guard:failed-keeps-its-place -> t.limit - t.moving
}

// resumes says whether a member on its way goes on to its next stage. It mostly has its place
// among those that move at once already; one that was away in between may have lost it.
func (s *standing) resumes() bool {
	return s.state == moving && s.reason == v1alpha1.ReasonNextStage && s.movable
}

func newCount(in *Input) *count {
	c := &count{rules: newRules(in)}
	assigned := assigner{&c.rules}.assign()
	c.again, c.wentOn = assigned.again, assigned.wentOn
	if assigned.standIn >= 0 {
		c.standIn = in.Members[assigned.standIn].Name
	}
	c.begun = in.Rollout.Status.StartedAt != nil
	c.members = make([]standing, len(in.Members))
	c.waves = make([]tally, len(c.strategy.Waves))
	c.standAll(assigned.waves)
	for i := range c.members {
		s := &c.members[i]
		c.waves[s.wave].add(s)
		c.begun = c.begun || s.started //guard:only-own-moves-begin -> true
		c.list(s)
	}
	c.countLeft()
	c.judge()
	return c
}

// list puts a member on the lists of those who are looked at again.
func (c *count) list(s *standing) {
	c.until = calendar.Earliest(c.until, s.until)
	if s.failing {
		c.failing = append(c.failing, s)
	}
	if s.movable {
		c.movable = append(c.movable, s)
	}
	if s.catchingUp {
		c.catchingUp = append(c.catchingUp, s)
	}
}

// standAll finds how each member is doing.
func (c *count) standAll(waves []int) {
	inShares(len(c.members), func(i int) {
		m := &c.in.Members[i]
		c.members[i] = c.stand(m, waves[i])
		_, c.members[i].catchingUp = comesUpAt(&c.rules, m, waves[i])
	})
}

// many members are shared out among the processors.
const many = 20_000

// inShares asks a question of each member alone, so of many at once. What panics there panics here, where
// the caller can recover it.
func inShares(members int, ask func(i int)) {
	all := func(from, to int) {
		for i := from; i < to; i++ {
			ask(i)
		}
	}
	if members < many {
		all(0, members)
		return
	}

	var processors sync.WaitGroup
	shares := runtime.GOMAXPROCS(0)
	share, panics := members/shares+1, make(chan string, shares)
	for from := 0; from < members; from += share {
		processors.Go(func() {
			defer func() {
				if why := recover(); why != nil {
					panics <- fmt.Sprintf("%v\n%s", why, debug.Stack())
				}
			}()
			all(from, min(from+share, members))
		})
	}
	processors.Wait()
	close(panics)
	if why, is := <-panics; is {
		panic(why)
	}
}

// countLeft counts those that left: who failed is in the count of its wave still, and who was on its
// way is looked after in the first wave, as somebody else would stand in.
func (c *count) countLeft() {
	for i := range c.in.Left {
		l := &c.in.Left[i]
		c.begun = c.begun || len(l.Places) > 0 // who failed without being moved by this rollout began nothing
		s := c.standLeft(l)
		s.wave = c.strategy.waveNamed(l.Wave)
		t := &c.waves[s.wave]
		switch s.state {
		case failed:
			t.members++
			t.failed++
			t.gone++
			t.tried++
			if s.failing || c.leftLate(l) {
				t.late++
			}
		case moving:
			t.leaving++
		case waiting, verified, excused, away:
			continue
		}
		c.left = append(c.left, s)
	}
}

// leftLate is standing.late of a municipality that left.
func (c *count) leftLate(l *Left) bool {
	if len(l.Places) == 0 { // its installations went with it
		since, _ := c.remembered(l.Name, v1alpha1.MemoryFailed)
		return !c.done.bore(l.Wave, since)
	}
	return slices.ContainsFunc(l.Places, func(place MemberPlace) bool {
		stamp := c.stamp(&place)
		return stamp != nil && stamp.Outcome != "" && !c.done.bore(stamp.Wave, stamp.MovedAt.Time)
	})
}

// judge finds which waves are done, and which have spent their budget. A wave that is done stays done, also
// after it was renamed or its members changed: what had failed by then was within its budget. The exception is
// a wave with nobody to move that is done before the rollout has begun: members of it that take part by then go
// first.
func (c *count) judge() {
	for i := range c.waves {
		t, w := &c.waves[i], &c.strategy.Waves[i]
		if t.startedAt = c.known[w.Name].StartedAt; t.startedAt == nil && t.started {
			t.startedAt = new(metav1.NewTime(t.first).Rfc3339Copy())
		}
		if done, was := c.done[w.Name]; was { // also where the wave was taken out meanwhile, or had another name
			t.completedAt = new(metav1.NewTime(done))
		}
		t.budget, t.limit = w.budget(t.takePart()), w.atOnce(t.takePart()-t.gone)
		if t.approval = (approvals{&c.rules}).of(i); t.approval.closed() {
			t.approval.How += c.remarks()
		}
		t.halted = t.failed > t.budget && //guard:budget
			t.late > 0 //guard:done-bears-its-failures
	}
	c.settle()
}

// settle finds which waves are done, in their order.
func (c *count) settle() {
	before, healthy := true, 0
	if c.in.Rollout.Status.CompletedAt != nil {
		healthy = 1 // somebody was verified, whatever became of them: one that gets another environment is away again
	}
	for i := range c.waves {
		t := &c.waves[i]
		healthy += t.verified
		t.done = before && (t.completedAt != nil || (c.through(i, healthy) &&
			!t.approval.closed())) //guard:approval-holds-back-later-waves
		if t.done && t.completedAt == nil && (t.verified > 0 || c.begun) {
			t.completedAt = new(metav1.NewTime(c.in.Now).Rfc3339Copy())
		}
		before = before && t.done
	}
}

// through says whether a wave can be done now, with so many verified in it and before it. A wave is
// not done by absences alone: while nobody in it, or in a wave before, is verified, it waits for
// those who come back. Nor is it while a failure is not recorded yet. The first of several waves is
// not done while nobody in it tried the version: when the first of them takes part, it goes first.
func (c *count) through(wave, healthy int) bool {
	t := &c.waves[wave]
	return !c.halted() && t.waiting == 0 && t.moving == 0 &&
		t.unrecorded == 0 && //guard:failures-are-recorded-first
		(t.away == 0 || healthy > 0) && //guard:not-done-by-absences
		(wave != 0 || t.tried > 0 || len(c.waves) == 1) //guard:first-wave-was-tried
}

// completes says whether nobody who should have the version waits for it. A wave that nobody
// approved may be among the waves only if nobody takes part in it.
func (c *count) completes() bool {
	all := c.total()
	if all.verified == 0 || c.halted() {
		return false
	}
	return c.nobodyWaits()
}

// nobodyWaits says whether nobody is on the way or waits for its turn, or for a gate.
func (c *count) nobodyWaits() bool {
	for i := range c.waves {
		t := &c.waves[i]
		if !t.idle() || //guard:completes-when-nobody-moves
			(!t.done && t.away > 0) {
			return false
		}
	}
	return true
}

// carried says whether the rollout, which has begun, has somebody to move: else it is none of those
// that its group carries, as what its members are away for may be another introduction.
func (c *count) carried() bool {
	if c.in.Rollout.Status.CompletedAt != nil {
		return false
	}
	if g := &c.in.Gates; g.Unavailable != "" || g.Paused != "" || g.Suspended != "" || g.Fault != "" {
		return false
	}
	for i := range c.waves {
		t := &c.waves[i]
		switch {
		case t.done:
		case !t.idle():
			return true
		case t.away > 0:
			return false
		}
	}
	return c.total().moving > 0
}

// halted says whether a wave has spent its budget: nobody else is moved then.
func (c *count) halted() bool {
	for i := range c.waves {
		if c.waves[i].halted {
			return true
		}
	}
	return false
}

func (c *count) total() tally {
	var all tally
	for i := range c.waves {
		t := &c.waves[i]
		all.members += t.members
		all.waiting += t.waiting
		all.moving += t.moving
		all.verified += t.verified
		all.failed += t.failed
		all.excused += t.excused
		all.away += t.away
	}
	return all
}

// runsNow is what the group runs now, which a joiner gets before its turn: the target, once the
// rollout has completed; else what was completed last, if the group is not about to leave it. Nil
// where nothing can be had.
func (c *count) runsNow() *v1alpha1.Release {
	last := c.in.Rollout.Spec.Completed
	if c.in.Rollout.Status.CompletedAt != nil {
		last = &c.target
	}
	if last == nil || c.in.availability(*last) != Available || catalogue.Lower(c.target.Version, last.Version) {
		return nil
	}
	return last
}
