package main

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func endNetwork(w *world) string {
	n := w.anyNetwork()
	if n == nil || len(w.store.Networks) < 2 {
		return ""
	}
	var heir string
	if w.chance(70) {
		if other := w.anyNetwork(); other.Name != n.Name && other.Spec.Successor == "" {
			heir = other.Name
		}
	}
	if w.chance(30) && heir == "" {
		delete(w.store.Networks, n.Name)
		w.store.changed()
		return n.Name + " is deleted"
	}
	ends := metav1.NewTime(w.sometime(5))
	w.changeNetwork(n.Name, func(n *v1alpha1.Network) { n.Spec.Ends, n.Spec.Successor = &ends, heir })
	return fmt.Sprintf("%s ends %s, and %q takes its place", n.Name, ends.UTC().Format(time.RFC3339), heir)
}

func nestNetwork(w *world) string {
	n, other := w.anyNetwork(), w.anyNetwork()
	if n == nil || n.Name == other.Name {
		return ""
	}
	var inner []string
	if len(n.Spec.Members.Networks) == 0 {
		inner = []string{other.Name}
	}
	w.changeNetwork(n.Name, func(n *v1alpha1.Network) { n.Spec.Members.Networks = inner })
	return fmt.Sprintf("%s holds %v", n.Name, inner)
}

func editProposals(w *world) string {
	n, app := w.anyNetwork(), w.anyApp()
	if n == nil {
		return ""
	}
	w.changeNetwork(n.Name, func(n *v1alpha1.Network) {
		at := slices.IndexFunc(n.Spec.Apps, func(p v1alpha1.Proposal) bool { return p.Name == app.Name })
		switch {
		case at < 0:
			n.Spec.Apps = append(n.Spec.Apps, w.randomProposal(app.Name))
		case w.chance(30):
			n.Spec.Apps = slices.Delete(n.Spec.Apps, at, at+1)
		default:
			n.Spec.Apps[at] = w.randomProposal(app.Name)
		}
	})
	return fmt.Sprintf("%s: what it proposes of %s is edited", n.Name, app.Name)
}

func join(w *world) string {
	m, n := w.anyMunicipality(), w.anyNetwork()
	if m == nil || n == nil || slices.Contains(n.Spec.Members.Names, m.Name) {
		return ""
	}
	w.changeNetwork(n.Name, func(n *v1alpha1.Network) { n.Spec.Members.Names = append(n.Spec.Members.Names, m.Name) })
	return m.Name + " joins " + n.Name
}

func leave(w *world) string {
	n := w.anyNetwork()
	if n == nil || len(n.Spec.Members.Names) == 0 {
		return ""
	}
	name := pick(w, n.Spec.Members.Names...)
	w.changeNetwork(n.Name, func(n *v1alpha1.Network) {
		n.Spec.Members.Names = slices.DeleteFunc(n.Spec.Members.Names, func(other string) bool { return other == name })
	})
	return name + " leaves " + n.Name
}

// found makes a municipality, whose environments come to stand in a while.
func found(w *world) string {
	m := w.addMunicipality()
	for _, e := range m.Spec.Environments {
		w.awaitEnvironment(m.Name, e.Name)
	}
	if n := w.anyNetwork(); n != nil && w.chance(50) {
		w.changeNetwork(n.Name, func(n *v1alpha1.Network) { n.Spec.Members.Names = append(n.Spec.Members.Names, m.Name) })
	}
	return m.Name + " is created"
}

func (w *world) awaitEnvironment(municipality, environment string) {
	namespace := v1alpha1.NamespaceFor(municipality, environment)
	w.store.Missing[namespace] = true
	w.store.changed()
	w.after(w.minutes(1, 120), func() {
		delete(w.store.Missing, namespace)
		w.store.changed()
		w.dirty = true
	})
}

func deleteMunicipality(w *world) string {
	m := w.anyMunicipality()
	if m == nil || len(w.store.Municipalities) < 3 {
		return ""
	}
	w.deleted(m.Name)
	return m.Name + " is deleted"
}

// deleted lets a municipality go: its object stays until its apps are uninstalled, where it
// wants that, and its namespaces stay where it does not.
func (w *world) deleted(name string) {
	now := metav1.NewTime(w.now()).Rfc3339Copy()
	w.changeMunicipality(name, func(m *v1alpha1.Municipality) { m.DeletionTimestamp = &now })
	var gone func()
	gone = func() {
		m := w.store.Municipalities[name]
		if m.Spec.DeletionPolicy == v1alpha1.DeletionDelete && len(w.store.Installations[name]) > 0 {
			w.after(time.Hour, gone)
			return
		}
		delete(w.store.Municipalities, name)
		w.note("%s is gone", name)
		w.dirty = true
	}
	w.after(w.minutes(1, 60), gone)
}

// merge deletes a municipality, and gives its number to another.
func merge(w *world) string {
	m, into := w.anyMunicipality(), w.anyMunicipality()
	if m == nil || into == nil || m.Name == into.Name || len(w.store.Municipalities) < 3 {
		return ""
	}
	w.deleted(m.Name)
	w.changeMunicipality(into.Name, func(other *v1alpha1.Municipality) {
		other.Spec.FormerNumbers = append(other.Spec.FormerNumbers, other.Spec.Number)
		other.Spec.Number = m.Spec.Number
	})
	return m.Name + " is merged into " + into.Name
}

