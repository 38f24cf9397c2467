package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// takeBack takes members that failed just now back to their last verified release, once.
// Where there is none they stay as they are; either way they then hold.
func (p *planner) takeBack() {
	if p.everyStep().closed() {
		return
	}
	for i := range p.members {
		s := &p.members[i]
		if s.failing == "" || s.member.Suspended {
			continue
		}
		for j := range s.member.Places {
			place := &s.member.Places[j]
			stamp := p.stamp(place)
			if place.decided() || place.Installed == nil || place.Installed.Release != p.target ||
				(stamp != nil && stamp.Outcome != "") { //guard:returns-once
				continue
			}
			p.moves = append(p.moves, p.back(s, place, stamp))
		}
	}
}

// back is the move of one place of a failed member.
func (p *planner) back(s *standing, place *Place, stamp *Stamp) Move {
	next := p.record(p.strategy.Waves[s.wave].Name, p.movedAt(place), nil)
	if stamp != nil {
		next = *stamp
	}
	move := Move{Municipality: s.member.Name, Environment: place.Environment, Kind: Return}
	why := ""
	switch {
	case next.Verified == nil:
		why = "no version was verified here before"
	case *next.Verified == p.target:
		why = "it is the version that was verified here last"
	case !p.in.Usable[*next.Verified]: //guard:no-return-to-withdrawn
		why = fmt.Sprintf("the version before, %s, is withdrawn or not available", next.Verified.Version)
	}
	if why != "" {
		move.Kind, move.To = Hold, p.target
		next.Outcome = v1alpha1.OutcomeStuck
		next.Message = cut(fmt.Sprintf("%s failed: %s; it stays as it is, as %s", p.target.Version, s.failing, why))
	} else {
		move.To = *next.Verified
		next.Outcome = v1alpha1.OutcomeReturned
		next.MovedAt = metav1.NewTime(p.in.Now).Rfc3339Copy()
		next.Message = cut(fmt.Sprintf("went back to %s, as %s failed: %s", next.Verified.Version, p.target.Version, s.failing))
	}
	move.Stamp = next
	return move
}

// advance moves members on their way to their next stage, and lets others begin, wave by
// wave, as many at once as their wave allows.
func (p *planner) advance() {
	nextStage, begin := p.nextStage(), p.begin()
	p.wake(nextStage)
	p.wake(begin)
	for i := range p.strategy.Waves {
		p.advanceWave(i, nextStage, begin)
	}
	for i := range p.members {
		p.again = earliest(p.again, p.members[i].until)
	}
}

// advanceWave moves the members of one wave, as far as the gates of all waves and its own let them.
func (p *planner) advanceWave(wave int, nextStage, begin gate) {
	gate := p.wave(wave)
	free := p.strategy.Waves[wave].atOnce(p.tallies[wave].members) - p.tallies[wave].moving
	room := free + p.resuming(wave)
	for i := range p.members {
		s := &p.members[i]
		switch {
		case !s.movesIn(wave):
		case s.resumes():
			if !nextStage.closed() &&
				room > 0 { //guard:resuming-minds-max-concurrent
				room--
				p.bring(s, Advance, p.target, p.strategy.Waves[wave].Name)
			}
		case s.state == moving:
			if !nextStage.closed() {
				p.bring(s, Advance, p.target, p.strategy.Waves[wave].Name)
			}
		case s.state == waiting:
			if !begin.closed() && !gate.closed() &&
				free > 0 { //guard:only-as-many-begin-as-are-free
				free--
				p.begins(s)
			}
		}
	}
}

// movesIn says whether a member is of a wave, and anything of it is to be moved.
func (s *standing) movesIn(wave int) bool { return s.wave == wave && len(s.candidates) > 0 }

// resumes says whether a member on its way goes on to its next stage. It mostly has its place
// among those that move at once already; one that was away in between may have lost it.
func (s *standing) resumes() bool {
	return s.state == moving && s.reason == ReasonNextStage && len(s.candidates) > 0
}

// resuming counts the members of a wave that go on to their next stage.
func (p *planner) resuming(wave int) int {
	n := 0
	for i := range p.members {
		if s := &p.members[i]; s.wave == wave && s.resumes() {
			n++
		}
	}
	return n
}

// begins lets a member begin.
func (p *planner) begins(s *standing) {
	t := &p.tallies[s.wave]
	p.bring(s, Advance, p.target, p.strategy.Waves[s.wave].Name)
	s.state, s.reason, s.message, s.since = moving, ReasonInstalling, "asked to move to "+p.target.Version, p.in.Now
	s.started = true
	t.waiting--
	t.moving++
	if t.startedAt == nil {
		t.startedAt = new(metav1.NewTime(p.in.Now).Rfc3339Copy())
	}
}

