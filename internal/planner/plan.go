package planner

import (
	"cmp"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// MoveKind is what a move is for.
type MoveKind string

// The kinds of moves.
const (
	// Advance brings the target.
	Advance MoveKind = "Advance"
	// CatchUp brings a joiner, whose turn has not come, what the group runs now.
	CatchUp MoveKind = "CatchUp"
	// Return takes a failed member back to the release that was verified there last.
	Return MoveKind = "Return"
	// Hold leaves a failed member as it is, as there is nothing to return to.
	Hold MoveKind = "Hold"
)

// Move is one installation to write.
type Move struct {
	Municipality string
	Environment  string
	Kind         MoveKind
	To           v1alpha1.Release
	// Stamp is the record of the move, for the installation.
	Stamp Stamp
}

// Step is what to do now.
type Step struct {
	// Moves sorted by municipality and environment.
	Moves []Move
	// Status that the Rollout then has; without conditions, which speak of generations.
	Status v1alpha1.RolloutStatus
	// Next is status.next without the remarks that go with it: that it is a security fix, and who goes
	// first in whose place.
	Next string
	// Details go with status.next, for those who want to know more or have to act.
	Details string
	// Carried says that the rollout is under way: it is one of those that its group carries.
	Carried bool
	// Begins says that its first members are moved with this step.
	Begins bool
	// Again is when time alone may change the plan; zero if never.
	Again time.Time
}

// Planned is a rollout whose next step was worked out.
type Planned struct {
	Step Step

	count *count
	// waves of the members, by their index: what is left of the count for questions.
	waves []uint8
	// queued is what the step takes for the rollout's place in the queue, and free the plan
	// without it.
	queued string
	free   *Planned
}

// Plan works out the next step of a rollout that is under way, or has completed and may
// have joiners.
func Plan(in Input) Step { return NewPlanned(in).Step }

// NewPlanned works out the next step of a rollout, and answers questions about it.
func NewPlanned(in Input) *Planned {
	c := newCount(&in)
	carried := c.begun && c.carried()
	m := mover{count: c}
	m.returnFailed()
	m.advance()
	m.catchUp()
	moves, again := m.sorted(), calendar.Earliest(c.again, m.again)
	report := reporter{count: c, again: again}
	status := report.status()
	p := &Planned{
		Step: Step{
			Moves: moves, Status: status, Next: report.unremarked, Details: wording{&report}.details(&status), Again: again,
			Carried: carried && status.Phase == v1alpha1.RolloutProgressing, Begins: m.begins,
		},
		count: c, waves: make([]uint8, len(c.members)),
	}
	for i := range c.members {
		p.waves[i] = uint8(c.members[i].wave) //nolint:gosec // there are at most 16 waves
	}
	c.members = nil
	return p
}

func (m *mover) sorted() []Move {
	slices.SortFunc(m.moves, func(a, b Move) int {
		return cmp.Or(cmp.Compare(a.Municipality, b.Municipality), cmp.Compare(a.Environment, b.Environment))
	})
	return m.moves
}
