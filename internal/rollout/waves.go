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

// assign tells the wave of each member.
func (p *planner) assign() []int {
	waves := make([]int, len(p.in.Members))
	for i := range p.in.Members {
		waves[i] = waveOf(p.strategy.Waves, &p.in.Members[i])
	}
	if !p.strategy.Waves[0].pilot {
		return waves
	}
	for _, i := range p.pilots() {
		waves[i] = 0
	}
	return waves
}

// pilots are the members of the pilot wave where nobody named them: whoever was moved as
// one and, where none of these takes part any longer, the first by name of those who have
// the version already, else of those who may move, else of those who will: a pilot that has
// to wait is waited for, and the wave is not done for want of one.
func (p *planner) pilots() []int {
	var moved []int
	next := choice{have: -1, may: -1, will: -1}
	active := false
	for i := range p.in.Members {
		m := &p.in.Members[i]
		if p.wasPilot(m) {
			moved = append(moved, i)
			active = active || m.takesPart()
			continue
		}
		p.consider(&next, i)
	}
	done := p.known[p.strategy.Waves[0].Name].CompletedAt != nil
	if first := next.first(); !active && !done && first >= 0 {
		moved = append(moved, first)
	}
	slices.Sort(moved)
	return moved
}

// choice is who may become the pilot: the first member, by its index, who has the version, who
// may move, and who will; -1 where there is none.
type choice struct{ have, may, will int }

// consider adds a member that was no pilot before.
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

func (p *planner) wasPilot(m *Member) bool {
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
