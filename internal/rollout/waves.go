package rollout

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"
)

// Matches says whether a wave names or selects a municipality.
func (w *Wave) Matches(name string, tags map[string]string) bool {
	return w.names[name] || (w.selector != nil && w.selector.Matches(labels.Set(tags)))
}

// waveOf is the first wave that a member matches, else the last: nobody is dropped.
func waveOf(waves []Wave, m *Member) int {
	for i := range waves {
		if waves[i].Matches(m.Name, m.Labels) {
			return i
		}
	}
	return len(waves) - 1
}

// assign tells the wave of each member. The first of several waves always has somebody,
// as long as anybody takes part, so that no version comes to many before it was verified at
// one: it has stand-ins where nobody was named for it, or of those who were nobody goes on.
func (p *planner) assign() []int {
	waves := make([]int, len(p.in.Members))
	for i := range p.in.Members {
		waves[i] = waveOf(p.strategy.Waves, &p.in.Members[i])
	}
	if len(p.strategy.Waves) == 1 {
		return waves
	}
	next, active := choice{have: -1, may: -1, will: -1}, false
	for i := range p.in.Members {
		m := &p.in.Members[i]
		switch {
		case waves[i] == 0 ||
			p.wasFirst(m): //guard:who-went-first-stays-first
			waves[i] = 0
			active = active || p.goesOn(m)
		default:
			p.consider(&next, i)
		}
	}
	done := p.known[p.strategy.Waves[0].Name].CompletedAt != nil
	if standIn := next.first(); !active && !done && standIn >= 0 { //guard:first-wave-has-somebody
		waves[standIn] = 0
	}
	return waves
}

// choice is who may stand in: the first member, by its index, who has the version, who may
// move, and who will, as one that has to wait is waited for; -1 where there is none.
type choice struct{ have, may, will int }

// consider adds a member that is not in the first wave.
func (p *planner) consider(c *choice, i int) {
	m := &p.in.Members[i]
	switch {
	case !m.takesPart():
	case c.have < 0 && m.has(p.target):
		c.have = i
	case c.may < 0 && m.mayMove(p.in.Now):
		c.may = i
	case c.will < 0:
		c.will = i
	}
}

// first is the best of a choice; -1 where it is empty.
func (c choice) first() int {
	for _, i := range []int{c.have, c.may, c.will} {
		if i >= 0 {
			return i
		}
	}
	return -1
}

// goesOn says whether a member of the first wave comes to its end by itself: not where it takes
// part no longer, nor where it has been away for longer than the wave's deadline and time alone
// does not bring it back. One that failed has come to its end.
func (p *planner) goesOn(m *Member) bool {
	s := p.stand(m, 0)
	if s.state != away || !s.until.IsZero() {
		return s.state != excused
	}
	since := p.in.Now
	for _, note := range p.in.Rollout.Status.OnTheWay {
		if note.Name == m.Name && note.Reason == s.reason && note.Since != nil {
			since = latest(note.Since.Time, p.in.Watching)
		}
	}
	patience := since.Add(p.strategy.Waves[0].ProgressDeadline)
	if !p.in.Now.Before(patience) {
		return false
	}
	p.again = earliest(p.again, patience)
	return true
}

// wasFirst says whether this rollout has moved a member in its first wave: it stays there.
func (p *planner) wasFirst(m *Member) bool {
	return slices.ContainsFunc(m.Places, func(place Place) bool {
		s := p.stamp(&place)
		return s != nil && s.Wave == p.strategy.Waves[0].Name
	})
}

// wasMoved says whether this rollout has moved a member, in any wave.
func (p *planner) wasMoved(m *Member) bool {
	return slices.ContainsFunc(m.Places, func(place Place) bool {
		s := p.stamp(&place)
		return s != nil && s.Wave != ""
	})
}