func suspendMunicipality(w *world) string {
	m := w.anyMunicipality()
	if m == nil {
		return ""
	}
	return w.flip(true, 5, m.Name+" is suspended", func(on bool) {
		if w.store.Municipalities[m.Name] != nil {
			w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) { m.Spec.Suspend = suspension(on) })
		}
	})
}

func suspension(on bool) v1alpha1.Suspension {
	if on {
		return v1alpha1.SuspensionOperator
	}
	return v1alpha1.SuspensionNone
}

func decide(w *world) string {
	m := w.anyMunicipality()
	if m == nil {
		return ""
	}
	var what string
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) { what = w.decides(m) })
	return what
}

// decides about an app, in place of what was decided before.
func (w *world) decides(m *v1alpha1.Municipality) string {
	app := w.anyApp()
	said := w.randomDecision(app.Name)
	if w.chance(30) && len(m.Spec.Environments) > 0 {
		here := w.randomDecision(app.Name)
		said.Environments = []v1alpha1.EnvironmentDecision{{
			Name: pick(w, m.Spec.Environments...).Name, Decision: here.Decision, Reason: here.Reason, Until: here.Until, Hold: here.Hold,
		}}
	}
	m.Spec.Apps = slices.DeleteFunc(m.Spec.Apps, func(d v1alpha1.AppDecision) bool { return d.Name == app.Name })
	m.Spec.Apps = append(m.Spec.Apps, said)
	return fmt.Sprintf("%s decides about %s: %s, hold %v, version %q", m.Name, app.Name, said.Decision, said.Hold != nil, said.Version)
}

func (w *world) randomDecision(app string) v1alpha1.AppDecision {
	d := v1alpha1.AppDecision{Name: app, Decision: v1alpha1.DecisionAdopt}
	until := metav1.NewTime(w.sometime(12))
	switch w.rng.IntN(8) {
	case 0:
		d.Decision, d.Reason = v1alpha1.DecisionDecline, "runs another one"
	case 1:
		d.Decision, d.Reason, d.Until = v1alpha1.DecisionDefer, "budget", &until
	case 2:
		d.Version = pick(w, versionNames...)
	case 3:
		d.Channel = pick(w, "stable", "pilot")
	case 4:
		if n := w.anyNetwork(); n != nil {
			d.Network = n.Name
		}
	case 5, 6:
		d.Hold = &v1alpha1.Hold{Version: pick(w, versionNames...), Reason: "year-end closing", Until: &until}
	}
	return d
}

func undecide(w *world) string {
	m := w.anyMunicipality()
	if m == nil || len(m.Spec.Apps) == 0 {
		return ""
	}
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) { m.Spec.Apps = nil })
	return m.Name + " takes its decisions back"
}

func municipalWindows(w *world) string {
	m := w.anyMunicipality()
	if m == nil {
		return ""
	}
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) {
		m.Spec.Windows, m.Spec.Freezes = nil, nil
		if w.chance(40) {
			m.Spec.Windows = w.randomWindows()
		}
		if w.chance(40) {
			m.Spec.Freezes = w.randomFreezes()
		}
	})
	return m.Name + ": windows are edited"
}

func addEnvironment(w *world) string {
	m := w.anyMunicipality()
	if m == nil || len(m.Spec.Environments) > 4 {
		return ""
	}
	name := fmt.Sprintf("env%d", w.rng.IntN(1000))
	if m.Spec.Environment(name) != nil {
		return ""
	}
	stage := pick(w, stages...)
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) {
		m.Spec.Environments = append(m.Spec.Environments, v1alpha1.Environment{Name: name, Stage: stage, Zone: v1alpha1.ZoneClosed})
	})
	w.awaitEnvironment(m.Name, name)
	return fmt.Sprintf("%s: environment %s (%s) is added", m.Name, name, stage)
}

func dropEnvironment(w *world) string {
	m := w.anyMunicipality()
	if m == nil || len(m.Spec.Environments) < 2 {
		return ""
	}
	at := w.rng.IntN(len(m.Spec.Environments))
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) { m.Spec.Environments = slices.Delete(m.Spec.Environments, at, at+1) })
	return fmt.Sprintf("%s: environment %s is taken out", m.Name, m.Spec.Environments[at].Name)
}

func suspendInstallation(w *world) string {
	all := w.store.Keys()
	if len(all) == 0 {
		return ""
	}
	k := pick(w, all...)
	return w.flip(true, 4, fmt.Sprintf("%s: installation of %s (%s) is suspended", k.Municipality, k.App, k.Environment), func(on bool) {
		i := w.store.Installation(k)
		if i == nil {
			return
		}
		next := i.DeepCopy()
		next.Spec.Suspend = &on
		next.Generation++
		w.store.put(k, next)
		w.asked(k)
	})
}

func relabel(w *world) string {
	m := w.anyMunicipality()
	if m == nil {
		return ""
	}
	county := pick(w, "40", "46", "50")
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) { m.Labels[v1alpha1.LabelCounty] = county })
	return m.Name + " belongs to county " + county
}
