package main

import (
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// judgeRecord holds what a Rollout is about to say to what is so.
func (w *world) judgeRecord(r *write) {
	if r.recordBefore == nil {
		w.judgeNew(r.recordAfter)
		return
	}
	t, after := w.truth, r.recordAfter
	entry := w.ledger.of(after.Name)
	if r.statusOfPlan {
		w.judgeStatus(t, r, entry)
	}
	entry.phase = after.Status.Phase
	if after.Status.Phase == v1alpha1.RolloutCompleted {
		if entry.completed.IsZero() {
			entry.completed = t.now
		}
		w.ledger.completes(after)
	}
	w.noteRecord(r)
}

func (w *world) judgeNew(r *v1alpha1.Rollout) {
	for _, name := range sorted(w.store.rollouts) {
		other := w.store.rollouts[name]
		if subject(other) == subject(r) && other.Spec.Digest == r.Spec.Digest && other.Spec.Attempt >= r.Spec.Attempt {
			w.violate("attempts", "%s is made, although %s was attempt %d", r.Name, other.Name, other.Spec.Attempt)
		}
	}
	w.ledger.forget(r.Name)
	w.note("rollout %s is made, attempt %d", r.Name, r.Spec.Attempt)
}

func (w *world) judgeStatus(t *truth, r *write, entry *entry) {
	after := r.recordAfter
	p := t.promise(after)
	if len(after.Status.Next) > 512 {
		w.violate("status", "%s: next has %d bytes", after.Name, len(after.Status.Next))
	}
	returning := map[string]bool{}
	for _, move := range r.intro.Step.Moves {
		if move.Stamp.Outcome != "" {
			returning[move.Municipality] = true
		}
	}
	for i, wave := range after.Status.Waves {
		halted := after.Status.Phase == v1alpha1.RolloutHalted // it moves nobody, and is asked again when it does
		if i >= len(p.waves) || wave.CompletedAt == nil || entry.done[wave.Name] || halted {
			continue
		}
		if !entry.completed.IsZero() { // the waves were edited afterwards
			entry.done[wave.Name] = true
			continue
		}
		if what := t.notDone(after, p, i, returning); what != "" {
			w.violate("wave order", "%s says that wave %s is done: %s", after.Name, wave.Name, what)
		}
		entry.done[wave.Name] = true
	}
	w.judgeVerified(t, r, entry, p)
	if after.Status.Phase == v1alpha1.RolloutCompleted && entry.completed.IsZero() {
		w.judgeCompleted(t, after, p)
	}
}

// judgeCompleted says whether a rollout completes while it still brings somebody its version.
func (w *world) judgeCompleted(t *truth, r *v1alpha1.Rollout, p promise) {
	all := t.followers(r)
	if len(all) >= many {
		return
	}
	for _, f := range all {
		if t.stand(f, r, p.waves[t.waveOf(f, r, p)]) == onTheWay && t.started(f, r) {
			w.violate("completion", "%s says that it is completed, and %s is on the way", r.Name, f.m.Name)
		}
	}
}

// judgeVerified says whether more members are counted as verified than ever were.
func (w *world) judgeVerified(t *truth, r *write, entry *entry, p promise) {
	after := r.recordAfter
	if all := t.followers(after); len(all) < many {
		for _, f := range all { // whoever got well after all has not failed
			t.hasFailed(f, after, p.waves[t.waveOf(f, after, p)].soak)
		}
	}
	if !entry.completed.IsZero() {
		return
	}
	done := true
	for _, wave := range after.Status.Waves {
		done = done && wave.CompletedAt != nil
	}
	if done {
		return // what becomes of a member afterwards is not the rollout's any more
	}
	were := 0
	standIn := len(p.waves) > 1 && t.crowd(after, p, 0, nil).members == 0
	for _, f := range t.followers(after) {
		wave := p.waves[t.waveOf(f, after, p)]
		if standIn && t.stand(f, after, p.waves[0]) == verified { // one that had it before stands in
			were++
			continue
		}
		if at := t.stand(f, after, wave); at == verified || entry.done[wave.name] || (at == excused && t.blockedAndWell(f, after, wave.soak)) {
			were++
		}
	}
	if int(after.Status.Verified) > were {
		w.violate("verified", "%s counts %d members as verified, and %d were", after.Name, after.Status.Verified, were)
	}
}

// blockedAndWell says whether a member has the version, and soaked, although nobody could
// have it newly now.
func (t *truth) blockedAndWell(f member, r *v1alpha1.Rollout, soak time.Duration) bool {
	return slices.ContainsFunc(f.places, func(v resolution.Verdict) bool {
		k := f.key(v)
		return v.Why == resolution.Blocked && t.at(k, target(r)) && t.w.reality[k].well(target(r), soak, t.now)
	})
}

// judgeForgotten says whether a record may be deleted: not while it is under way, nor while
// an approval or a retry names what it brought, as its attempts would be counted anew.
func (w *world) judgeForgotten(r *v1alpha1.Rollout) {
	if r.Status.Phase == v1alpha1.RolloutProgressing || r.Status.Phase == v1alpha1.RolloutHalted || r.Status.Phase == v1alpha1.RolloutPending {
		w.violate("records", "%s is deleted while it is %s", r.Name, r.Status.Phase)
	}
	for _, a := range promised(w.store, r.Spec.Network).approvals {
		if a.App == r.Spec.App && a.Digest == r.Spec.Digest {
			w.violate("attempts", "%s is deleted, and an approval names it", r.Name)
		}
	}
}
