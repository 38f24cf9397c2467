package planner

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// Matches says whether a wave names or selects a municipality.
func (w *Wave) Matches(name string, tags map[string]string) bool {
	return w.names[name] || (w.selector != nil && w.selector.Matches(labels.Set(tags)))
}

// Picks says in words whom a wave names or selects; empty where it takes who is in no other.
func (w *Wave) Picks() string {
	picks := slices.Sorted(maps.Keys(w.names))
	if w.selector != nil {
		picks = append(picks, "those with "+w.selector.String())
	}
	return strings.Join(picks, ", ")
}

// WaveOf is the first wave that names or selects a municipality, else the last: nobody is dropped.
// Who stands in for others goes with the first wave all the same, and its status names them.
func WaveOf(waves []Wave, name string, tags map[string]string) int {
	for i := range waves {
		if waves[i].Matches(name, tags) {
			return i
		}
	}
	return len(waves) - 1
}

// WaveNow is the wave that a member of a Rollout counts in now, by its name: the first, once it was moved in that, or where
// the status names it as who goes first in place of others; else the one that names or selects it, in whatever wave
// it was moved before the waves were edited. Where nobody knows the waves, which are none then, it is that of its
// latest move; empty where there is no such move.
func WaveNow(waves []Wave, r *v1alpha1.Rollout, m *Member) string {
	said, moves := r.Status.Waves, movesInWaves(m, r.Name)
	if len(said) > 0 && said[0].StandIn == m.Name && (len(waves) == 0 || said[0].Name == waves[0].Name) {
		return said[0].Name
	}

	switch {
	case len(waves) == 0 && len(moves) == 0:
		return ""
	case len(waves) == 0:
		return slices.MaxFunc(moves, func(a, b *Stamp) int { // of two at the same time, always the same
			return cmp.Or(a.MovedAt.Compare(b.MovedAt.Time), cmp.Compare(a.Wave, b.Wave))
		}).Wave
	case slices.ContainsFunc(moves, func(s *Stamp) bool { return s.Wave == waves[0].Name }):
		return waves[0].Name
	}
	return waves[WaveOf(waves, m.Name, m.Labels)].Name
}

// movesInWaves are what the installations of a member record of the moves of a rollout in its waves.
func movesInWaves(m *Member, rollout string) []*Stamp {
	var all []*Stamp
	for i := range m.Places {
		if there := m.Places[i].Installed; there != nil && there.Stamp != nil && there.Stamp.Name == rollout && there.Stamp.Wave != "" {
			all = append(all, there.Stamp)
		}
	}
	return all
}

// assignment is which wave each member is in.
type assignment struct {
	waves []int
	// wentFirst are those that went first in place of others, by their index.
	wentFirst []bool
	// standIn is the index of the member that goes first in place of those of the first wave;
	// -1 where nobody does.
	standIn int
	// wentOn says that the first wave waits for members on their way in a later one: see choice.
	wentOn bool
	// again is when time alone may change it; zero if never.
	again time.Time
}

// assigner finds the wave of each member.
type assigner struct{ *rules }

// assign finds the wave of each member. The first of several waves always has somebody,
// as long as anybody takes part, so that no version comes to many before it was verified at
// one: somebody stands in where nobody was named for it, or of those who were nobody goes on.
func (r assigner) assign() assignment {
	a := r.named()
	if len(r.strategy.Waves) == 1 {
		return a
	}

	// Where the first wave is done nobody needs to stand in any longer, however long they are away.
	_, done := r.done[r.strategy.Waves[0].Name]
	active := done || r.leaverGoesFirst()
	next := choice{ready: -1, have: -1, may: -1, will: -1}
	for i := range r.in.Members {
		m := &r.in.Members[i]
		named := a.waves[i] == 0
		if !named && !a.wentFirst[i] { //guard:who-went-first-stays-first -> !named
			if !active {
				r.consider(&next, i)
			}
			continue
		}
		if !named {
			a.standIn = r.standsIn(a.standIn, i)
		}
		a.waves[i] = 0
		if done {
			continue
		}
		goes, patience := r.goesOn(m)
		active = active || goes
		a.again = calendar.Earliest(a.again, patience)
	}
	if !active {
		a.take(next)
	}
	return a
}

