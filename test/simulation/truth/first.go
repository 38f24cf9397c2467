package truth

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func approvedItself(m *moved) string {
	_, wave := m.wave()
	if wave.Approval && !m.promise.approved(m.Rollout, wave.Name) {
		return fmt.Sprintf("wave %s of attempt %d is not approved", wave.Name, m.Rollout.Spec.Attempt)
	}
	return ""
}

// approvedBefore says which wave before needs an approval and has none, with or without members in it. One that
// was done before somebody asked for its approval keeps nobody back.
func approvedBefore(m *moved) string {
	index, _ := m.wave()
	if gate := m.closed(m.Rollout, m.promise, index); gate != "" {
		return fmt.Sprintf("wave %s before it is not approved", gate)
	}
	return ""
}

// closed is the first wave before one that needs an approval and has none.
func (t *Truth) closed(r *v1alpha1.Rollout, p Promise, index int) string {
	for _, wave := range p.Waves[:index] {
		if wave.Approval && !p.approved(r, wave.Name) && !t.Ledger.of(r.Name).isDone(wave.Name) {
			return wave.Name
		}
	}
	return ""
}

// begun says whether a Rollout has moved anybody, be it before its record was deleted.
func (t *Truth) begun(r *v1alpha1.Rollout) bool {
	if t.Ledger.of(r.Name).begun {
		return true
	}
	for _, installed := range t.Installations {
		for _, i := range installed {
			if i.Spec.Move != nil && i.Spec.Move.Rollout == r.Name && i.Spec.Move.Wave != "" && i.Spec.Move.Outcome != v1alpha1.OutcomeStuck {
				return true
			}
		}
	}
	return false
}

func announced(m *moved) string {
	from := m.Rollout.CreationTimestamp.Add(m.promise.Announcement)
	if m.Now.Before(from) && !m.begun(m.Rollout) {
		return "it is announced for " + from.UTC().Format(time.RFC3339)
	}
	return ""
}

// pilotsCompleted says which pilot network has not completed its newest attempt at the version, or has gone
// back to a lower one since, and completed neither this one nor a higher one after that.
func pilotsCompleted(m *moved) string {
	app := m.Apps[m.App]
	if app == nil || slices.Contains(app.Spec.PilotNetworks, m.Rollout.Spec.Network) || m.begun(m.Rollout) {
		return ""
	}
	for _, pilot := range app.Spec.PilotNetworks {
		of := pilot + "//" + app.Name
		if !slices.Contains(m.Ledger.completed[of], target(m.Rollout)) {
			return "pilot network " + pilot + " has not completed it"
		}
		if back := m.Rollouts[m.Ledger.undone[of][target(m.Rollout)]]; back != nil { // else somebody deleted its record
			return fmt.Sprintf("pilot network %s has gone back to %s", pilot, back.Spec.Version)
		}
		newest := m.Ledger.made[of]
		if newest == nil || m.Rollouts[newest.Name] == nil {
			continue
		}
		if target(newest) == target(m.Rollout) && m.Ledger.of(newest.Name).completed.IsZero() {
			return fmt.Sprintf("pilot network %s has not completed attempt %d", pilot, newest.Spec.Attempt)
		}
	}
	return ""
}

func notTooMany(m *moved) string {
	if m.urgent(m.Rollout) || m.begun(m.Rollout) {
		return ""
	}
	carried := 0
	for _, name := range Sorted(m.Rollouts) {
		r, e := m.Rollouts[name], m.Ledger.of(name)
		if r.Spec.Network != m.Rollout.Spec.Network || !e.begun || !e.completed.IsZero() || e.phase != v1alpha1.RolloutProgressing {
			continue
		}
		if planned, known := m.Ledger.planned[name]; (!known || planned == v1alpha1.RolloutProgressing) && m.goesOn(r) {
			carried++
		}
	}
	if carried >= m.promise.AtOnce {
		return fmt.Sprintf("the group carries %d introductions, and %d it may", carried, m.promise.AtOnce)
	}
	return ""
}

// goesOn says whether a Rollout has somebody who can be moved: in the first wave that is not done,
// and where its version can be had and its app is not paused. Else it holds no place in the queue.
func (t *Truth) goesOn(r *v1alpha1.Rollout) bool {
	app := t.Apps[r.Spec.App]
	if _, offered := t.wished(r); !offered || !t.usable(r.Spec.App, target(r)) || ptr.Deref(app.Spec.Pause, false) || ptr.Deref(app.Spec.Suspend, false) {
		return false
	}
	p := t.promise(r)
	for i := range p.Waves {
		if t.Ledger.of(r.Name).isDone(p.Waves[i].Name) {
			continue
		}
		c := t.crowd(r, p, i, t.Ledger.returning[r.Name])
		if c.unready > 0 {
			return true
		}
		if c.away > 0 {
			return false
		}
	}
	return false
}

func wavesBeforeDone(m *moved) string {
	index, _ := m.wave()
	e := m.Ledger.of(m.Rollout.Name)
	for i := range index {
		name := m.promise.Waves[i].Name
		if e.isDone(name) {
			continue
		}
		if what := m.notDone(m.Rollout, m.promise, i, m.Returning); what != "" {
			return fmt.Sprintf("wave %s before it is not done: %s", name, what)
		}
		if m.closed(m.Rollout, m.promise, i+1) == "" {
			m.isDone(m.Rollout, m.promise, i)
		}
	}
	return ""
}

