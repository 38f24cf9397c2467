package truth

import (
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// removal is the truth about environments that were taken out of the spec, or follow a group no longer that moved
// what they have: how the version fares there counts for the stages after it all the same.
type removal struct{ *Truth }

// anyLost says whether any place of a member that a group has lost is of a kind. What another moved since says nothing
// of how a Rollout fared there.
func (t removal) anyLost(f Member, r *v1alpha1.Rollout, is func(Key) bool) bool {
	return slices.ContainsFunc(f.Elsewhere, func(k Key) bool { return t.record(k, r) != nil && is(k) }) ||
		slices.ContainsFunc(t.keptIn(f.Municipality.Name), func(k Key) bool { return k.App == r.Spec.App && is(k) })
}

// holdsBack says whether a Rollout brought the version to a place of a member that its group lost, and where it was
// not verified yet: the stages after it wait for that, or the member has failed by now.
func (t removal) holdsBack(f Member, r *v1alpha1.Rollout, wave Wave) bool {
	return t.anyLost(f, r, func(k Key) bool {
		s := t.record(k, r)
		if s == nil || s.Wave == "" || !t.at(k, target(r)) || t.Ledger.of(r.Name).isDone(s.Wave) || t.ranFor(k, target(r), wave) {
			return false
		}
		return slices.ContainsFunc(f.Places, func(p Somewhere) bool { return p.Takes() && later(p.Stage, t.stageOf(k)) })
	})
}

// stageOf a place, also of one whose environment was taken out.
func (t removal) stageOf(k Key) v1alpha1.Stage {
	if t.takenOut(k) {
		return t.Installation(k).Spec.Tenant.Stage
	}
	return t.Municipalities[k.Municipality].Spec.StageOf(k.Environment)
}

// leavesUnverified notes that what is installed in an environment that was taken out is uninstalled, and says
// for which Rollout it had not been verified there: the stages after it don't get the version by that.
func (t removal) leavesUnverified(k Key, before *v1alpha1.AppInstallation) {
	if before == nil || before.Spec.Move == nil || before.Spec.State == v1alpha1.InstallationAbsent || !t.takenOut(k) {
		return
	}
	move := before.Spec.Move
	r := t.Rollouts[move.Rollout]
	switch {
	case r != nil && !ended(r) && move.Outcome == "" && releaseOf(before) == target(r):
		e, stage := t.Ledger.of(r.Name), before.Spec.Tenant.Stage
		if !t.ranFor(k, target(r), t.waveWhere(r, move.Wave)) && !e.past[k] && t.followed(k, r, stage) {
			e.unverified[k.Municipality] = append(e.unverified[k.Municipality], stage)
		}
	case move.Network == "" && move.Channel == "" && move.Target == releaseOf(before) && !t.ranFor(k, releaseOf(before), t.direct()) && t.waitsFor(k, before):
		t.Broken("own stages", "%s %s in %s is uninstalled before %s was verified there, which a later stage is to get", k.Municipality, k.App, k.Environment, before.Spec.Version)
	}
}

// takenOut says whether the environment of a place left the spec of its municipality, which stays.
func (t removal) takenOut(k Key) bool {
	m := t.Municipalities[k.Municipality]
	return m != nil && m.DeletionTimestamp.IsZero() && m.Spec.Environment(k.Environment) == nil
}

// followed says whether a place of a later stage is to get what a Rollout brought to one.
func (t removal) followed(k Key, r *v1alpha1.Rollout, stage v1alpha1.Stage) bool {
	f, _ := t.member(r, k.Municipality)
	return slices.ContainsFunc(f.Places, func(p Somewhere) bool { return p.Takes() && later(p.Stage, stage) })
}

// waveWhere is the wave of a name, else the last.
func (t removal) waveWhere(r *v1alpha1.Rollout, name string) Wave {
	p := t.promise(r)
	if i := p.index(name); i >= 0 {
		return p.Waves[i]
	}
	return p.Waves[len(p.Waves)-1]
}

// direct is the last wave of the Platform, whose soak is that of a municipality's own moves.
func (t removal) direct() Wave {
	waves := Promised(t.Objects, "").Waves
	return waves[len(waves)-1]
}

// ranFor says whether a place truly was healthy at a release for the soak of a wave, now or before a fault.
func (t removal) ranFor(k Key, r v1alpha1.Release, wave Wave) bool {
	runs := t.Reality[k]
	return runs != nil && runs.Release == r && (runs.Soaked(r, wave.Soak, t.Now) || (runs.Longest > 0 && runs.Longest >= wave.Soak))
}

// waitsFor says whether a later stage is to get what a municipality brought by itself to a place.
func (t removal) waitsFor(k Key, there *v1alpha1.AppInstallation) bool {
	for _, e := range t.Municipalities[k.Municipality].Spec.Environments {
		other := Key{k.Municipality, e.Name, k.App}
		if later(e.Stage, there.Spec.Tenant.Stage) && t.Says(other).Own == there.Spec.Version && !t.at(other, releaseOf(there)) &&
			barred(t.Truth, other, there.Spec.Version) == "" && !wordsOf(t.Municipalities[k.Municipality], other, t.Now).immediate && t.absent(other, there.Spec.Version) == "" {
			return true
		}
	}
	return false
}

func later(stage, than v1alpha1.Stage) bool {
	return slices.Index(stages, stage) > slices.Index(stages, than)
}

// fromTakenOut says whether a version comes to a stage though it was not verified in one before, whose
// environment was taken out.
func fromTakenOut(m *moved) string {
	own := m.m.Spec.StageOf(m.Environment)
	for _, stage := range m.Ledger.of(m.Rollout.Name).unverified[m.Municipality] {
		if later(own, stage) {
			return "it was not verified in an environment that was taken out before"
		}
	}
	_, wave := m.wave()
	t, where := removal{m.Truth}, ""
	t.anyLost(m.member, m.Rollout, func(k Key) bool {
		s := m.record(k, m.Rollout)
		if s != nil && m.at(k, m.To) && later(own, t.stageOf(k)) && !m.Ledger.of(m.Rollout.Name).isDone(s.Wave) && !t.ranFor(k, m.To, wave) {
			where = k.Environment
		}
		return where != ""
	})
	if where != "" {
		return where + ", which was taken out or follows the group no longer, was not verified before"
	}
	return ""
}

// earlier is an environment of an earlier stage that was taken out, and to which a municipality brought the same
// version by itself, which was not verified there.
func (t removal) earlier(m *v1alpha1.Municipality, k Key, to v1alpha1.Release) string {
	for p, i := range t.Installations[k.Municipality] {
		other, move := Key{k.Municipality, p.Environment, p.App}, i.Spec.Move
		if p.App != k.App || !later(m.Spec.StageOf(k.Environment), i.Spec.Tenant.Stage) || !t.takenOut(other) || t.Present(other) == nil {
			continue
		}
		if move != nil && move.Network == "" && move.Channel == "" && move.Target == to && !t.ranFor(other, to, t.direct()) {
			return p.Environment + ", which was taken out,"
		}
	}
	return ""
}