// catchUp brings members that have nothing, and whose turn has not come, what was
// completed last.
func (p *planner) catchUp() {
	last := p.in.Rollout.Spec.Completed
	if last == nil || *last == p.target || !p.in.Usable[*last] ||
		p.newStep().closed() { //guard:catch-up-minds-windows
		return
	}
	begin := p.begin()
	for i := range p.strategy.Waves {
		if !begin.closed() && !p.wave(i).closed() {
			continue // its turn has come: it gets the new version itself
		}
		p.catchUpWave(i, *last)
	}
}

// catchUpWave brings it to members of one wave, as many at once as the wave allows.
func (p *planner) catchUpWave(wave int, last v1alpha1.Release) {
	room := p.strategy.Waves[wave].atOnce(p.tallies[wave].members) - p.tallies[wave].moving - p.catchingUp(wave)
	for i := range p.members {
		s := &p.members[i]
		if s.wave != wave || !p.catchesUp(s) ||
			room <= 0 { //guard:catch-up-minds-max-concurrent
			continue
		}
		if s.candidates = s.member.missing(); len(s.candidates) > 0 {
			room--
			p.bring(s, CatchUp, last, "")
		}
	}
}

// catchingUp counts the members of a wave that were brought what was completed last, and are
// not well yet. Whoever does not get well in time keeps nobody else waiting.
func (p *planner) catchingUp(wave int) int {
	n := 0
	for i := range p.members {
		if s := &p.members[i]; s.wave == wave && slices.ContainsFunc(s.member.Places, func(place Place) bool { return p.comesUp(&place, wave) }) {
			n++
		}
	}
	return n
}

// comesUp says whether a place was brought what was completed last, and may still get well in time.
func (p *planner) comesUp(place *Place, wave int) bool {
	stamp := p.stamp(place)
	if stamp == nil || stamp.Wave != "" || place.Installed.healthy() {
		return false
	}
	deadline := latest(stamp.MovedAt.Time, p.in.Watching).Add(p.strategy.Waves[wave].ProgressDeadline)
	if !p.in.Now.Before(deadline) {
		return false
	}
	p.again = earliest(p.again, deadline)
	return true
}

// catchesUp says whether a member that waits for its turn may be moved meanwhile.
func (p *planner) catchesUp(s *standing) bool {
	return s.state == waiting && !s.started &&
		s.member.Calendar.Open(p.in.Now).Open //guard:catch-up-minds-own-windows
}

// missing are the places of the first stage that has nothing installed, where what the
// stages before have is well.
func (m *Member) missing() []int {
	for _, stage := range order {
		var empty []int
		well := true
		for i := range m.Places {
			place := &m.Places[i]
			if place.Stage != stage || place.decided() {
				continue
			}
			if place.Installed == nil && !place.Excuse.Away {
				empty = append(empty, i)
			}
			well = well && place.Installed.healthy()
		}
		if !well {
			return empty
		}
	}
	return nil
}

// bring moves the candidates of a member.
func (p *planner) bring(s *standing, kind Kind, to v1alpha1.Release, wave string) {
	for _, j := range s.candidates {
		place := &s.member.Places[j]
		p.moves = append(p.moves, Move{
			Municipality: s.member.Name, Environment: place.Environment, Kind: kind, To: to,
			Stamp: p.record(wave, p.in.Now, p.lastVerified(place.Installed, p.in.Strategy.Waves[s.wave].Soak)),
		})
	}
}

// record of a move by this rollout.
func (p *planner) record(wave string, at time.Time, verified *v1alpha1.Release) Stamp {
	spec := p.in.Rollout.Spec
	return Stamp{
		Name: p.in.Rollout.Name, Network: spec.Network, Channel: spec.Channel, Attempt: spec.Attempt, Target: p.target,
		Wave: wave, MovedAt: metav1.NewTime(at).Rfc3339Copy(), Verified: verified,
	}
}

// lastVerified is what a failed move goes back to: what is there, if it is healthy and was
// completed by the group or has soaked, else what was verified before it.
func (p *planner) lastVerified(there *Installed, soak time.Duration) *v1alpha1.Release {
	completed := p.in.Rollout.Spec.Completed
	switch {
	case there == nil:
		return nil
	case there.soaked(soak, p.in.Now), there.healthy() && completed != nil && *completed == there.Release: //guard:no-return-to-unverified -> true
		return &v1alpha1.Release{Version: there.Release.Version, Digest: there.Release.Digest}
	case there.Stamp == nil:
		return nil
	}
	return there.Stamp.Verified
}

func (p *planner) wake(g gate) { p.again = earliest(p.again, g.until) }

func (p *planner) sorted() []Move {
	slices.SortStableFunc(p.moves, func(a, b Move) int {
		return cmp.Or(cmp.Compare(a.Municipality, b.Municipality), cmp.Compare(a.Environment, b.Environment))
	})
	return p.moves
}
