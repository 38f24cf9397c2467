package planner

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Wait is what a place waits for; zero where it has the version and is verified.
type Wait struct {
	// Reason in a word, as in the notes of a Rollout.
	Reason string
	// Message in words. It stays the same while the reason does: it holds no counts.
	Message string
	// Until is when time alone may change it; zero if never.
	Until time.Time
	// Due says that nothing is waited for: the place is moved with this step.
	Due bool
}

// WaitsFor says what an environment of a municipality waits for; zero also where it is not the
// rollout's to move.
func (p *Planned) WaitsFor(municipality, environment string) Wait {
	at, found := slices.BinarySearchFunc(p.count.in.Members, municipality, func(m Member, name string) int { return cmp.Compare(m.Name, name) })
	if !found {
		return Wait{}
	}
	m := &p.count.in.Members[at]
	place := slices.IndexFunc(m.Places, func(p MemberPlace) bool { return p.Environment == environment })
	if place < 0 {
		return Wait{}
	}
	if move := p.move(municipality, environment); move != nil {
		if move.Stamp.Outcome != "" {
			return Wait{Reason: string(move.Stamp.Outcome), Message: move.Stamp.Message, Due: true}
		}
		return Wait{Reason: v1alpha1.ReasonInstalling, Message: "is asked to move to " + move.To.Version, Due: true}
	}
	s := p.count.stand(m, int(p.waves[at]))
	return p.count.waitsFor(&s, &m.Places[place])
}

// move of a place with the step; nil where there is none.
func (p *Planned) move(municipality, environment string) *Move {
	at, found := slices.BinarySearchFunc(p.Step.Moves, environment, func(m Move, environment string) int {
		return cmp.Or(cmp.Compare(m.Municipality, municipality), cmp.Compare(m.Environment, environment))
	})
	if !found {
		return nil
	}
	return &p.Step.Moves[at]
}

// waitsFor says what a place of a member waits for.
func (c *count) waitsFor(s *standing, place *MemberPlace) Wait {
	switch {
	case s.state == failed, s.member.Suspended:
		return c.says(s)
	case place.Excuse.Reason != "":
		wait := Wait{Reason: place.Excuse.Reason, Message: place.Excuse.Message, Until: s.until}
		if place.Excuse.Away {
			wait.Message = andApproval(c.wave(s.wave), wait.Message)
		}
		return wait
	case place.at(c.target):
		if c.placeVerified(s.member.Name, place, &c.strategy.Waves[s.wave]) {
			return Wait{}
		}
		return c.says(s)
	case s.state == away, s.reason == v1alpha1.ReasonWindow:
		wait := c.says(s)
		wait.Message = andApproval(c.wave(s.wave), wait.Message)
		return wait
	}

	if c.halted() {
		return Wait{Reason: v1alpha1.ReasonWaiting, Message: "the rollout is halted: nobody else is moved until a retry is asked for or another version is promoted"}
	}
	if gate := c.gateOf(s); gate.closed() {
		return Wait{Reason: v1alpha1.ReasonWaiting, Message: gate.said(), Until: gate.Until}
	}
	if place.Stage != order[s.stage] {
		return c.stageBefore(s)
	}
	if s.state == moving {
		return c.says(s)
	}
	return Wait{Reason: v1alpha1.ReasonWaiting, Message: fmt.Sprintf("wave %s is under way, and takes its members in turn", c.strategy.Waves[s.wave].Name)}
}

// andApproval adds to what a member is away for the approval that nobody gave yet: who can give it should
// know before the member is back.
func andApproval(gate Gate, why string) string {
	if gate.How != "" {
		return why + "; then it waits for " + gate.WaitsFor
	}
	return why
}

// gateOf is the gate that a member waits at.
func (c *count) gateOf(s *standing) Gate {
	every, own := c.begin(), c.wave(s.wave)
	if s.started {
		every, own = c.nextStage(), Gate{}
		if i := (approvals{&c.rules}).wanting(s.wave); i >= 0 {
			own = c.waves[i].approval
		}
	}
	if own.How != "" && !c.everyStep().closed() { // what a person can do is said before what time does
		return own
	}
	return firstClosed(every, own)
}

// stageBefore says which environment of an earlier stage goes first.
func (c *count) stageBefore(s *standing) Wait {
	before := Wait{Reason: v1alpha1.ReasonNextStage, Message: fmt.Sprintf("comes after stage %s", order[s.stage]), Until: s.until}
	if said := c.message(s); said != "" {
		before.Message += ", where " + said
	}
	return before
}

func (c *count) says(s *standing) Wait {
	return Wait{Reason: cmp.Or(s.reason, v1alpha1.ReasonWaiting), Message: c.message(s), Until: s.until}
}
