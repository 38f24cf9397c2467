package planner

import (
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// rules are what each member is held to: the strategy, the target, and what the status remembers.
type rules struct {
	in       *Input
	strategy Strategy
	target   v1alpha1.Release
	// known are the waves of the Rollout's status, by name.
	known map[string]v1alpha1.WaveStatus
	// done is when waves were done, by the names that they had then.
	done wavesDone
	memory
}

// wavesDone is when waves were done, by the names that they had then.
type wavesDone map[string]time.Time

// bore says whether a wave was done with what had failed by some time.
func (d wavesDone) bore(wave string, failed time.Time) bool {
	done, was := d[wave]
	return was && !failed.After(done)
}

// memory is what the status remembers, by member.
type memory map[string][]v1alpha1.MemberMemory

func newRules(in *Input) rules {
	r := rules{
		in: in, strategy: in.Strategy,
		target: v1alpha1.Release{Version: in.Rollout.Spec.Version, Digest: in.Rollout.Spec.Digest},
		known:  make(map[string]v1alpha1.WaveStatus, len(in.Rollout.Status.Waves)), done: wavesDone{},
		memory: make(memory, len(in.Rollout.Status.Memory)),
	}

	if in.SecurityFix {
		r.strategy = r.strategy.quick()
	}

	for _, m := range in.Rollout.Status.Memory {
		if m.Reason == v1alpha1.MemoryWaveDone && m.Since != nil {
			r.done[m.Name] = m.Since.Time
			continue
		}
		r.memory[m.Name] = append(r.memory[m.Name], m)
	}

	for _, w := range in.Rollout.Status.Waves {
		r.known[w.Name] = w
		if w.CompletedAt != nil {
			r.done[w.Name] = w.CompletedAt.Time
		}
	}

	for i := range in.Elsewhere { //guard:failed-elsewhere-counts
		r.recall(&in.Elsewhere[i])
	}
	return r
}

// recall reads that a member failed where it follows the group no longer.
func (r *rules) recall(l *Left) {
	for i := range l.Places {
		installed := l.Places[i].Installed
		stamp, soak := installed.Stamp, r.strategy.Waves[r.strategy.waveNamed(l.Wave)].Soak
		if stamp.Outcome == v1alpha1.OutcomeReturned || (stamp.Outcome == v1alpha1.OutcomeStuck && !installed.recovered(soak, r.in.Now)) {
			r.memory[l.Name] = append(r.memory[l.Name], v1alpha1.MemberMemory{
				Name: l.Name, Reason: v1alpha1.MemoryFailed, Wave: stamp.Wave, Since: &stamp.MovedAt,
			})
			return
		}
	}
}

// MustRemember says whether a rollout has still to remember that the version was not verified in an environment
// of a member that was taken out. What is installed there goes afterwards.
func MustRemember(in Input, m *Member) bool {
	r := newRules(&in)
	s := r.stand(m, r.strategy.waveNamed(WaveNow(r.strategy.Waves, in.Rollout, m)))
	return s.state == failed && s.place != nil && s.place.TakenOut
}

// stamp of this rollout on a place; nil where another moved it last. To a municipality's own moves
// belong also those of a group that it left meanwhile, while nobody knows how they end.
func (r *rules) stamp(place *MemberPlace) *Stamp {
	if place.Installed == nil || place.Installed.Stamp == nil {
		return nil
	}
	stamp := place.Installed.Stamp
	if r.in.own {
		if stamp.Target != r.target || (!stamp.own() && stamp.Outcome != "") {
			return nil
		}
		return stamp
	}
	if stamp.Name != r.in.Rollout.Name {
		return nil
	}
	return stamp
}

// movedAt is when this rollout moved a place; one that had the version before is watched from the
// beginning.
func (r *rules) movedAt(place *MemberPlace) time.Time {
	if stamp := r.stamp(place); stamp != nil {
		return stamp.MovedAt.Time
	}
	return r.in.Rollout.CreationTimestamp.Time
}

// remembered is since when a member has been so, as the memory says; false where it does not.
func (all memory) remembered(name, reason string) (time.Time, bool) {
	for _, m := range all[name] {
		if m.Reason == reason && m.Since != nil {
			return m.Since.Time, true
		}
	}
	return time.Time{}, false
}

// failedIn is the wave in which a member failed, by the name it had then; empty where nobody knows.
func (all memory) failedIn(name string) string {
	for _, m := range all[name] {
		if m.Reason == v1alpha1.MemoryFailed {
			return m.Wave
		}
	}
	return ""
}

// excusedBefore says whether a place of a member that has the version could not be judged, or had a fault
// that is not the version's, when the status was written.
func (all memory) excusedBefore(name string) bool {
	for _, m := range all[name] {
		if m.Wave != "" {
			continue // its wave waits for it to come
		}
		switch m.Reason {
		case v1alpha1.MemoryFailed, v1alpha1.MemoryUnseen, v1alpha1.MemoryUnhealthy, v1alpha1.MemoryVerified, v1alpha1.MemoryPassedOver, v1alpha1.MemoryTakenOut:
		default:
			return true
		}
	}
	return false
}

// doneAt is when the wave was done that a place counts in, by whatever name; nil while it is not.
func (r *rules) doneAt(place *MemberPlace, w *Wave) (time.Time, bool) {
	name, stamp := w.Name, r.stamp(place)
	if stamp == nil && !r.in.own { //guard:had-it-is-judged
		return time.Time{}, false // it had the version before: who was verified then is remembered
	}
	if done := r.in.Rollout.Status.CompletedAt; done != nil {
		return done.Time, true
	}
	if stamp != nil && stamp.Wave != "" {
		name = stamp.Wave
	}
	at, ok := r.done[name]
	return at, ok
}

// past says whether a place was moved before its wave was done: then it was verified, or the wave's
// budget bore it, and what becomes of it later is not the rollout's any more. So it is with one of a
// member that is remembered as verified. One that could not be judged when the wave was done,
// as it was away or excused, is judged when it is back. A municipality's own move is over when the version was
// healthy for the soak once.
func (r *rules) past(member string, place *MemberPlace, w *Wave) bool {
	if r.in.own {
		return r.stamp(place) == nil || place.Installed.soakedOnce(w.Soak) || place.Installed.healthyFor(w.Soak, r.in.Now)
	}
	if r.unjudged(member, place, w) { //guard:passed-over-is-judged
		return false
	}
	moved := r.movedAt(place)
	if verified, known := r.remembered(member, v1alpha1.MemoryVerified); known && !moved.After(verified) { //guard:who-came-late-stays-verified
		return true
	}
	done, ok := r.doneAt(place, w)
	return ok && !moved.After(done) && !r.startsAnew(member) //guard:done-stays-done -> false
}

// unjudged says whether a place was passed over before it was verified, and was not healthy for the soak since.
func (r *rules) unjudged(member string, place *MemberPlace, w *Wave) bool {
	return r.wasPassedOver(member, place.Environment) && !place.Installed.ranFor(w.Soak, r.in.Now)
}

// wasPassedOver says whether a member is remembered as passed over in an environment.
func (all memory) wasPassedOver(name, environment string) bool {
	return slices.ContainsFunc(all[name], func(m v1alpha1.MemberMemory) bool {
		return m.Reason == v1alpha1.MemoryPassedOver && slices.Contains(m.Environments, environment)
	})
}

// isStuck says whether a place failed at the target, by any move, could not return, and has
// not recovered since.
func (r *rules) isStuck(place *MemberPlace, w *Wave) bool {
	i := place.Installed
	return i != nil && i.Stamp != nil && i.Stamp.Outcome == v1alpha1.OutcomeStuck && i.Stamp.Target == r.target && !i.recovered(w.Soak, r.in.Now)
}

// placeVerified says whether a place was healthy at the target for the soak. For the next of a
// municipality's own stages it must be healthy today.
func (r *rules) placeVerified(member string, place *MemberPlace, w *Wave) bool {
	i := place.Installed
	if i.soaked(w.Soak, r.in.Now) || (!r.in.own && r.past(member, place, w)) {
		return true
	}
	_, late := r.doneAt(place, w)
	return late && i.soakedOnce(w.Soak)
}
