package truth

import (
	"fmt"
	"slices"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Own holds to the promises what a municipality's own decisions are about to write: a version that
// it names, or what was there all along with other words.
func (t *Truth) Own(k Key, before, after *v1alpha1.AppInstallation) {
	if after.Spec.State == v1alpha1.InstallationAbsent {
		removal{t}.leavesUnverified(k, before)
		if t.goes(k) {
			t.Ledger.uninstalled(k)
			return
		}
		t.Broken("consent", "%s %s in %s is uninstalled, and its municipality did not decline it", k.Municipality, k.App, k.Environment)
		return
	}
	to := releaseOf(after)
	kept := before != nil && releaseOf(before) == to
	says := t.Says(k)
	m := t.Municipalities[k.Municipality]
	if before != nil {
		t.Ledger.failsAfterwards(k, before.Spec.Move, after.Spec.Move)
	}
	if move := after.Spec.Move; !kept && move != nil && move.Outcome == v1alpha1.OutcomeReturned {
		t.returnsByItself(k, to)
		return
	}
	if was, known := t.Ledger.removed[k]; known {
		delete(t.Ledger.removed, k)
		if was == to {
			return // it is written again as it was
		}
	}
	if kept {
		if stays(before, after) {
			if other := t.verifiedBefore(k, to); other != "" {
				t.Broken("verified release", "%s %s in %s is left as it is, and %s was verified there before", k.Municipality, k.App, k.Environment, other)
			}
		}
		t.Ledger.finds(k, to, says.Group)
		return
	}
	t.mayTake(k, to, says)
	if app := t.Apps[k.App]; ptr.Deref(m.Spec.Pause, false) || ptr.Deref(t.Platform.Spec.Pause, false) || (app != nil && ptr.Deref(app.Spec.Pause, false)) {
		t.Broken("own windows", "%s takes %s %s by its own decision, while it, the platform or the app is paused", k.Municipality, k.App, to.Version)
	}
	if !wordsOf(m, k, t.Now).immediate {
		t.takesInSteps(m, k, to)
	}
	t.leaves(k, before)
	t.Ledger.brings(k, to, municipal)
}

// mayTake says whether a municipality takes what it named, and what it may have.
func (t *Truth) mayTake(k Key, to v1alpha1.Release, says Says) {
	switch {
	case says.Declined:
		t.Broken("consent", "%s %s is written to %s, which declined it", k.App, to.Version, k.Municipality)
	case says.Own != to.Version:
		t.Broken("consent", "%s takes %s %s in %s by itself, and named %q", k.Municipality, k.App, to.Version, k.Environment, says.Own)
	case barred(t, k, to.Version) != "":
		t.Broken("consent", "%s takes %s %s in %s by itself: %s", k.Municipality, k.App, to.Version, k.Environment, barred(t, k, to.Version))
	case !t.usable(k.App, to):
		t.Broken("catalogue", "%s takes %s %s newly into use, which the catalogue does not have", k.Municipality, k.App, to.Version)
	}
}

// takesInSteps says whether a municipality takes a version that it named as a rollout would bring it.
func (t *Truth) takesInSteps(m *v1alpha1.Municipality, k Key, to v1alpha1.Release) {
	if !t.mayStart(m.Spec.Windows, m.Spec.Freezes, t.Now) {
		t.Broken("own windows", "%s takes %s %s by its own decision, outside its windows or in its freeze", k.Municipality, k.App, to.Version)
	}
	if earlier := t.earlier(m, k, to); earlier != "" {
		t.Broken("own stages", "%s takes %s %s in %s by its own decision, and %s was not healthy at it before", k.Municipality, k.App, to.Version, k.Environment, earlier)
	}
}

// stays says whether a write leaves what failed as it is.
func stays(before, after *v1alpha1.AppInstallation) bool {
	stuck := func(i *v1alpha1.AppInstallation) bool {
		return i.Spec.Move != nil && i.Spec.Move.Outcome == v1alpha1.OutcomeStuck
	}
	return stuck(after) && !stuck(before)
}

// returnsByItself says whether a move of the municipality's own returns to what never was healthy there,
// or can't be had.
func (t *Truth) returnsByItself(k Key, to v1alpha1.Release) {
	if !t.Ledger.healthy[k][to] || !t.usable(k.App, to) {
		t.Broken("return", "%s %s in %s returns to %s, which never was healthy there, or can't be had", k.Municipality, k.App, k.Environment, to.Version)
	}
}

// goes says whether an app is to be uninstalled: as it was declined, or as its municipality, or its
// environment, goes with all that is in it.
func (t *Truth) goes(k Key) bool {
	m := t.Municipalities[k.Municipality]
	leaves := m == nil || !m.DeletionTimestamp.IsZero() || m.Spec.Environment(k.Environment) == nil
	return t.Says(k).Declined || (leaves && (m == nil || m.Spec.DeletionPolicy == v1alpha1.DeletionDelete))
}

// barred says what of a place's own keeps a version from it that is named for it; empty where nothing does.
func barred(t *Truth, k Key, version string) string {
	there := t.Before.Present(k)
	switch {
	case !t.fits(k, version):
		return "in another zone than the version requires"
	case there != nil && there.Spec.Version == version:
		return "" // it is there
	case t.unfit(k, version) != "":
		return t.unfit(k, version)
	case there == nil:
		return ""
	}
	if needed := t.neededBy(k, there.Spec.Version, version); needed != "" {
		return "needed there by " + needed + " in the version that it has"
	}
	return ""
}

// ownUnsettled says why a place is not at the version that its municipality named; empty if it is, or
// if there is a reason that is so: it, or a stage before, can't be moved, or has failed.
func (t *Truth) ownUnsettled(k Key, named string) string {
	wanted, ok := t.available(k.App, named)
	if !ok || t.at(k, wanted) || t.absent(k, named) != "" || barred(t, k, named) != "" {
		return ""
	}
	for p, i := range t.Installations[k.Municipality] {
		if move := i.Spec.Move; p.App == k.App && move != nil && move.Target == wanted && move.Outcome != "" {
			return "" // it failed at one of its places, which says so
		}
	}
	m := t.Municipalities[k.Municipality]
	own := slices.Index(stages, m.Spec.StageOf(k.Environment))
	for _, e := range m.Spec.Environments {
		other := Key{k.Municipality, e.Name, k.App}
		if slices.Index(stages, e.Stage) < own && t.Says(other).Own == named && (t.absent(other, named) != "" || t.Ledger.refused[other]) {
			return ""
		}
	}
	return fmt.Sprintf("it named %s, and does not have it", named)
}

// earlier is an environment of an earlier stage that names the same version and is not healthy at it.
func (t *Truth) earlier(m *v1alpha1.Municipality, k Key, to v1alpha1.Release) string {
	own := slices.Index(stages, m.Spec.StageOf(k.Environment))
	for _, e := range m.Spec.Environments {
		other := Key{k.Municipality, e.Name, k.App}
		if slices.Index(stages, e.Stage) >= own || t.Says(other).Own != to.Version || barred(t, other, to.Version) != "" {
			continue // it does not get the version, whatever is named
		}
		if runs := t.Reality[other]; runs == nil || runs.Release != to || !runs.Healthy {
			return e.Name
		}
	}
	return removal{t}.earlier(m, k, to)
}
