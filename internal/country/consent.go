package country

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// Consent is what the decisions of one municipality ask of its AppInstallations now.
type Consent struct {
	// Write are AppInstallations whose spec or labels differ from what was decided, sorted by
	// environment and app, with those first that stay.
	Write []*v1alpha1.AppInstallation
	// Remove are AppInstallations whose app is uninstalled.
	Remove []*v1alpha1.AppInstallation
	// Ask are refused writes of which the API server is to be asked whether it takes them now. Until
	// it does, nothing is written there.
	Ask []*Refusal
	// Again is when time alone may change this, while verdicts stay as they are until Country.Next;
	// zero if never.
	Again time.Time
}

// Consent compares what was decided on a municipality's apps with what its AppInstallations say.
// What a group decides, its rollout moves: until then the release that is there stays, and so does
// who decided on it; all else is brought up to date. What the municipality decides by itself goes in
// steps of its own: see Own.
func (c *Country) Consent(t *Tenant) Consent {
	var out Consent
	m := t.Municipality
	if m == nil ||
		t.NumberTaken != "" || //guard:number-taken
		m.Spec.Suspend.IsSuspended() || isTrue(c.Platform.Suspend) {
		return out
	}

	own := c.Own(t)
	if m.DeletionTimestamp.IsZero() {
		out.decided(c, t, own)
	}

	for _, place := range slices.SortedFunc(maps.Keys(t.Installed), comparePlaces) {
		installed := t.Installed[place]
		if tenancy.Uninstalls(m, place.Environment) {
			if why := own.MustStay(c, t, place); why != "" {
				out.stays(installed, why)
				continue
			}
			out.uninstall(installed, v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: m.Name, Reason: "deletionPolicy is Delete"}, isTrue(c.Platform.Freeze))
		}
		if installed.IsUninstalled() && !out.writes(installed) {
			out.Remove = append(out.Remove, installed)
		}
	}
	return out
}

// decided carries out the verdicts on a tenant, and its own moves.
func (o *Consent) decided(c *Country, t *Tenant, own OwnPlan) {
	o.Again = own.Again
	moves := map[resolution.Place]planner.Move{}
	for _, move := range own.Moves {
		moves[resolution.Place{App: move.App, Environment: move.Environment}] = move.Move
	}

	for _, row := range t.Rows {
		v := row.Verdict
		if t.Missing[v.Environment] {
			continue // its namespace is not there yet, or on its way out
		}
		if row.Refused != nil {
			o.refused(row.Refused, c.Now)
			continue
		}
		move, moved := moves[v.Place]
		switch {
		case moved:
			o.present(movedTo(c, t, v.App, move), row.Installed)
		case v.Action == resolution.Install || v.Action == resolution.Keep:
			o.present(kept(restOf(c), t.Municipality, v, cmp.Or(row.Installed, row.Remembered)), row.Installed)
		case v.Action == resolution.Remove:
			o.uninstall(row.Installed, v.DecidedBy, false)
		}
	}
}

// refused asks again about what the API server refused, when it is time.
func (o *Consent) refused(r *Refusal, now time.Time) {
	if now.Before(r.Again) {
		o.Again = calendar.Earliest(o.Again, r.Again)
		return
	}
	o.Ask = append(o.Ask, r)
}

// kept is the AppInstallation of a verdict at the version that is there already; nil where there is
// none. A move that is to come has not decided on what is there.
func kept(rest installation.Rest, m *v1alpha1.Municipality, v resolution.Verdict, installed *v1alpha1.AppInstallation) *v1alpha1.AppInstallation {
	if installed == nil || installed.Spec.State == v1alpha1.InstallationAbsent {
		return nil
	}
	if installed.Spec.Version != v.Version || installed.Spec.Digest != v.Digest {
		v.Version, v.Digest, v.DecidedBy = installed.Spec.Version, installed.Spec.Digest, resolution.DeciderOf(installed)
	}
	want := installation.For(rest, m, m.Spec.Environment(v.Environment), v)
	installation.CarryMove(want, installed)
	installation.StayHome(want, installed)
	return want
}

// present asks for an app to be there. Nothing is written where want is nil.
func (o *Consent) present(want, installed *v1alpha1.AppInstallation) {
	if want == nil || (installed != nil && installation.Same(want, installed)) {
		return
	}
	o.Write = append(o.Write, want)
}

// stays says of an installation why it is not uninstalled yet.
func (o *Consent) stays(installed *v1alpha1.AppInstallation, why string) {
	want := installed.DeepCopy()
	want.Annotations, want.Spec.Suspend = map[string]string{v1alpha1.AnnotationDecision: why}, nil
	if failure := installed.Annotations[v1alpha1.AnnotationFailure]; failure != "" {
		want.Annotations[v1alpha1.AnnotationFailure] = failure
	}
	o.present(want, installed)
}

// uninstall asks for an app to go. The installation itself stays until it is gone.
func (o *Consent) uninstall(installed *v1alpha1.AppInstallation, by v1alpha1.DecidedBy, frozen bool) {
	if installed == nil || frozen || installed.IsUninstalled() {
		return
	}
	want := installed.DeepCopy()
	want.Spec.State = v1alpha1.InstallationAbsent
	want.Annotations = map[string]string{v1alpha1.AnnotationDecision: by.Reason}
	want.Spec.DecidedBy = v1alpha1.Decider{Level: by.Level, Name: by.Name}
	want.Spec.Suspend = nil
	if !installation.Same(want, installed) {
		o.Write = append(o.Write, want)
	}
}

// writes says whether an installation is written, as the app was asked for again.
func (o *Consent) writes(i *v1alpha1.AppInstallation) bool {
	return slices.ContainsFunc(o.Write, func(w *v1alpha1.AppInstallation) bool { return w.Namespace == i.Namespace && w.Name == i.Name })
}

func comparePlaces(a, b resolution.Place) int {
	return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.App, b.App))
}
