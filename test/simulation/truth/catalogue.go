package truth

import (
	"slices"

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

// lacks is an app that a version of this one requires and that is not there, in range, and ready; empty where
// nothing is missing.
func (t *Truth) lacks(k Key, version string) string {
	requires := requiredBy(t.Apps[k.App], version)
	if requires == nil {
		return ""
	}
	for _, needed := range requires.Apps {
		found := t.Before.Present(Key{k.Municipality, k.Environment, needed.Name})
		if found == nil || !inRange(found.Status.AppliedVersion, needed.Version) || !readyNow(found) {
			return needed.Name
		}
	}
	return ""
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