// take takes the best of those who may stand in.
func (a *assignment) take(next choice) {
	standIn := next.first()
	a.wentOn, a.again = standIn < 0 && next.wentOn, calendar.Earliest(a.again, next.again)
	if standIn >= 0 { //guard:first-wave-has-somebody
		a.waves[standIn], a.standIn = 0, standIn
	}
}

// named are the waves that name or select the members, and who of them went first in place of others.
func (r assigner) named() assignment {
	a := assignment{waves: make([]int, len(r.in.Members)), wentFirst: make([]bool, len(r.in.Members)), standIn: -1}
	inShares(len(r.in.Members), func(i int) {
		m := &r.in.Members[i]
		a.waves[i] = WaveOf(r.strategy.Waves, m.Name, m.Labels)
		a.wentFirst[i] = a.waves[i] != 0 && r.wentFirst(m)
	})
	return a
}

// choice is who may stand in: the first member, by its index, who is verified, who has the version, who can
// be moved now, and who can later, as one that has to wait is waited for; -1 where there is none. Who is verified
// is asked first, as others may have the version since that one stood in.
type choice struct {
	ready, have, may, will int
	// wentOn says that somebody is on its way in a later wave: either the first was done then, and nothing says so any
	// longer, or it came since. Nobody else goes first before it is verified there, by the measure of that wave.
	wentOn bool
	// again is when time alone may change it; zero if never.
	again time.Time
}

// consider adds a member that is not in the first wave.
func (r assigner) consider(c *choice, i int) {
	m := &r.in.Members[i]
	has := m.has(r.target)
	if c.ready >= 0 || !m.takesPart() || (c.have >= 0 || c.may >= 0) && !has {
		return
	}

	wave := r.wentLater(m)
	s := r.mayStandIn(m, wave)
	c.wentOn = c.wentOn || (wave > 0 && s.underWay())
	if s.state == failed || s.state == excused {
		c.again = calendar.Earliest(c.again, s.until)
		return
	}
	if first := c.of(&s, has); *first < 0 {
		*first = i
	}
}

// mayStandIn is how a member is doing that may stand in, by the measure of the wave that it was moved in. One that is
// verified there has failed still where it has yet to recover by the measure of the first.
func (r assigner) mayStandIn(m *Member, wave int) standing {
	s := r.stand(m, wave)
	if wave == 0 || s.state != verified {
		return s
	}
	if first := r.stand(m, 0); first.state == failed { //guard:stand-in-has-recovered
		return first
	}
	return s
}

// of is for whom a member may be the first.
func (c *choice) of(s *standing, has bool) *int {
	switch {
	case has && s.state == verified:
		return &c.ready
	case has && s.state != away:
		return &c.have
	case s.movable && c.may < 0:
		return &c.may
	}
	return &c.will
}

// first is the best of a choice; -1 where it is empty.
func (c choice) first() int {
	if c.wentOn { //guard:later-waves-began-after-the-first
		return c.ready
	}
	for _, i := range []int{c.ready, c.have, c.may, c.will} {
		if i >= 0 {
			return i
		}
	}
	return -1
}

// goesOn says whether a member of the first wave comes to its end by itself: not where it takes
// part no longer, nor where it has been away for longer than the wave's deadline and time alone
// does not bring it back. One that failed has come to its end, if this rollout moved it; else the version
// has yet to be tried. It also says when patience ends.
func (r assigner) goesOn(m *Member) (goes bool, patience time.Time) {
	s := r.stand(m, 0)
	if s.state == failed && !s.started { //guard:found-and-failed-is-not-tried -> false
		return s.mustBeRecorded(), time.Time{}
	}
	if s.state != away || !s.until.IsZero() {
		return s.state != excused, time.Time{}
	}
	since, known := r.remembered(m.Name, s.reason)
	if !known {
		since = r.in.Now
	}
	patience = r.in.deadline(since, r.strategy.Waves[0].ProgressDeadline)
	if !r.in.Now.Before(patience) {
		return false, time.Time{}
	}
	return true, patience
}

