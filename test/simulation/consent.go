package main

import (
	"maps"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// consent plays the controller that carries out what each municipality decides for
// itself: a version it names, an app it declines, its parameters. What a group decides is
// left to the group's rollout.
func (w *world) consent(o operator, seen *store) (all []write, again time.Time) {
	for _, name := range truth.Sorted(seen.Municipalities) {
		m := seen.Municipalities[name]
		look := glance{m, seen.installed[name], seen.common, len(seen.Missing), w.refusedLast[name]}
		if known := w.glances[name]; known.glance == look && (known.until.IsZero() || w.now().Before(known.until)) {
			again = earliest(again, known.until)
			continue
		}
		todo := o.consent(name)
		was := len(all)
		for _, want := range todo.write {
			all = append(all, w.writeOf(seen, want, nil, ""))
		}
		for _, want := range todo.ask {
			w.ask(o, want)
		}
		for _, i := range todo.remove {
			all = append(all, write{installed: keyOf(i), before: i, isInstallation: true})
		}
		goes, stays := w.leaving(o, m, seen)
		all = append(all, goes...)
		again = earliest(again, todo.again)
		if len(all) == was && len(todo.ask) == 0 && !stays { // nothing to do, until something is different
			w.glances[name] = glanced{look, todo.again}
		}
	}
	return all, again
}

// glance is what the decisions of a municipality are carried out from. Where it is the same
// as before there is nothing to do: so does the controller, which is woken by changes.
type glance struct {
	m         *v1alpha1.Municipality
	installed int
	common    int
	missing   int
	refused   time.Duration
}

type glanced struct {
	glance
	until time.Time
}

// ask asks the API server whether it takes now what it refused.
func (w *world) ask(o operator, want *v1alpha1.AppInstallation) {
	if k := keyOf(want); w.refuses[k] {
		w.model.refused(o, want)
	} else {
		w.model.taken(k)
	}
	w.looksAgain(keyOf(want))
}

// looksAgain lets the operator look again at once, as it has learnt what the API server refuses.
func (w *world) looksAgain(k key) {
	w.refusedLast[k.Municipality] = w.at
	w.after(0, func() { w.dirty = true })
}

// leaving are installations of a municipality, or of an environment, on its way out that wants its
// apps to go with it, which the municipality's own controller finds out; and whether any of them stays for now.
func (w *world) leaving(o operator, m *v1alpha1.Municipality, seen *store) (all []write, stays bool) {
	if m.Spec.DeletionPolicy != v1alpha1.DeletionDelete || m.Spec.Suspend.IsSuspended() ||
		ptr.Deref(seen.Platform.Spec.Freeze, false) || ptr.Deref(seen.Platform.Spec.Suspend, false) {
		return nil, false
	}
	for _, p := range slices.SortedFunc(maps.Keys(seen.Installations[m.Name]), truth.ComparePlaces) {
		i := seen.Installations[m.Name][p]
		gone := !m.DeletionTimestamp.IsZero() || m.Spec.Environment(p.Environment) == nil
		if gone && o.stays(keyOf(i)) {
			stays = true
			continue
		}
		if gone && i.Spec.State != v1alpha1.InstallationAbsent {
			want := i.DeepCopy()
			want.Annotations = map[string]string{v1alpha1.AnnotationDecision: "deletionPolicy is Delete"}
			want.Spec.State, want.Spec.DecidedBy = v1alpha1.InstallationAbsent, v1alpha1.Decider{Level: v1alpha1.LevelMunicipality, Name: m.Name}
			all = append(all, w.writeOf(seen, want, nil, ""))
		}
	}
	return all, stays
}
