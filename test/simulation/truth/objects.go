package truth

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Place is an app in an environment.
type Place struct{ Environment, App string }

// Key is an app in an environment of a municipality.
type Key struct{ Municipality, Environment, App string }

func keyOf(i *v1alpha1.AppInstallation) Key {
	return Key{i.Labels[v1alpha1.LabelMunicipality], i.Labels[v1alpha1.LabelEnvironment], i.Spec.App}
}

// Place of a key within its municipality.
func (k Key) Place() Place { return Place{k.Environment, k.App} }

// Objects of a world. An object is never changed, only replaced.
type Objects struct {
	Platform       *v1alpha1.Platform
	Municipalities map[string]*v1alpha1.Municipality
	Networks       map[string]*v1alpha1.Network
	Apps           map[string]*v1alpha1.SharedApp
	// Installations by municipality. The inner maps are never changed either.
	Installations map[string]map[Place]*v1alpha1.AppInstallation
	// Missing are environments, as namespaces, that do not exist.
	Missing  map[string]bool
	Rollouts map[string]*v1alpha1.Rollout
}

// NewObjects is a world without any.
func NewObjects() Objects {
	return Objects{
		Platform:       &v1alpha1.Platform{},
		Municipalities: map[string]*v1alpha1.Municipality{}, Networks: map[string]*v1alpha1.Network{}, Apps: map[string]*v1alpha1.SharedApp{},
		Installations: map[string]map[Place]*v1alpha1.AppInstallation{}, Missing: map[string]bool{}, Rollouts: map[string]*v1alpha1.Rollout{},
	}
}

// Copy is the objects as they are now, whatever is replaced later.
func (o *Objects) Copy() Objects {
	return Objects{
		Platform: o.Platform, Municipalities: maps.Clone(o.Municipalities), Networks: maps.Clone(o.Networks), Apps: maps.Clone(o.Apps),
		Installations: maps.Clone(o.Installations), Missing: maps.Clone(o.Missing), Rollouts: maps.Clone(o.Rollouts),
	}
}

// Installation at a place; nil where there is none.
func (o *Objects) Installation(k Key) *v1alpha1.AppInstallation {
	return o.Installations[k.Municipality][k.Place()]
}

// Present is the installation at a place, unless it is asked to go.
func (o *Objects) Present(k Key) *v1alpha1.AppInstallation {
	i := o.Installation(k)
	if i == nil || i.Spec.State == v1alpha1.InstallationAbsent {
		return nil
	}
	return i
}

// Keys of all installations, sorted.
func (o *Objects) Keys() []Key {
	var all []Key
	for _, m := range Sorted(o.Installations) {
		for _, p := range slices.SortedFunc(maps.Keys(o.Installations[m]), ComparePlaces) {
			all = append(all, Key{m, p.Environment, p.App})
		}
	}
	return all
}

// ComparePlaces sorts by environment, then by app.
func ComparePlaces(a, b Place) int {
	return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.App, b.App))
}

// Sorted are the keys of a map.
func Sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Reality is how an installation truly is, whatever its status says.
type Reality struct {
	// Release that runs; zero before the first.
	Release v1alpha1.Release
	Healthy bool
	// Since is when it became so, by the clock.
	Since time.Time
	// Longest is how long the release was healthy without a break before it last ceased to be.
	Longest time.Duration
}

// Steady says whether a release truly runs, and has been healthy for a time until now.
func (r *Reality) Steady(release v1alpha1.Release, soak time.Duration, now time.Time) bool {
	return r != nil && r.Healthy && r.Release == release && !r.Since.Truncate(time.Second).Add(soak).After(now)
}

// Soaked says whether a release truly runs, and was healthy for a time without a break, now or
// before a fault that is over.
func (r *Reality) Soaked(release v1alpha1.Release, soak time.Duration, now time.Time) bool {
	return r.Steady(release, soak, now) || (r != nil && r.Healthy && r.Release == release && r.Longest > 0 && r.Longest >= soak)
}

// target is what a Rollout brings.
func target(r *v1alpha1.Rollout) v1alpha1.Release {
	return v1alpha1.Release{Version: r.Spec.Version, Digest: r.Spec.Digest}
}

// releaseOf is what an installation is asked to have.
func releaseOf(i *v1alpha1.AppInstallation) v1alpha1.Release {
	return v1alpha1.Release{Version: i.Spec.Version, Digest: i.Spec.Digest}
}

// ended says whether a Rollout takes no further steps.
func ended(r *v1alpha1.Rollout) bool {
	return r.Status.Phase == v1alpha1.RolloutSuperseded || r.Status.Phase == v1alpha1.RolloutWithdrawn
}
