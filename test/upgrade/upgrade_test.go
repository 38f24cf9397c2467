package upgrade

import (
	"testing"

	"github.com/allmenning/allmenning/test/operator"
	"github.com/allmenning/allmenning/test/staged"
)

// A country in the middle of a rollout gets the operator of this commit in the place of an earlier one, back, and again.
// At rest, the operator that comes writes nothing that stays as it is, and leaves apps alone. Killed amid a wave, each goes on where the
// other was. In the end everybody has moved once.
func TestAnUpgradeAmidARollout(t *testing.T) {
	if earlier.program == "" {
		t.Skip(why)
	}
	w := staged.NewWorld(t, *patience)
	c := staged.Country{Admin: w.Admin, Size: *members}
	pilot := c.Moving(staged.Pilot)
	half := pilot + c.Moving(staged.Half)
	all := half + c.Moving(staged.Everyone)
	w.Install(earlier.config)
	old := w.Start(earlier.program)
	moved := c.Begin(w)
	quiet(w, old)
	w.Stop(old)

	// At rest: the second wave waits for its approval.
	next := change(w, now, "the upgrade")
	moved.Held(pilot)

	// Amid the second wave the new one is killed, and the earlier one put back.
	c.Amid(w, moved, staged.Half, pilot, next)
	w.Install(earlier.config)
	old = w.Start(earlier.program)
	c.Arrived(w, moved, staged.Half, half, half)
	quiet(w, old)
	w.Stop(old)

	// At rest again: the new one, and the earlier one after it.
	next = change(w, now, "the upgrade")
	w.Stop(next)
	old = change(w, earlier, "the way back")
	moved.Held(half)

	// Amid the last wave the earlier one is killed, and the new one brings it to its end.
	c.Amid(w, moved, staged.Everyone, half, old)
	w.Install(now.config)
	w.Start(now.program)
	c.Arrived(w, moved, staged.Everyone, all, all)
	w.Eventually("every status is Ready", c.Ready)
}

// change puts the operator of a release, with its definitions and policies, in the place of one that was stopped at rest, and judges what
// that did.
func change(w *staged.World, to release, what string) *operator.Process {
	w.Helper()
	before := look(w)
	w.Install(to.config)
	o := w.Start(to.program)
	wrote := quiet(w, o)
	judge(w, what, before.until(look(w)), wrote)
	return o
}

// judge says what a change of operators at rest did. A release may have more to say in a status, or build a wall
// otherwise: that is shown. It may write nothing that stays as it is, change no app, nor write an object again and again.
func judge(w *staged.World, what string, d difference, wrote operator.Requests) {
	w.Helper()
	const shown = 20
	w.Logf("%s: %d requests that write, %d objects changed", what, wrote.Total(), len(d.changed))
	for _, changed := range d.changed[:min(shown, len(d.changed))] {
		w.Logf("%s changed %s", what, changed)
	}
	if len(d.idle) > 0 {
		w.Errorf("%s wrote %d objects that are as they were, such as %s", what, len(d.idle), d.idle[0])
	}
	if len(d.apps) > 0 {
		w.Errorf("%s touched %d objects of apps, such as %s", what, len(d.apps), d.apps[0])
	}
	if most := len(d.changed); wrote.Total() > most {
		w.Errorf("%s made %d requests that write, for %d objects that changed: %v", what, wrote.Total(), most, wrote)
	}
}
