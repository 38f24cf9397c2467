package truth

import (
	"slices"
	"strings"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Plans notes what a Rollout is about to say, and which members go back in its next step.
func (t *Truth) Plans(name string, phase v1alpha1.RolloutPhase, returning map[string]bool) {
	t.Ledger.planned[name], t.Ledger.returning[name] = phase, returning
}

// Reports holds what a Rollout is about to say to what is so. Returning are members that go back, or
// are left as they are, in the same step.
func (t *Truth) Reports(after *v1alpha1.Rollout, returning map[string]bool) {
	e, p := t.Ledger.of(after.Name), t.promise(after)
	if len(after.Status.Next) > 512 {
		t.Broken("status", "%s: next has %d bytes", after.Name, len(after.Status.Next))
	}
	if p.Waves[0].Name != e.stoodInAs { // a wave is known by its name: in the one that is called so nobody stood in
		e.stoodIn = ""
	}
	t.wavesDone(after, e, p, returning)
	forgets(t, after, e)
	t.verifiedWere(after, e, p)
	t.pendingLong(after, e, p)
	if after.Status.Phase == v1alpha1.RolloutCompleted {
		t.completedRightly(after, p)
	}
	if after.Status.CompletedAt != nil && e.completed.IsZero() {
		e.completed = t.Now
		t.Ledger.completes(after)
	}
	e.phase = after.Status.Phase
	delete(t.Ledger.endings, attempt(after)) // it goes on, where what took its place was deleted
	for _, f := range t.Followers(after) {
		for _, place := range f.Places {
			if t.at(place.Key, target(after)) {
				t.Ledger.finds(place.Key, target(after), groupOf(after))
			}
		}
	}
}

// wavesDone says whether a wave is called done that is not.
func (t *Truth) wavesDone(after *v1alpha1.Rollout, e *entry, p Promise, returning map[string]bool) {
	halted := after.Status.Phase == v1alpha1.RolloutHalted // it moves nobody, and is asked again when it does
	for i, wave := range after.Status.Waves {
		if i >= len(p.Waves) || wave.Name != p.Waves[i].Name || wave.CompletedAt == nil {
			continue
		}
		if e.isDone(wave.Name) {
			bearsAnew(t, after, e, p, i)
			continue
		}
		if e.completed.IsZero() { // else the waves were edited afterwards
			what, gate := t.notDone(after, p, i, returning), t.closed(after, p, i+1)
			if halted && (what != "" || gate != "") {
				continue
			}
			if what != "" {
				t.Broken("wave order", "%s says that wave %s is done: %s", after.Name, wave.Name, what)
			}
			if gate != "" {
				t.Broken("approval before", "%s says that wave %s is done: wave %s is not approved", after.Name, wave.Name, gate)
				continue
			}
		}
		t.isDone(after, p, i)
	}
}

// bearsAnew notes whose failure a wave bears that is said to be done again, as the status that said so was lost: nothing
// says which of them had failed before it was done.
func bearsAnew(t *Truth, r *v1alpha1.Rollout, e *entry, p Promise, index int) {
	wave := p.Waves[index]
	if !e.unsaid[wave.Name] {
		return
	}
	delete(e.unsaid, wave.Name)
	if c := t.crowd(r, p, index, nil); c.failed > share(wave.Budget, c.members) {
		return
	}
	for _, f := range t.Followers(r) {
		if t.waveOf(f, r, p) == index && t.stand(f, r, wave) == failed {
			e.borne[f.Municipality.Name] = true
		}
	}
}

// forgets notes what a Rollout no longer remembers, where it says that more had to be than fits: of a member that no move
// of a wave that is done shows as verified, such as one that had the version before, nothing else says so.
func forgets(t *Truth, r *v1alpha1.Rollout, e *entry) {
	if !strings.Contains(r.Status.Next, "entries did not fit in status.memory") {
		return
	}
	remembered := map[string]bool{}
	for _, m := range r.Status.Memory {
		remembered[m.Name] = remembered[m.Name] || m.Reason == v1alpha1.MemoryVerified
	}
	for k := range e.past {
		if s := t.record(k, r); !remembered[k.Municipality] && (s == nil || !e.isDone(s.Wave)) {
			delete(e.past, k)
		}
	}
}

// completedRightly says whether a Rollout completes while somebody who should have its version
// waits for it.
func (t *Truth) completedRightly(r *v1alpha1.Rollout, p Promise) {
	all := t.Followers(r)
	if len(all) >= many {
		return
	}
	for _, f := range all {
		index := t.waveOf(f, r, p)
		switch at := t.stand(f, r, p.Waves[index]); {
		case at == onTheWay && t.started(f, r):
			t.Broken("completion", "%s says that it is completed, and %s is on the way", r.Name, f.Municipality.Name)
		case at == onTheWay || at == waiting:
			t.Broken("nobody waits", "%s says that it is completed, and %s is %s", r.Name, f.Municipality.Name, at)
		case at == away && t.Ledger.of(r.Name).completed.IsZero():
			if gate := t.closed(r, p, index+1); gate != "" {
				t.Broken("approval before", "%s says that it is completed: wave %s is not approved, and %s is away", r.Name, gate, f.Municipality.Name)
			}
		}
	}
}

// verifiedWere says whether more members are counted as verified than ever were.
func (t *Truth) verifiedWere(after *v1alpha1.Rollout, e *entry, p Promise) {
	all := t.Followers(after)
	if len(all) < many {
		present := map[string]bool{}
		for _, f := range all { // who is verified stays so, and who became healthy after all has not failed
			present[f.Municipality.Name] = true
			t.stand(f, after, p.Waves[t.waveOf(f, after, p)])
		}
		t.leftFailed(after, p, 0, present) // nor has one that left, and others have
	}
	unfinished := slices.ContainsFunc(after.Status.Waves, func(w v1alpha1.WaveStatus) bool { return w.CompletedAt == nil })
	if !e.completed.IsZero() || !unfinished {
		return // what becomes of a member afterwards is not the Rollout's any more
	}
	were := 0
	pilots := t.crowd(after, p, 0, nil)
	standIn := len(p.Waves) > 1 && pilots.tries() <= pilots.away // nobody is there, or they have been away for long
	for _, f := range all {
		wave := p.Waves[t.waveOf(f, after, p)]
		if first := t.stand(f, after, p.Waves[0]); standIn && (first == verified || first == unclear) { // one that had it before stands in
			were++
			continue
		}
		at := t.stand(f, after, wave)
		if at == verified || at == unclear || e.isDone(wave.Name) || (at == excused && t.excusedAndHealthy(f, after, wave.Soak)) {
			were++
		}
	}
	if int(after.Status.Verified) > were {
		t.Broken("verified", "%s counts %d members as verified, and %d were", after.Name, after.Status.Verified, were)
	}
}

// excusedAndHealthy says whether a member has the version, and soaked, although it could not have it
// newly now.
func (t *Truth) excusedAndHealthy(f Member, r *v1alpha1.Rollout, soak time.Duration) bool {
	return slices.ContainsFunc(f.Places, func(place Somewhere) bool {
		return t.at(place.Key, target(r)) && t.Reality[place.Key].Soaked(target(r), soak, t.Now)
	})
}

// pendingLong says whether a place has been on its way, with somebody looking, for longer than it has
// time: then it must be verified, or have failed.
func (t *Truth) pendingLong(r *v1alpha1.Rollout, e *entry, p Promise) {
	if len(t.Followers(r)) >= many || ended(r) {
		return
	}
	for _, f := range t.Followers(r) {
		wave := p.Waves[t.waveOf(f, r, p)]
		for _, place := range f.Places {
			since, moving := t.Ledger.pending[place.Key]
			s := t.record(place.Key, r)
			if !moving || !place.Takes() || since.rollout != r.Name || s == nil || s.Wave == "" || s.Outcome != "" || e.isDone(s.Wave) || t.stopped(r, f) || returnsLater(t, place.Key, target(r)) ||
				t.placed(place.Key, r, wave) != onTheWay || t.Reality[place.Key].Longest >= max(wave.Soak, 1) {
				t.Ledger.pending[place.Key] = stretch{rollout: r.Name, since: t.Ledger.byTheClock()}
				continue
			}
			bound := 2*(wave.Deadline+wave.Soak) + slack
			switch {
			case t.Ledger.byTheClock()-since.since <= bound:
			case !since.again: // nothing is reported while a place is suspended, or the platform is frozen
				t.Ledger.pending[place.Key] = stretch{rollout: r.Name, since: t.Ledger.byTheClock(), again: true}
			default:
				t.Broken("time is up", "%s: %s in %s has been on the way for %s, has at most %s, and is neither verified nor failed",
					r.Name, place.Municipality, place.Environment, t.Ledger.byTheClock()-since.since, bound)
			}
		}
	}
}

// slack is for what lies between the moment when a deadline is over and the next word of a Rollout,
// and for clocks that were set back.
const slack = 4 * time.Hour

// returnsLater says whether what a place may go back to, where a release fails, can't be had for the
// moment: it waits for that.
func returnsLater(t *Truth, k Key, failed v1alpha1.Release) bool {
	return slices.ContainsFunc(t.Ledger.ran[k], func(r v1alpha1.Release) bool {
		v := versionOf(t.Apps[k.App], r.Version)
		return r != failed && v != nil && v.State != v1alpha1.VersionWithdrawn && !t.usable(k.App, r)
	})
}

// stopped says whether nothing of a member may be written now.
func (t *Truth) stopped(r *v1alpha1.Rollout, f Member) bool {
	n, app := t.Networks[r.Spec.Network], t.Apps[r.Spec.App]
	return f.Municipality.Spec.Suspend.IsSuspended() || ptr.Deref(t.Platform.Spec.Freeze, false) || ptr.Deref(t.Platform.Spec.Suspend, false) ||
		(n != nil && ptr.Deref(n.Spec.Suspend, false)) || (app != nil && ptr.Deref(app.Spec.Suspend, false))
}
