package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// so is what is so in the world now; seen is what the operator could see, which may be nothing that differs.
func (w *world) so(seen *truth.Objects) *truth.Truth {
	t := truth.Truth{Objects: &w.store.Objects, Ledger: w.ledger, Reality: w.runs, Now: w.now(), Watching: w.watching, Broken: w.violate}
	if seen != nil {
		t.Before = *seen
	}
	return truth.At(t)
}

// judgeInstallation holds what is about to be written to the promises.
func (w *world) judgeInstallation(r *write) {
	if r.kind == "" {
		w.truth.Own(r.installed, r.before, r.after)
		return
	}
	w.truth.Moves(truth.Move{
		Key: r.installed, Kind: r.kind, To: v1alpha1.Release{Version: r.after.Spec.Version, Digest: r.after.Spec.Digest},
		Record: *r.after.Spec.Move, Rollout: r.course.goesOn, Before: r.before, Returning: r.course.returning(),
	})
}

// returning are the members that go back, or are left as they are, in a step.
func (c *course) returning() map[string]bool {
	var all map[string]bool
	for _, m := range c.moves {
		if m.kind == truth.Return || m.kind == truth.Hold {
			if all == nil {
				all = map[string]bool{}
			}
			all[keyOf(m.want).Municipality] = true
		}
	}
	return all
}

// judgeRecord holds a Rollout that is about to be written to the promises.
func (w *world) judgeRecord(r *write) {
	switch {
	case r.recordBefore == nil:
		w.truth.Made(r.recordAfter)
		w.note("rollout %s is made, attempt %d", r.recordAfter.Name, r.recordAfter.Spec.Attempt)
		return
	case r.ends:
		w.truth.Ends(r.recordAfter, r.recordAfter.Status.Phase)
	default:
		w.truth.Reports(r.recordAfter, r.course.returning())
	}
	w.noteRecord(r)
}

// judgeCourse says whether a group that does nothing says why. How far each of its Rollouts is by
// now it notes, as what is written first may rest on what is written last.
func (w *world) judgeCourse(c *course) {
	t := truth.Truth{Ledger: w.ledger}
	for _, end := range c.ends {
		t.Plans(end.Name, end.Status.Phase, nil)
	}
	if c.goesOn == nil {
		return
	}
	t.Plans(c.says.Name, c.says.Status.Phase, c.returning())
	if len(c.moves) == 0 && c.again.IsZero() && c.says.Status.Next == "" {
		w.violate("progress", "rollout %s does nothing, waits for no time, and says nothing", c.goesOn.Name)
	}
}

// wakes are when each group asked to be looked at again, when it was planned last.
type wakes map[string]time.Time

// planned says whether a group has something to do that it did not ask to be woken for: nothing
// changed since but the clock, which had not come so far.
func (k wakes) planned(w *world, group string, again time.Time, byClock bool, todo []write) {
	asked, known := k[group]
	if byClock && len(todo) > 0 && known && (asked.IsZero() || asked.After(w.now())) {
		w.violate("wake", "%s writes %s at %s, and asked to be woken %s", group, todo[0], w.now().UTC().Format(time.RFC3339), inWords(asked))
	}
	k[group] = again
}

// String is what a request writes, in a few words.
func (r write) String() string {
	switch {
	case r.isInstallation:
		return fmt.Sprintf("installation %s/%s/%s", r.installed.Municipality, r.installed.Environment, r.installed.App)
	case r.recordBefore == nil || r.recordAfter == nil:
		return "rollout " + r.rollout
	}
	before, after := reflect.ValueOf(r.recordBefore.Status), reflect.ValueOf(r.recordAfter.Status)
	var changed []string
	for i := range before.NumField() {
		if !equality.Semantic.DeepEqual(before.Field(i).Interface(), after.Field(i).Interface()) {
			changed = append(changed, before.Type().Field(i).Name)
		}
	}
	return fmt.Sprintf("%s of rollout %s", strings.Join(changed, ", "), r.rollout)
}

func inWords(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return "at " + at.UTC().Format(time.RFC3339)
}
