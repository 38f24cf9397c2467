package main

import (
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
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
	installed      key
	before         *v1alpha1.AppInstallation
	after          *v1alpha1.AppInstallation
	isInstallation bool

	rollout      string
	recordBefore *v1alpha1.Rollout
	recordAfter  *v1alpha1.Rollout
	ends         bool

	// kind of the move, of the Rollout that goesOn with it; empty for what is no move.
	kind   truth.Kind
	course *course
}

// reconcile plans from what the operator sees, and carries the plans out: those of
// consent, and those of each group, in any order. It returns when to look again.
func (w *world) reconcile(seen *store) (time.Time, outcome) {
	w.steps++
	byClock := w.byClock
	w.byClock = false // what follows is planned from what is written now
	o := w.operator(seen)
	var batches [][]write
	consents, again := w.consent(o, seen)
	w.wakes.planned(w, "the controller of municipalities", again, byClock, consents)
	batches = append(batches, consents)
	for _, group := range seen.groups() {
		courses, at := o.plan(group)
		again = earliest(again, at)
		var todo []write
		for i := range courses {
			w.judgeCourse(&courses[i])
			batch := w.carryOut(&courses[i], seen)
			todo, batches = append(todo, batch...), append(batches, batch)
		}
		w.wakes.planned(w, group, at, byClock, todo)
	}
	if w.faulty && w.rng.IntN(30) == 0 {
		batches = append(batches, w.secondLeader(o, seen)...)
	}
	if w.faulty {
		w.rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	}
	return again, w.send(o, seen, batches)
}

// secondLeader is what a second operator does that saw the same, and leads as well.
func (w *world) secondLeader(o operator, seen *store) [][]write {
	var batches [][]write
	second := o.another()
	for _, group := range seen.groups() {
		courses, _ := second.plan(group)
		for i := range courses {
			batches = append(batches, w.carryOut(&courses[i], seen))
		}
	}
	return batches
}

// send makes the requests. The operator may be killed between any two of them; and once
// in a while it plans again before it has seen its own last write.
func (w *world) send(o operator, seen *store, batches [][]write) outcome {
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
	w.truth = w.so(&seen.Objects)
	var before *store
	sent, done, seenUntil := 0, 0, total
	if stale {
		seenUntil = 1 + w.rng.IntN(total)
	}
	for _, batch := range batches {
		for i := range batch {
			if sent == limit {
				return killed
			}
			sent++
			if stale && sent == seenUntil {
				before = w.store.snapshot()
			}
			if w.request(o, &batch[i]) && !w.losesAnswer() {
				done++ // else a conflict, or the answer was lost, which does not stop the others
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
	switch w.rng.IntN(3) { // of one kind it has seen all
	case 0:
		before.Rollouts = w.store.snapshot().Rollouts
	case 1:
		before.Installations = w.store.snapshot().Installations
	}
	_, outcome := w.reconcile(before)
	if outcome == killed {
		return killed
	}
	return wrote
}

// losesAnswer says whether the answer to a write that was carried out gets lost.
func (w *world) losesAnswer() bool { return w.faulty && w.rng.IntN(300) == 0 }

// request makes one request; it is refused where the object is not what the operator saw.
func (w *world) request(o operator, r *write) bool {
	if r.isInstallation {
		return w.requestInstallation(o, r)
	}
	live := w.store.Rollouts[r.rollout]
	if live != r.recordBefore {
		return false
	}
	if r.recordAfter == nil {
		delete(w.store.Rollouts, r.rollout)
		w.truth.Deleted(live)
		return true
	}
	w.judgeRecord(r)
	w.store.Rollouts[r.rollout] = r.recordAfter
	return true
}

func (w *world) requestInstallation(o operator, r *write) bool {
	live := w.store.Installation(r.installed)
	if live != r.before {
		return false
	}
	if w.refuses[r.installed] {
		if r.after != nil {
			w.model.refused(o, r.after)
			w.looksAgain(r.installed)
		}
		return false
	}
	w.model.taken(r.installed)
	if r.after == nil {
		w.store.put(r.installed, nil)
		w.gone(r.installed)
		w.note("%s: %s is gone (%s)", r.installed.Municipality, r.installed.App, r.installed.Environment)
		return true
	}
	w.judgeInstallation(r)
	w.store.put(r.installed, r.after)
	w.noteMove(r)
	w.asked(r.installed)
	return true
}

// carryOut are the writes of a course, in the order of the controller: what ends, ends first;
// then what was moved is written, and then what is said of it.
func (w *world) carryOut(c *course, seen *store) []write {
	var all []write
	for _, after := range c.ends {
		all = append(all, write{rollout: after.Name, recordBefore: seen.Rollouts[after.Name], recordAfter: after, ends: true, course: c})
	}
	if c.makes != nil {
		made := c.makes.DeepCopy()
		made.CreationTimestamp = metav1.NewTime(w.now()).Rfc3339Copy()
		made.Status.ObservedGeneration = -1
		return append(all, write{rollout: made.Name, recordAfter: made, course: c})
	}
	for _, m := range c.moves {
		all = append(all, w.writeOf(seen, m.want, c, m.kind))
	}
	if r := c.goesOn; r != nil && !c.saysSo {
		all = append(all, write{rollout: r.Name, recordBefore: r, recordAfter: c.says, course: c})
	}
	for _, r := range c.stale {
		all = append(all, write{rollout: r.Name, recordBefore: r, course: c})
	}
	return all
}

// sameStatus says whether two statuses say the same. Mostly they do to the bit, which is found sooner.
func sameStatus(a, b *v1alpha1.RolloutStatus) bool {
	return reflect.DeepEqual(a, b) || equality.Semantic.DeepEqual(a, b)
}

// writeOf makes the request that brings an installation to what is wanted.
func (w *world) writeOf(seen *store, want *v1alpha1.AppInstallation, c *course, kind truth.Kind) write {
	k := keyOf(want)
	before := seen.Installation(k)
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
	return write{installed: k, before: before, after: after, course: c, kind: kind, isInstallation: true}
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
