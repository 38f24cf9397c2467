package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// crowd is a wave as it truly stands.
type crowd struct {
	members, failed, onTheWay, absent, verified int
	// unready are members that are neither verified nor excused, failed or away.
	unready []string
}

// waveOf is the wave that a member counts in.
func (t *truth) waveOf(f member, r *v1alpha1.Rollout, p promise) int {
	for _, v := range f.places {
		if s := t.stamped(f.key(v), r); s != nil && s.Wave == p.waves[0].name {
			return 0 // also where it stands in for others
		}
	}
	return p.waveOf(f.m)
}

// many is how many members make a world large. In one, a wave is counted anew at every
// so many writes of a turn, and not at each: small worlds see to what that might miss.
const (
	many  = 1000
	every = 200
)

// counted is a crowd, and how often it was asked for since it was counted.
type counted struct {
	crowd crowd
	asked int
}

// crowd counts a wave.
func (t *truth) crowd(r *v1alpha1.Rollout, p promise, index int, returning map[string]bool) crowd {
	if len(t.followers(r)) < many {
		return t.count(r, p, index, returning)
	}
	key := fmt.Sprintf("%s %d %d", r.Name, index, len(returning))
	known, ok := t.crowds[key]
	if !ok || known.asked == every {
		known = counted{crowd: t.count(r, p, index, returning)}
	}
	known.asked++
	if t.crowds == nil {
		t.crowds = map[string]counted{}
	}
	t.crowds[key] = known
	return known.crowd
}

func (t *truth) count(r *v1alpha1.Rollout, p promise, index int, returning map[string]bool) crowd {
	var c crowd
	wave := p.waves[index]
	present := map[string]bool{}
	for _, f := range t.followers(r) {
		present[f.m.Name] = true
		if t.waveOf(f, r, p) != index {
			continue
		}
		c.members++
		at := t.stand(f, r, wave)
		if returning[f.m.Name] {
			at = failed
		}
		switch at {
		case failed:
			c.failed++
		case verified:
			c.verified++
		case absentNow:
			c.absent++
		case onTheWay:
			if t.started(f, r) {
				c.onTheWay++
			}
			c.unready = append(c.unready, f.m.Name+" on the way")
		case waiting:
			c.unready = append(c.unready, f.m.Name+" waiting")
		case excused:
		}
	}
	gone := t.leftFailed(r, p, index, present)
	c.failed += gone
	c.members += gone
	return c
}

// leftFailed are members that failed and left afterwards, whose installations are there.
func (t *truth) leftFailed(r *v1alpha1.Rollout, p promise, index int, present map[string]bool) int {
	gone := map[string]bool{}
	for _, name := range sorted(t.w.store.installations) {
		if present[name] {
			continue
		}
		for _, i := range t.w.store.installations[name] {
			s := i.Spec.Move
			if s == nil || s.Rollout != r.Name || s.Outcome == "" || s.Wave == "" {
				continue
			}
			at := p.indexOf(s.Wave)
			if at < 0 {
				at = len(p.waves) - 1
			}
			if at == index {
				gone[name] = true
			}
		}
	}
	return len(gone)
}

func withinBudget(m *moved) string {
	for i, wave := range m.promise.waves {
		c := m.crowd(m.r, m.promise, i, m.returning)
		if budget := share(wave.budget, c.members); c.failed > budget {
			return fmt.Sprintf("%d of %d members of wave %s failed, and %d may", c.failed, c.members, wave.name, budget)
		}
	}
	return ""
}

func (m *moved) wave() (int, promisedWave) {
	i := m.promise.indexOf(m.stamp.Wave)
	if i < 0 {
		return len(m.promise.waves) - 1, m.promise.waves[len(m.promise.waves)-1]
	}
	return i, m.promise.waves[i]
}

func approved(m *moved) string {
	_, wave := m.wave()
	if !wave.approval {
		return ""
	}
	for _, a := range m.promise.approvals {
		if a.App == m.r.Spec.App && a.Digest == m.r.Spec.Digest && a.Wave == wave.name && max(a.Attempt, 1) == m.r.Spec.Attempt {
			return ""
		}
	}
	return fmt.Sprintf("wave %s of attempt %d is not approved", wave.name, m.r.Spec.Attempt)
}

func announced(m *moved) string {
	from := m.r.CreationTimestamp.Add(m.promise.announcement)
	if !m.w.ledger.of(m.r.Name).begun && m.now.Before(from) {
		return "it is announced for " + from.Format(time.RFC3339)
	}
	return ""
}