// wentFirst says whether this rollout has moved a member in its first wave, or that was done with one that
// stood in and had the version before: it stays there.
func (r assigner) wentFirst(m *Member) bool {
	first := r.strategy.Waves[0].Name
	if r.records(m, func(s *Stamp) bool { return s.Wave == first }) {
		return true
	}
	_, done := r.done[first]
	return done && r.known[first].StandIn == m.Name && m.has(r.target) //guard:who-stood-in-stays-first -> false
}

// wentLater is the wave after the first in which this rollout has moved a member; zero where there is none.
func (r assigner) wentLater(m *Member) int {
	wave := 0
	r.records(m, func(s *Stamp) bool {
		wave = max(wave, slices.IndexFunc(r.strategy.Waves, func(w Wave) bool { return w.Name == s.Wave }))
		return wave > 0
	})
	return wave
}

// standsIn is which of two members, by their index, is named as the one that stands in; the first may be -1. That
// the status names one is all that is known of one that had the version before; others that went first are on record.
func (r assigner) standsIn(so, other int) int {
	if so >= 0 && r.in.Members[so].Name == r.known[r.strategy.Waves[0].Name].StandIn { //guard:who-stood-in-stays-named
		return so
	}
	return other
}

// records says whether an installation of a member records a move of this rollout that is of a kind.
func (r *rules) records(m *Member, is func(*Stamp) bool) bool {
	return slices.ContainsFunc(m.Places, func(place MemberPlace) bool {
		s := r.stamp(&place)
		return s != nil && is(s)
	})
}

// leaverGoesFirst says whether somebody left on its way in the first wave: nobody stands in before
// it is known what becomes of the version there.
func (r assigner) leaverGoesFirst() bool {
	first := r.strategy.Waves[0].Name
	return slices.ContainsFunc(r.in.Left, func(l Left) bool {
		return l.Wave == first && r.standLeft(&l).state == moving
	})
}

// standLeft is how a municipality is doing that left: failed, moving or verified.
func (r *rules) standLeft(l *Left) standing {
	m := Member{Name: l.Name, Places: l.Places}
	s := standing{member: &m, state: verified}
	if l.Failed {
		s.state = failed
		return s
	}

	wave := r.strategy.waveNamed(l.Wave)
	for i := range m.Places {
		place := &m.Places[i]
		if stamp := r.stamp(place); stamp != nil && stamp.Outcome == v1alpha1.OutcomeStuck {
			if place.Installed.recovered(r.strategy.Waves[wave].Soak, r.in.Now) {
				continue // it has recovered
			}
			s.state, s.until = failed, time.Time{} // whatever becomes of its other places
			if place.Installed.Healthy() {
				s.wake(place.Installed.HealthySince.Add(r.strategy.Waves[wave].Soak))
			}
			return s
		}
		switch {
		case !place.at(r.target), r.placeVerified(l.Name, place, &r.strategy.Waves[wave]), place.absence().Away:
		case place.Installed.Blank:
			s.state = moving // until somebody reports it: its own plan does not take it back before
		default:
			r.watch(&s, place, &r.strategy.Waves[wave])
		}
	}

	if s.failing {
		s.state, s.until = failed, time.Time{}
	}
	return s
}

// named is the wave of a name, else the last.
func (s *Strategy) named(name string) *Wave { return &s.Waves[s.waveNamed(name)] }

// waveNamed is the wave of a name, else the last, by its index.
func (s *Strategy) waveNamed(name string) int {
	for i := range s.Waves {
		if s.Waves[i].Name == name {
			return i
		}
	}
	return len(s.Waves) - 1
}
