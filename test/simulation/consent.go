package main

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// consent plays the controller that carries out what each municipality decides for
// itself: a version it names, an app it declines, its parameters. What a group decides is
// left to the group's rollout.
func (w *world) consent(o operator, seen *store) (all []write, again time.Time) {
	if ptr.Deref(seen.Platform.Spec.Suspend, false) {
		return nil, again
	}
	for _, name := range truth.Sorted(seen.Municipalities) {
		m := seen.Municipalities[name]
		look := glance{m, seen.installed[name], seen.common, len(seen.Missing)}
		if known := w.glances[name]; known.glance == look && (known.until.IsZero() || w.now().Before(known.until)) {
			again = earliest(again, known.until)
			continue
		}
		if ptr.Deref(m.Spec.Suspend, false) {
			continue
		}
		was, until := len(all), time.Time{}
		if m.DeletionTimestamp.IsZero() {
			for _, v := range o.verdicts(m) {
				until = earliest(until, v.Until)
				if want := decided(o, m, v, seen); want != nil {
					all = append(all, w.writeOf(seen, want, nil, ""))
				}
			}
		}
		all = append(all, w.leftovers(m, seen)...)
		again = earliest(again, until)
		if len(all) == was { // nothing to do, until something is different
			w.glances[name] = glanced{look, until}
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
}

type glanced struct {
	glance
	until time.Time
}

// decided is the installation that a verdict asks for; nil where there is nothing to write.
func decided(o operator, m *v1alpha1.Municipality, v resolution.Verdict, seen *store) *v1alpha1.AppInstallation {
	if seen.Missing[v1alpha1.NamespaceFor(m.Name, v.Environment)] {
		return nil
	}
	there := seen.Installations[m.Name][truth.Place{Environment: v.Environment, App: v.App}]
	standing := there != nil && there.Spec.State != v1alpha1.InstallationAbsent
	switch v.Action {
	case resolution.Install, resolution.Keep:
	case resolution.Remove:
		if !standing {
			return nil
		}
		return absent(there, v.DecidedBy)
	case resolution.Nothing:
		return nil
	}
	inTurn := v.Action == resolution.Install && v.Group != (resolution.Group{}) && v.Why != resolution.Held
	if inTurn && !standing {
		return nil
	}
	kept := standing && there.Spec.Version == v.Version && there.Spec.Digest == v.Digest
	if inTurn && !kept {
		v.Version, v.Digest, v.DecidedBy = there.Spec.Version, there.Spec.Digest, resolution.DeciderOf(there)
		kept = true
	}
	want := installation.For(o.country.Apps.Of(v.App), m, m.Spec.Environment(v.Environment), v)
	if kept {
		installation.CarryMove(want, there)
	}
	if there != nil && installation.Same(want, there) {
		return nil
	}
	return want
}

func absent(there *v1alpha1.AppInstallation, by v1alpha1.DecidedBy) *v1alpha1.AppInstallation {
	want := there.DeepCopy()
	want.Annotations = map[string]string{v1alpha1.AnnotationDecision: by.Reason}
	want.Spec.State, want.Spec.DecidedBy = v1alpha1.InstallationAbsent, v1alpha1.Decider{Level: by.Level, Name: by.Name}
	return want
}

// leftovers are installations to be deleted as their app is uninstalled, and those of a
// municipality or an environment on its way out, where it wants that.
func (w *world) leftovers(m *v1alpha1.Municipality, seen *store) []write {
	var all []write
	for _, p := range slices.SortedFunc(maps.Keys(seen.Installations[m.Name]), truth.ComparePlaces) {
		i := seen.Installations[m.Name][p]
		k := key{Municipality: m.Name, Environment: p.Environment, App: p.App}
		ready := meta.IsStatusConditionTrue(i.Status.Conditions, v1alpha1.ConditionReady)
		leaving := m.Spec.DeletionPolicy == v1alpha1.DeletionDelete && (!m.DeletionTimestamp.IsZero() || m.Spec.Environment(p.Environment) == nil)
		switch {
		case i.Spec.State == v1alpha1.InstallationAbsent && i.Status.ObservedGeneration == i.Generation && ready:
			all = append(all, write{installed: k, before: i, isInstallation: true})
		case leaving && i.Spec.State != v1alpha1.InstallationAbsent && !ptr.Deref(seen.Platform.Spec.Freeze, false):
			by := v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: m.Name, Reason: "deletionPolicy is Delete"}
			all = append(all, w.writeOf(seen, absent(i, by), nil, ""))
		}
	}
	return all
}
