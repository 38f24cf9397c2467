package consent

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// planned is what shall be written, sorted by namespace and app.
type planned struct {
	// write are AppInstallations whose spec or labels differ from what was decided.
	write []*v1alpha1.AppInstallation
	// remove are AppInstallations whose app is uninstalled.
	remove []*v1alpha1.AppInstallation
	// moved tells, for describe, which installations change their version.
	moved []move
}

// move is a change of version.
type move struct {
	installation *v1alpha1.AppInstallation
	from, to     string
}

// plan compares what was decided with what AppInstallations say.
func plan(seen observed) planned {
	var out planned
	m, platform := seen.tenant.Municipality, seen.country.Platform
	if ptr.Deref(m.Spec.Suspend, false) || ptr.Deref(platform.Suspend, false) {
		return out
	}
	if m.DeletionTimestamp.IsZero() {
		out.decided(seen)
	}
	for _, place := range slices.SortedFunc(maps.Keys(seen.tenant.Installed), comparePlaces) {
		installed := seen.tenant.Installed[place]
		if tenancy.Uninstalls(m, place.Environment) {
			out.uninstall(installed, v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: m.Name, Reason: "deletionPolicy is Delete"}, ptr.Deref(platform.Freeze, false))
		}
		if uninstalled(installed) && !out.writes(installed) {
			out.remove = append(out.remove, installed)
		}
	}
	return out
}

// writes says whether an installation is written, as the app was asked for again.
func (p *planned) writes(i *v1alpha1.AppInstallation) bool {
	return slices.ContainsFunc(p.write, func(w *v1alpha1.AppInstallation) bool { return w.Namespace == i.Namespace && w.Name == i.Name })
}

// decided carries out the verdicts on a tenant.
func (p *planned) decided(seen observed) {
	t := seen.tenant
	for _, row := range t.Rows {
		v := row.Verdict
		if t.Missing[v.Environment] {
			continue // its namespace is not there yet, or on its way out
		}
		switch v.Action {
		case resolution.Install, resolution.Keep:
			if want := wanted(seen.country.Apps.Of(v.App), t.Municipality, v, cmp.Or(row.Installed, row.Remembered)); want != nil {
				p.present(want, row.Installed)
			}
		case resolution.Remove:
			p.uninstall(row.Installed, v.DecidedBy, false)
		case resolution.Nothing:
		}
	}
}

// wanted is the AppInstallation that a verdict asks for; nil where there is none and a
// rollout brings it in its turn. What a group decides, its rollout moves: until then the
// release that is there stays, and so does who decided on it; all else is brought up to date.
// What a hold names where nothing is, the municipality decides, though a group counts it.
func wanted(app *catalogue.App, m *v1alpha1.Municipality, v resolution.Verdict, installed *v1alpha1.AppInstallation) *v1alpha1.AppInstallation {
	there := installed != nil && installed.Spec.State != v1alpha1.InstallationAbsent
	inTurn := v.Action == resolution.Install && v.Group != (resolution.Group{}) && v.Why != resolution.Held
	if inTurn && !there {
		return nil
	}
	same := there && installed.Spec.Version == v.Version && installed.Spec.Digest == v.Digest
	if inTurn && !same {
		v.Version, v.Digest, v.DecidedBy = installed.Spec.Version, installed.Spec.Digest, resolution.DeciderOf(installed)
		same = true
	}
	want := installation.For(app, m, m.Spec.Environment(v.Environment), v)
	if same {
		installation.CarryMove(want, installed)
	}
	return want
}

func (p *planned) present(want, installed *v1alpha1.AppInstallation) {
	if installed != nil && installation.Same(want, installed) {
		return
	}
	if installed != nil && installed.Spec.Version != want.Spec.Version {
		p.moved = append(p.moved, move{installed, installed.Spec.Version, want.Spec.Version})
	}
	p.write = append(p.write, want)
}

// uninstall asks for an app to go. The installation itself stays until it is gone.
func (p *planned) uninstall(installed *v1alpha1.AppInstallation, by v1alpha1.DecidedBy, frozen bool) {
	if installed == nil || frozen || uninstalled(installed) {
		return
	}
	want := installed.DeepCopy()
	want.Spec.State = v1alpha1.InstallationAbsent
	want.Annotations = map[string]string{v1alpha1.AnnotationDecision: by.Reason}
	want.Spec.DecidedBy = v1alpha1.Decider{Level: by.Level, Name: by.Name}
	want.Spec.Suspend = nil
	if !installation.Same(want, installed) {
		p.write = append(p.write, want)
	}
}

// uninstalled says whether an app that was asked to go is gone: the installation
// has seen the request, and has nothing left of its own.
func uninstalled(i *v1alpha1.AppInstallation) bool {
	if i.Spec.State != v1alpha1.InstallationAbsent || i.Status.ObservedGeneration != i.Generation || len(i.Status.Inventory) > 0 {
		return false
	}
	for _, c := range i.Status.Conditions {
		if c.Type == v1alpha1.ConditionReady {
			return c.Status == metav1.ConditionTrue && c.ObservedGeneration == i.Generation
		}
	}
	return false
}

func comparePlaces(a, b resolution.Place) int {
	if c := strings.Compare(a.Environment, b.Environment); c != 0 {
		return c
	}
	return strings.Compare(a.App, b.App)
}
