package rollout

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Input is all that a plan rests on.
type Input struct {
	// Rollout with what its status remembers. It is not changed.
	Rollout *v1alpha1.Rollout
	// Group in words for people, such as "Network digi-tv".
	Group    string
	Strategy Strategy
	// Emergency sends the rollout through the emergency lane: the version is a security fix.
	Emergency bool
	// Members that follow the group, sorted by name, also those that are excused now.
	Members []Member
	// Left are municipalities that this rollout moved and that are no members any longer.
	Left []Left
	// Usable tells the releases that may be gone back to: available, and not withdrawn.
	Usable map[v1alpha1.Release]bool
	Gates  Gates
	// Watching is since when the operator has been looking. Deadlines count from here at the
	// earliest: what nobody looked at can't have failed.
	Watching time.Time
	Now      time.Time
}

// Left is a municipality that left after it had been moved.
type Left struct {
	Name string
	// Wave that it took part in.
	Wave string
	// Failed says that it had failed before. Leaving does not undo that.
	Failed bool
}

// Kind is what a move is for.
type Kind string

// The kinds of moves.
const (
	// Advance brings the target.
	Advance Kind = "Advance"
	// CatchUp brings a joiner, whose turn has not come, what was completed last.
	CatchUp Kind = "CatchUp"
	// Return takes a failed member back to its last verified release.
	Return Kind = "Return"
	// Hold leaves a failed member as it is, as there is nothing to go back to.
	Hold Kind = "Hold"
)

// Move is one installation to write.
type Move struct {
	Municipality string
	Environment  string
	Kind         Kind
	To           v1alpha1.Release
	// Stamp is the record of the move, for the installation.
	Stamp Stamp
}

// Step is what to do now.
type Step struct {
	// Moves sorted by municipality, in the order of the stages.
	Moves []Move
	// Status that the Rollout then has; without conditions, which speak of generations.
	Status v1alpha1.RolloutStatus
	// Details go with status.next, for whoever wants to know more or has to act.
	Details string
	// Carried says that the rollout is under way: it is one of those that its group carries.
	Carried bool
	// Begins says that its first members are moved with this step.
	Begins bool
	// Again is when time alone may change the plan; zero if never.
	Again time.Time
}

// planner works out one step.
type planner struct {
	in       Input
	strategy Strategy
	target   v1alpha1.Release
	// known are the waves of the Rollout's status.
	known map[string]v1alpha1.WaveStatus
	// failedBefore are the members that the Rollout's status tells as failed.
	failedBefore map[string]v1alpha1.MemberNote
	members      []standing
	tallies      []tally
	moves        []Move
	again        time.Time
}

// Plan works out the next step of a rollout that is under way, or has completed and may
// have joiners.
func Plan(in Input) Step {
	p := newPlanner(in)
	p.count()
	p.judge()
	carried := p.begun()
	p.takeBack()
	p.advance()
	p.catchUp()
	status := p.status()
	return Step{
		Moves: p.sorted(), Status: status, Details: p.details(status), Again: p.again,
		Carried: carried && status.Phase == v1alpha1.RolloutProgressing && !p.absences(),
		Begins:  !carried && p.begun(),
	}
}

func newPlanner(in Input) *planner {
	p := &planner{in: in, strategy: in.Strategy, known: map[string]v1alpha1.WaveStatus{}}
	if in.Emergency {
		p.strategy = p.strategy.quick()
	}
	p.target = v1alpha1.Release{Version: in.Rollout.Spec.Version, Digest: in.Rollout.Spec.Digest}
	for _, w := range in.Rollout.Status.Waves {
		p.known[w.Name] = w
	}
	p.failedBefore = make(map[string]v1alpha1.MemberNote, len(in.Rollout.Status.FailedMembers))
	for _, note := range in.Rollout.Status.FailedMembers {
		p.failedBefore[note.Name] = note
	}
	waves := p.assign()
	p.members = make([]standing, len(in.Members))
	for i := range in.Members {
		p.members[i] = p.stand(&in.Members[i], waves[i])
	}
	return p
}

// tally counts the members of a wave.
type tally struct {
	members, waiting, moving, verified, failed, excused, away int
	budget                                                    int
	// unrecorded are failures that stand on no installation yet.
	unrecorded             int
	done, halted           bool
	startedAt, completedAt *metav1.Time
}