// isDone notes that a wave is done, who is verified in it, or stood in, and whose failure it bears.
func (t *Truth) isDone(r *v1alpha1.Rollout, p Promise, index int) {
	e := t.Ledger.of(r.Name)
	if index == 0 {
		e.stoodIn, e.stoodInAs = hadItFirst(t, r, p), p.Waves[0].Name
	}
	e.done[p.Waves[index].Name] = true
	present := map[string]bool{}
	for _, f := range t.Followers(r) {
		present[f.Municipality.Name] = true
		if t.waveOf(f, r, p) != index {
			continue
		}
		at := t.stand(f, r, p.Waves[index])
		passed := at == verified && allVerified(t, f, r, p.Waves[index])
		if at == failed || passed { // a fault of a later day does not count
			e.borne[f.Municipality.Name] = true
		}
		for _, place := range f.Places {
			e.past[place.Key] = e.past[place.Key] || (passed && place.Takes())
		}
	}
	maps.Copy(e.borne, t.leftFailed(r, p, index, present))
}

// allVerified says whether a member is verified at this moment in all of its places that take part: one that
// was before, and is away where it has the version, is judged when it is back.
func allVerified(t *Truth, f Member, r *v1alpha1.Rollout, wave Wave) bool {
	return !slices.ContainsFunc(f.Places, func(place Somewhere) bool {
		return place.Takes() && t.placed(place.Key, r, wave) != verified
	})
}

func withinLimit(m *moved) string {
	c, members, begins := m.beginning()
	_, wave := m.wave()
	return over(wave, c.onTheWay+begins, members+c.excused)
}

// beginning is the wave that a member begins in, how many take part in it, and by how many more are
// on their way.
func (m *moved) beginning() (c crowd, members, begins int) {
	index, wave := m.wave()
	c = m.crowd(m.Rollout, m.promise, index, m.Returning)
	members, begins = c.takePart()-c.gone, 1
	if c.members < many && m.waveOf(m.member, m.Rollout, m.promise) == index && m.stand(m.member, m.Rollout, wave) == onTheWay && m.started(m.member, m.Rollout) {
		begins = 0 // it is counted, as another of its places is at the target
	}
	return c, members, begins
}

// withinShare is withinLimit where maxConcurrent is a percentage: of those who take part.
func withinShare(m *moved) string {
	c, members, begins := m.beginning()
	if _, wave := m.wave(); c.excused > 0 {
		return over(wave, c.onTheWay+begins, members)
	}
	return ""
}

func over(wave Wave, moving, members int) string {
	if limit := max(1, share(wave.Limit, members)); moving > limit {
		return fmt.Sprintf("%d of %d members of wave %s are on their way, and %d may", moving, members, wave.Name, limit)
	}
	return ""
}

// catchesUp says whether a joiner gets anything but what its group has now.
func catchesUp(m *moved) string {
	var last v1alpha1.Release
	for _, r := range m.Ledger.completed[subject(m.Rollout)] {
		v := versionOf(m.Apps[m.App], r.Version)
		if v != nil && v.State != v1alpha1.VersionWithdrawn && !m.Ledger.of(m.Rollout.Name).withdrawn[r] && !m.Ledger.left[subject(m.Rollout)][r] {
			last = r
		}
	}
	// What the group has now may wait for an approval: then a joiner may get what it had before.
	// Where a record was lost, nobody knows what came last.
	before := slices.Contains(m.Ledger.completed[subject(m.Rollout)], m.To)
	gated := last == target(m.Rollout) && m.gated()
	switch {
	case last != m.To && (!before || (!gated && !m.Ledger.doubted[subject(m.Rollout)])):
		return fmt.Sprintf("it is not what the group completed last, which is %q", last.Version)
	case m.Move.Before != nil && m.Move.Before.Spec.State != v1alpha1.InstallationAbsent:
		return "something is installed"
	}
	return catchUpLimit(m)
}

// gated says whether the wave of a member, or one before, needs an approval and has none.
func (m *moved) gated() bool {
	index := m.waveOf(m.member, m.Rollout, m.promise)
	wave := m.promise.Waves[index]
	return (wave.Approval && !m.promise.approved(m.Rollout, wave.Name)) || m.closed(m.Rollout, m.promise, index) != ""
}

// catchUpLimit counts those of a wave that were brought what was completed last, and that
// neither became healthy yet nor had their time.
func catchUpLimit(m *moved) string {
	all := m.Followers(m.Rollout)
	if !m.belongs || len(all) >= many {
		return ""
	}
	index := m.waveOf(m.member, m.Rollout, m.promise)
	wave, members, coming := m.promise.Waves[index], 0, 0
	for _, f := range all {
		if m.waveOf(f, m.Rollout, m.promise) != index {
			continue
		}
		members++
		if f.Municipality.Name != m.Municipality && m.comesUp(f, wave.Deadline) {
			coming++
		}
	}
	limit := max(1, share(wave.Limit, members))
	if index > 0 {
		limit++ // one of them may be who stands in, in the first wave
	}
	if coming >= limit {
		return fmt.Sprintf("%d of %d members of wave %s catch up already, and %d may at once", coming, members, wave.Name, limit)
	}
	return ""
}

func (m *moved) comesUp(f Member, deadline time.Duration) bool {
	for _, place := range f.Places {
		s, runs := m.record(place.Key, m.Rollout), m.Reality[place.Key]
		healthy := runs != nil && (runs.Healthy || runs.Longest > 0)
		if s != nil && s.Wave == "" && s.Outcome == "" && !healthy && m.Now.Before(s.MovedAt.Add(deadline)) {
			return true
		}
	}
	return false
}