func pilotsCompleted(m *moved) string {
	app := m.w.store.apps[m.k.app]
	if m.w.ledger.of(m.r.Name).begun || app == nil || slices.Contains(app.Spec.PilotNetworks, m.r.Spec.Network) {
		return ""
	}
	for _, pilot := range app.Spec.PilotNetworks {
		if !m.w.ledger.completed[pilot+"//"+app.Name][target(m.r)] {
			return "pilot network " + pilot + " has not completed it"
		}
	}
	return ""
}

func notTooMany(m *moved) string {
	if m.w.ledger.of(m.r.Name).begun || m.urgent(m.r) {
		return ""
	}
	carried := 0
	for _, name := range sorted(m.w.store.rollouts) {
		r, e := m.w.store.rollouts[name], m.w.ledger.of(name)
		if m.standsStill(r) {
			continue
		}
		if r.Spec.Network == m.r.Spec.Network && e.begun && e.phase == v1alpha1.RolloutProgressing && m.w.planned[name] == v1alpha1.RolloutProgressing {
			carried++
		}
	}
	if carried >= m.promise.atOnce {
		return fmt.Sprintf("the group carries %d introductions, and %d it may", carried, m.promise.atOnce)
	}
	return ""
}

// standsStill says whether whoever is next in a rollout is away. It is then not counted among
// those that a group carries.
func (t *truth) standsStill(r *v1alpha1.Rollout) bool {
	p := t.promise(r)
	for i := range p.waves {
		if t.w.ledger.of(r.Name).done[p.waves[i].name] {
			continue
		}
		c := t.crowd(r, p, i, nil)
		return c.absent > 0 && len(c.unready) == 0
	}
	return false
}

func wavesBeforeDone(m *moved) string {
	index, _ := m.wave()
	entry := m.w.ledger.of(m.r.Name)
	for i := range index {
		name := m.promise.waves[i].name
		if entry.done[name] {
			continue
		}
		if what := m.notDone(m.r, m.promise, i, m.returning); what != "" {
			return fmt.Sprintf("wave %s before it is not done: %s", name, what)
		}
		entry.done[name] = true
	}
	return ""
}

// notDone says what is wanting of a wave; empty if it is done.
func (t *truth) notDone(r *v1alpha1.Rollout, p promise, index int, returning map[string]bool) string {
	c := t.crowd(r, p, index, returning)
	budget := share(p.waves[index].budget, c.members)
	first := index == 0 && len(p.waves) > 1
	switch {
	case c.failed > budget:
		return fmt.Sprintf("%d of %d members failed, and %d may", c.failed, c.members, budget)
	case len(c.unready) > 0:
		return c.unready[0]
	case first:
		return t.firstWanting(r, p, c)
	case c.absent > 0 && c.verified == 0 && !t.anybody(r, p, index):
		return "nobody is verified, and some are away"
	}
	return ""
}

// anybody says whether a member of a wave before was verified.
func (t *truth) anybody(r *v1alpha1.Rollout, p promise, index int) bool {
	for before := range index {
		if t.crowd(r, p, before, nil).verified > 0 {
			return true
		}
	}
	return false
}

// someFailed says whether anybody failed, also one who left, or uninstalled the app, since.
func (t *truth) someFailed(r *v1alpha1.Rollout) bool {
	for _, failed := range t.w.ledger.of(r.Name).failed {
		if failed {
			return true
		}
	}
	return false
}

// firstWanting says what is wanting of the first of several waves: somebody who tried the
// version, be it one who had it before.
func (t *truth) firstWanting(r *v1alpha1.Rollout, p promise, c crowd) string {
	if c.verified > 0 || c.failed > 0 || t.someFailed(r) {
		return ""
	}
	for _, f := range t.followers(r) {
		if t.stand(f, r, p.waves[0]) == verified {
			return ""
		}
	}
	return "nobody went first"
}

func withinLimit(m *moved) string {
	index, wave := m.wave()
	c := m.crowd(m.r, m.promise, index, m.returning)
	members, begins := c.members, 1
	if f, ok := m.follower(m.r, m.m.Name); ok && index == 0 && m.waveOf(f, m.r, m.promise) != 0 {
		members = c.members + 1 // it stands in for others
	}
	for _, f := range m.followers(m.r) {
		if c.members >= many {
			break // the count may be of some writes ago
		}
		if f.m.Name == m.m.Name && m.waveOf(f, m.r, m.promise) == index && m.stand(f, m.r, wave) == onTheWay {
			begins = 0 // it is counted, as another of its places is at the target
		}
	}
	limit := max(1, share(wave.limit, members))
	if c.onTheWay+begins > limit {
		return fmt.Sprintf("%d of %d members of wave %s are on their way, and %d may", c.onTheWay+begins, members, wave.name, limit)
	}
	return ""
}