func (t *tally) add(s state) {
	t.members++
	switch s {
	case waiting:
		t.waiting++
	case moving:
		t.moving++
	case verified:
		t.verified++
	case failed:
		t.failed++
	case excused:
		t.excused++
	case away:
		t.away++
	}
}

// count counts each wave, those that left with a failure among the failed.
func (p *planner) count() {
	p.tallies = make([]tally, len(p.strategy.Waves))
	for i := range p.members {
		t := &p.tallies[p.members[i].wave]
		t.add(p.members[i].state)
		if s := &p.members[i]; s.state == failed && s.reason == ReasonUnhealthy { // and not yet Returned or Held
			t.unrecorded++
		}
	}
	last := len(p.tallies) - 1
	for _, gone := range p.in.Left {
		if !gone.Failed {
			continue
		}
		wave := last
		for i := range p.strategy.Waves {
			if p.strategy.Waves[i].Name == gone.Wave {
				wave = i
			}
		}
		p.tallies[wave].failed++
		p.tallies[wave].members++
	}
}

// judge finds which waves are done, and which have spent their budget. What is done stays so,
// but for a wave without anybody to move that is done before the rollout has begun: whoever
// in it takes part by then goes first.
// The first of several waves is not done while nobody in it tried the version, as all are
// excused: when the first of them takes part, it goes first.
func (p *planner) judge() {
	p.judgeBudgets()
	before, verified := true, 0
	now := metav1.NewTime(p.in.Now).Rfc3339Copy()
	for i := range p.tallies {
		t, w := &p.tallies[i], &p.strategy.Waves[i]
		t.startedAt, t.completedAt = p.known[w.Name].StartedAt, p.known[w.Name].CompletedAt
		verified += t.verified
		t.done = before && (t.completedAt != nil || p.through(i, verified))
		if t.done && t.completedAt == nil && (t.verified > 0 || p.begun()) {
			t.completedAt = &now
		}
		before = before && t.done
	}
}

// through says whether a wave can be done now, with so many verified in it and before it.
func (p *planner) through(wave, verified int) bool {
	t := &p.tallies[wave]
	return !p.halted() && t.complete(verified) &&
		(wave != 0 || t.tried() || len(p.tallies) == 1) //guard:first-wave-was-tried
}

// judgeBudgets finds the waves of which more members failed than may.
func (p *planner) judgeBudgets() {
	for i := range p.tallies {
		t := &p.tallies[i]
		t.budget = p.strategy.Waves[i].budget(t.members)
		t.halted = t.failed > t.budget //guard:budget
	}
}

// complete says whether nobody of a wave is waited for any longer. A wave is not done by
// absences alone: while nobody in it, or in a wave before, is verified, it waits for whoever
// comes back. Nor is it while a failure stands that could not be recorded yet.
func (t *tally) complete(verified int) bool {
	return t.waiting == 0 && t.moving == 0 &&
		t.unrecorded == 0 && //guard:failures-are-recorded-first
		(t.away == 0 || verified > 0) //guard:not-done-by-absences
}

// tried says whether the version was tried by anybody: well, or not, as far as the budget bears it.
func (t *tally) tried() bool { return t.verified+t.failed > 0 }

// absences says whether a rollout that has begun has come to a stand, as whoever is next is
// away. It is then none of those that its group carries: what they are away for may be
// another introduction.
func (p *planner) absences() bool {
	for i := range p.tallies {
		if t := &p.tallies[i]; !t.done {
			return t.away > 0 && t.waiting == 0 && t.moving == 0
		}
	}
	return false
}

// halted says whether a wave has spent its budget: nobody else is moved then.
func (p *planner) halted() bool {
	for i := range p.tallies {
		if p.tallies[i].halted {
			return true
		}
	}
	return false
}

// begun says whether the rollout has moved anybody.
func (p *planner) begun() bool {
	if p.in.Rollout.Status.StartedAt != nil {
		return true
	}
	for i := range p.members {
		if p.members[i].started {
			return true
		}
	}
	return len(p.in.Left) > 0
}

func (p *planner) total() tally {
	var all tally
	for i := range p.tallies {
		t := &p.tallies[i]
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
