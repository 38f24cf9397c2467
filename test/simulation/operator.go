package main

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/rollout"
)

// outcome is how a turn of the operator ended.
type outcome int

const (
	nothing outcome = iota
	wrote
	refused
	killed
)

// write is one request of the operator. Before is what it saw, which makes the request a
// conflict where that was replaced since; after is nil where it deletes.
type write struct {
	installed key
	before    *v1alpha1.AppInstallation
	after     *v1alpha1.AppInstallation

	rollout        string
	recordBefore   *v1alpha1.Rollout
	recordAfter    *v1alpha1.Rollout
	intro          *country.Introduction
	move           *rollout.Move
	statusOfPlan   bool
	isInstallation bool
}

// reconcile plans from what the operator sees, and carries the plans out: those of
// consent, and those of each group, in any order. It tells when to look again.
func (w *world) reconcile(seen *store) (time.Time, outcome) {
	w.steps++
	c := country.At(seen.objects(w.watching), w.now())
	var batches [][]write
	consents, again := w.consent(c, seen)
	batches = append(batches, consents)
	for _, group := range seen.groups() {
		plan := c.Plan(group)
		again = earliest(again, plan.Again)
		for i := range plan.Introductions {
			w.judgeIntroduction(&plan.Introductions[i])
			batches = append(batches, w.carryOut(c, &plan.Introductions[i], seen))
		}
	}
	if w.faulty {
		w.rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	}
	return again, w.send(batches)
}

// send makes the requests. The operator may be killed between any two of them; and once
// in a while it plans again before it has seen its own last write.
func (w *world) send(batches [][]write) outcome {
	total := 0
	for _, b := range batches {
		total += len(b)
	}
	if total == 0 {
		return nothing
	}
	limit, stale := total, false
	if w.faulty && w.rng.IntN(25) == 0 {
		limit = w.rng.IntN(total)
	} else {
		stale = w.faulty && w.rng.IntN(12) == 0
	}
	w.truth = newTruth(w)
	var before *store
	sent, done := 0, 0
	for _, batch := range batches {
		for i := range batch {
			if sent == limit {
				return killed
			}
			sent++
			if stale && sent == total {
				before = w.store.snapshot()
			}
			if w.request(&batch[i]) {
				done++ // else a conflict, which does not stop the others
			}
		}
	}
	if before != nil && done > 0 {
		return w.behind(before)
	}
	if done == 0 {
		w.dirty = true // conflicts: it looks again
		return refused
	}
	return wrote
}

// behind plans once more from what was so before the last write.
func (w *world) behind(before *store) outcome {
	_, outcome := w.reconcile(before)
	if outcome == killed {
		return killed
	}
	return wrote
}

// request makes one request; it is refused where the object is not what the operator saw.
func (w *world) request(r *write) bool {
	if r.isInstallation {
		return w.requestInstallation(r)
	}
	live := w.store.rollouts[r.rollout]
	if live != r.recordBefore {
		return false
	}
	if r.recordAfter == nil {
		delete(w.store.rollouts, r.rollout)
		w.judgeForgotten(live)
		w.ledger.forget(r.rollout)
		return true
	}
	w.judgeRecord(r)
	w.store.rollouts[r.rollout] = r.recordAfter
	return true
}

func (w *world) requestInstallation(r *write) bool {
	live := w.store.installation(r.installed)
	if live != r.before {
		return false
	}
	if r.after == nil {
		w.store.put(r.installed, nil)
		delete(w.reality, r.installed)
		w.note("%s: %s is gone (%s)", r.installed.municipality, r.installed.app, r.installed.environment)
		return true
	}
	w.judgeInstallation(r)
	w.store.put(r.installed, r.after)
	w.noteMove(r)
	w.asked(r.installed)
	return true
}

// carryOut are the writes of a plan, in the order of the controller: what ends, ends first;
// then what was moved is written, and then what is told of it.
func (w *world) carryOut(c *country.Country, intro *country.Introduction, seen *store) []write {
	var all []write
	for _, end := range intro.Course.End {
		after := end.Rollout.DeepCopy()
		after.Status = rollout.End(end)
		all = append(all, write{rollout: end.Rollout.Name, recordBefore: end.Rollout, recordAfter: after, intro: intro})
	}
	if spec := intro.Course.Create; spec != nil {
		name := rollout.Name(*spec)
		made := &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{
			Name: name, Generation: 1, CreationTimestamp: metav1.NewTime(w.now()).Rfc3339Copy(),
		}, Spec: *spec.DeepCopy()}
		made.Status.ObservedGeneration = -1
		return append(all, write{rollout: name, recordAfter: made, intro: intro})
	}
	for i := range intro.Step.Moves {
		move := &intro.Step.Moves[i]
		want := c.Installation(*intro, *move)
		if want == nil {
			continue
		}
		all = append(all, w.writeOf(seen, want, intro, move))
	}
	if r := intro.Course.Current; r != nil && !equality.Semantic.DeepEqual(r.Status, intro.Step.Status) {
		after := r.DeepCopy()
		after.Status = *intro.Step.Status.DeepCopy()
		all = append(all, write{rollout: r.Name, recordBefore: r, recordAfter: after, intro: intro, statusOfPlan: true})
	}
	for _, r := range intro.Stale {
		all = append(all, write{rollout: r.Name, recordBefore: r, intro: intro})
	}
	return all
}

// writeOf makes the request that brings an installation to what is wanted.
func (w *world) writeOf(seen *store, want *v1alpha1.AppInstallation, intro *country.Introduction, move *rollout.Move) write {
	k := keyOf(want)
	before := seen.installation(k)
	after := want.DeepCopy()
	after.Generation, after.CreationTimestamp = 1, metav1.NewTime(w.now()).Rfc3339Copy()
	after.Status.ObservedGeneration = -1
	if before != nil {
		after.Generation, after.CreationTimestamp = before.Generation, before.CreationTimestamp
		after.Status = *before.Status.DeepCopy()
		after.Spec.Suspend = before.Spec.Suspend
		if !equality.Semantic.DeepEqual(before.Spec, after.Spec) {
			after.Generation++
		}
	}
	return write{installed: k, before: before, after: after, intro: intro, move: move, isInstallation: true}
}

// same says whether an installation says already what it should.
func same(want, live *v1alpha1.AppInstallation) bool {
	return live != nil && installation.Same(want, live)
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
