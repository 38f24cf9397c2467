package truth

import (
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// versionOf an app; nil where the catalogue does not list it.
func versionOf(app *v1alpha1.SharedApp, version string) *v1alpha1.Version {
	if app == nil {
		return nil
	}
	for i := range app.Spec.Versions {
		if app.Spec.Versions[i].Version == version {
			return &app.Spec.Versions[i]
		}
	}
	return nil
}

// channelVersion is the version that a channel points at; empty where there is no such channel.
func channelVersion(app *v1alpha1.SharedApp, channel string) string {
	if app == nil {
		return ""
	}
	for _, c := range app.Spec.Channels {
		if c.Name == channel {
			return c.Version
		}
	}
	return ""
}

// offered is the release that a channel points at; false where it can't be had by anybody now.
func (t *Truth) offered(app, channel string) (v1alpha1.Release, bool) {
	return t.available(app, channelVersion(t.Apps[app], channel))
}

// available is the release of a version that is listed, not withdrawn, and can be fetched.
func (t *Truth) available(app, version string) (v1alpha1.Release, bool) {
	a := t.Apps[app]
	v := versionOf(a, version)
	if v == nil || v.State == v1alpha1.VersionWithdrawn {
		return v1alpha1.Release{}, false
	}
	for _, s := range a.Status.Versions {
		if s.Version == version && s.Available {
			return v1alpha1.Release{Version: s.Version, Digest: s.Digest}, true
		}
	}
	return v1alpha1.Release{}, false
}

// usable says whether a release is listed, available and not withdrawn.
func (t *Truth) usable(app string, r v1alpha1.Release) bool {
	found, ok := t.available(app, r.Version)
	return ok && found == r
}

// urgent says whether a Rollout brings a security fix.
func (t *Truth) urgent(r *v1alpha1.Rollout) bool {
	v := versionOf(t.Apps[r.Spec.App], r.Spec.Version)
	return v != nil && ptr.Deref(v.SecurityFix, false)
}

// requiredBy a version of an app; nil where it requires nothing, or is not listed.
func requiredBy(app *v1alpha1.SharedApp, version string) *v1alpha1.Requirements {
	if v := versionOf(app, version); v != nil {
		return v.Requires
	}
	return nil
}

// requiredZone of a version of an app for a stage; empty where any will do.
func requiredZone(app *v1alpha1.SharedApp, version string, stage v1alpha1.Stage) v1alpha1.Zone {
	requires := requiredBy(app, version)
	if requires == nil {
		return ""
	}
	for _, required := range requires.Zones {
		if required.Stage == stage {
			return required.Zone
		}
	}

	return ""
}

// lacks is an app that a version of this one requires and that is not there, in range, and ready, or that may go back out
// of that range; empty where nothing is missing.
func (t *Truth) lacks(k Key, version string) string {
	requires := requiredBy(t.Apps[k.App], version)
	if requires == nil {
		return ""
	}
	for _, needed := range requires.Apps {
		found := t.Before.Present(Key{k.Municipality, k.Environment, needed.Name})
		if found == nil || !inRange(found.Status.AppliedVersion, needed.Version) || !readyNow(found) || (returns{t}).mayGoBack(found, needed.Version) {
			return needed.Name
		}
	}
	return ""
}

// returns are the part of the truth that says what would go back to which version.
type returns struct{ *Truth }

// mayGoBack says whether an installation that is ready surely would go back to a version out of a range if it failed: its
// status does not say yet that it was healthy for as long as it has to be, or the wave that it was moved in is not done.
func (t returns) mayGoBack(i *v1alpha1.AppInstallation, within string) bool {
	if !t.hasOther(i, within) {
		return false
	}
	s, soak := i.Status, t.soakOf(i)
	once := s.LongestHealthy != nil && s.LongestHealthy.Duration > 0 && s.LongestHealthy.Duration >= soak
	soaked := once || (s.HealthySince != nil && !s.HealthySince.Add(soak).After(t.Now))
	return !soaked || t.waveGoesOn(i)
}

// hasOther says whether what was verified at an installation last is another version than it has, out of a range, to which it
// might go back.
func (t returns) hasOther(i *v1alpha1.AppInstallation, within string) bool {
	last, move := i.Spec.LastVerified, i.Spec.Move
	if last == nil || *last == releaseOf(i) || inRange(last.Version, within) || (move != nil && move.Outcome != "") {
		return false
	}
	app := t.Apps[i.Spec.App]
	v := versionOf(app, last.Version)
	return app == nil || (v != nil && v.State != v1alpha1.VersionWithdrawn) // else it would stay as it is
}

// waveGoesOn says whether the Rollout that moved an installation goes on, and has not completed the wave.
func (t returns) waveGoesOn(i *v1alpha1.AppInstallation) bool {
	move := i.Spec.Move
	if move == nil {
		return false
	}
	r := t.Before.Rollouts[move.Rollout]
	if r == nil || ended(r) || target(r) != releaseOf(i) || r.Status.CompletedAt != nil || !t.Ledger.of(r.Name).completed.IsZero() {
		return false
	}
	said := slices.ContainsFunc(r.Status.Waves, func(w v1alpha1.WaveStatus) bool { return w.Name == move.Wave && w.CompletedAt != nil })
	return !said && !t.Ledger.of(r.Name).isDone(move.Wave)
}

// soakOf is how long an installation has to be healthy after its last move: in the wave that its municipality is in, or,
// after a move of its own, as in the last wave of the platform.
func (t returns) soakOf(i *v1alpha1.AppInstallation) time.Duration {
	move, by := i.Spec.Move, &v1alpha1.Rollout{Spec: v1alpha1.RolloutSpec{App: i.Spec.App, Version: i.Spec.Version}}
	if move != nil {
		by.Spec.Network, by.Spec.Channel = move.Network, move.Channel
	}
	p, m := t.promise(by), t.Municipalities[i.Spec.Tenant.Municipality]
	if move == nil || m == nil || (move.Network == "" && move.Channel == "") {
		return p.Waves[len(p.Waves)-1].Soak
	}
	soak := p.Waves[t.named(p, m)].Soak
	if move.Wave == p.Waves[0].Name {
		soak = min(soak, p.Waves[0].Soak) // by which of them it is measured depends on which Rollout goes on
	}
	return soak
}

// mayLack says whether an app that a version requires may go back out of range, for all that can be said: when the rollout that
// moved it has done with it, is left open.
func (t returns) mayLack(k Key, version string) bool {
	requires := requiredBy(t.Apps[k.App], version)
	return requires != nil && slices.ContainsFunc(requires.Apps, func(needed v1alpha1.RequiredApp) bool {
		found := t.Before.Present(Key{k.Municipality, k.Environment, needed.Name})
		return found != nil && t.hasOther(found, needed.Version)
	})
}

// readyNow says whether an installation says of its present spec that it is ready.
func readyNow(i *v1alpha1.AppInstallation) bool {
	ready := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
	return ready != nil && ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == i.Generation
}

func inRange(version, wanted string) bool {
	if wanted == "" {
		return true
	}
	v, err1 := semver.StrictNewVersion(version)
	constraint, err2 := semver.NewConstraint(wanted)
	return err1 == nil && err2 == nil && constraint.Check(v)
}

// lower says whether a version is lower than another.
func lower(version, than string) bool {
	if version == than {
		return false
	}
	a, err1 := semver.StrictNewVersion(version)
	b, err2 := semver.StrictNewVersion(than)
	return err1 == nil && err2 == nil && a.LessThan(b)
}

// needs is how a version of an app requires another; nil where it does not.
func needs(app *v1alpha1.SharedApp, version, other string) *v1alpha1.RequiredApp {
	requires := requiredBy(app, version)
	if requires == nil {
		return nil
	}
	at := slices.IndexFunc(requires.Apps, func(r v1alpha1.RequiredApp) bool { return r.Name == other })
	if at < 0 {
		return nil
	}
	return &requires.Apps[at]
}
