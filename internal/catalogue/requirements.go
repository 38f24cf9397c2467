package catalogue

import (
	"fmt"
	"maps"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Requirement is another app that must be installed, and ready, in the same environment.
type Requirement struct {
	// App is its name.
	App string
	// Range of versions, as it is written; empty for any.
	Range string

	// within is the range; nil for any version, and where it can't be read.
	within *semver.Constraints
}

// Return is what an installation returns to if its last move fails.
type Return struct {
	// Version that it returns to; empty where it returns to none.
	Version string
	// While says in words how long it may, such as "is not verified yet".
	While string
}

// require compiles what a version requires.
func (v *Version) require(r *v1alpha1.Requirements) {
	if r == nil {
		return
	}

	v.requirements = r
	v.zones = make(map[v1alpha1.Stage]v1alpha1.Zone, len(r.Zones))
	for _, required := range r.Zones {
		v.zones[required.Stage] = required.Zone
	}
	for _, required := range r.Apps {
		v.requires = append(v.requires, requirement(required))
	}
}

func requirement(r v1alpha1.RequiredApp) Requirement {
	compiled := Requirement{App: r.Name, Range: r.Version}
	if r.Version != "" {
		if within, err := semver.NewConstraint(r.Version); err == nil {
			compiled.within = within
		}
	}

	return compiled
}

// Requirements of the version, as they are written; nil where it has none. A version that is not in the spec, which
// is nil, requires nothing that anybody knows of.
func (v *Version) Requirements() *v1alpha1.Requirements {
	if v == nil {
		return nil
	}

	return v.requirements
}

// Zone that the version requires of environments of a stage; empty for any.
func (v *Version) Zone(stage v1alpha1.Stage) v1alpha1.Zone {
	if v == nil {
		return ""
	}

	return v.zones[stage]
}

// Unfit is why a version may not be in an environment: its zone is not the one that is required. Asked for
// is what the environment says; has is the zone that it has now.
func (a *App) Unfit(number string, environment *v1alpha1.Environment, has v1alpha1.Zone) *Fault {
	zone := a.Version(number).Zone(environment.Stage)
	if asked := environment.Zone; zone == "" || (asked == zone && has == zone) {
		return nil
	}

	required := fmt.Sprintf("version %s of SharedApp %s requires zone %s in %s", number, a.Name, zone, environment.Stage)
	switch {
	case zone == environment.Zone:
		return fault(UnfitZone, "environment %s is still %s, and status.environments says why: %s", environment.Name, has, required)
	case environment.Zone == has:
		required += ", and the environment has " + string(has)
	default:
		required += fmt.Sprintf(", and the environment has %s, but is to be %s", has, environment.Zone)
	}

	return fault(UnfitZone, "decline %s in spec.apps, or set zone of environment %s in spec.environments to %s: %s", a.Name, environment.Name, zone, required)
}

// Requires are the apps that must be installed before the version, in the order of the spec.
func (v *Version) Requires() []Requirement {
	if v == nil {
		return nil
	}

	return v.requires
}

// RequiredApps are the names of all apps that one version or another requires, sorted.
func (a *App) RequiredApps() []string {
	names := map[string]bool{}
	for _, v := range a.versions {
		for _, needed := range v.requires {
			names[needed.App] = true
		}
	}

	return slices.Sorted(maps.Keys(names))
}

// Required is what the version requires of another app; nil where that is nothing.
func (v *Version) Required(other string) *Requirement {
	requires := v.Requires()
	for i := range requires {
		if requires[i].App == other {
			return &requires[i]
		}
	}

	return nil
}

// String is the requirement in words, such as "id-gateway >=1.2".
func (r Requirement) String() string {
	if r.Range == "" {
		return r.App
	}

	return r.App + " " + r.Range
}

// Unreadable says whether the range is none.
func (r Requirement) Unreadable() bool { return r.Range != "" && r.within == nil }

// Admits says whether a version is in the range. One that can't be read admits none, and the
// catalogue says so.
func (r Requirement) Admits(version string) bool {
	if r.Range == "" {
		return true
	}

	v, err := read(version)

	return err == nil && r.within != nil && r.within.Check(v)
}

// Gone says whether an app is not installed, or is being uninstalled.
func Gone(found *v1alpha1.AppInstallation) bool {
	return found == nil || found.Spec.State == v1alpha1.InstallationAbsent
}

// Unmet is what is missing of the required app in the same environment, in words that go on from
// "requires"; nil where nothing is. Back is what it may yet return to.
func (r Requirement) Unmet(found *v1alpha1.AppInstallation, back Return) *Fault {
	switch {
	case Gone(found):
		return fault(RequiredAppMissing, "%s, which is not installed there", r)
	case !r.Admits(found.Status.AppliedVersion):
		return fault(RequiredAppVersion, "%s, and %s has version %q", r, found.Namespace, found.Status.AppliedVersion)
	case !found.IsReady():
		return fault(RequiredAppNotReady, "%s, which is not ready yet", r)
	case back.Version != "" && !r.Admits(back.Version): //guard:required-apps-stay
		return fault(RequiredAppMayReturn, "%s: %s %s %s in %s, and would return to %s",
			r, r.App, found.Status.AppliedVersion, back.While, found.Spec.Tenant.Environment, back.Version)
	}

	return nil
}

// Lower says whether a version is lower than another; false where either can't be read.
func Lower(version, than string) bool {
	if version == than {
		return false
	}

	a, err1 := read(version)
	b, err2 := read(than)

	return err1 == nil && err2 == nil && a.LessThan(b)
}

// read a version. Most are written in full, which needs no regular expression.
func read(version string) (*semver.Version, error) {
	if v, err := semver.StrictNewVersion(version); err == nil {
		return v, nil
	}

	return semver.NewVersion(version)
}

// Service is what the version lets others in to by a name; nil where it has no such service.
func (v *Version) Service(name string) *v1alpha1.HostedService {
	if v == nil {
		return nil
	}
	for i := range v.services {
		if v.services[i].Name == name {
			return &v.services[i]
		}
	}

	return nil
}

// Services are all that the version lets others in to.
func (v *Version) Services() []v1alpha1.HostedService {
	if v == nil {
		return nil
	}

	return v.services
}

// Connects are the services of others that the version connects to.
func (v *Version) Connects() []v1alpha1.RequiredService {
	if v.Requirements() == nil {
		return nil
	}

	return v.requirements.Services
}
