package main

import (
	"maps"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// store holds the objects of a world. An object is never changed, only replaced: who holds
// the pointer that is stored has seen the newest, as with an API server's resourceVersion.
type store struct {
	platform       *v1alpha1.Platform
	municipalities map[string]*v1alpha1.Municipality
	networks       map[string]*v1alpha1.Network
	apps           map[string]*v1alpha1.SharedApp
	installations  map[string]map[resolution.Place]*v1alpha1.AppInstallation
	missing        map[string]bool
	rollouts       map[string]*v1alpha1.Rollout

	// changes counts the writes, installed is the last one to an installation of each
	// municipality, and common that to what concerns all: networks, apps and the platform.
	changes, common int
	installed       map[string]int
}

func newStore() *store {
	return &store{
		platform:       &v1alpha1.Platform{},
		municipalities: map[string]*v1alpha1.Municipality{}, networks: map[string]*v1alpha1.Network{},
		apps: map[string]*v1alpha1.SharedApp{}, installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{},
		missing: map[string]bool{}, rollouts: map[string]*v1alpha1.Rollout{}, installed: map[string]int{},
	}
}

// snapshot is the store as it is now, whatever is written later.
func (s *store) snapshot() *store {
	return &store{
		platform: s.platform, municipalities: maps.Clone(s.municipalities), networks: maps.Clone(s.networks),
		apps: maps.Clone(s.apps), installations: maps.Clone(s.installations), missing: maps.Clone(s.missing), rollouts: maps.Clone(s.rollouts),
		changes: s.changes, common: s.common, installed: maps.Clone(s.installed),
	}
}

// objects are what the operator sees.
func (s *store) objects(watching time.Time) country.Objects {
	o := country.Objects{
		Platform: s.platform.Spec, Apps: s.apps, Installations: s.installations, Missing: s.missing, Watching: watching,
		Municipalities: make([]*v1alpha1.Municipality, 0, len(s.municipalities)),
		Networks:       make([]v1alpha1.Network, 0, len(s.networks)),
		Rollouts:       make([]*v1alpha1.Rollout, 0, len(s.rollouts)),
	}
	for _, name := range sorted(s.municipalities) {
		o.Municipalities = append(o.Municipalities, s.municipalities[name])
	}
	for _, name := range sorted(s.networks) {
		o.Networks = append(o.Networks, *s.networks[name])
	}
	for _, name := range sorted(s.rollouts) {
		o.Rollouts = append(o.Rollouts, s.rollouts[name])
	}
	return o
}

// key is an app in an environment of a municipality.
type key struct{ municipality, environment, app string }

func (k key) place() resolution.Place {
	return resolution.Place{App: k.app, Environment: k.environment}
}

func keyOf(i *v1alpha1.AppInstallation) key {
	return key{i.Labels[v1alpha1.LabelMunicipality], i.Labels[v1alpha1.LabelEnvironment], i.Spec.App}
}

func (s *store) installation(k key) *v1alpha1.AppInstallation {
	return s.installations[k.municipality][k.place()]
}

// put stores an installation; nil removes it. The maps of snapshots stay as they are.
func (s *store) put(k key, i *v1alpha1.AppInstallation) {
	inner := maps.Clone(s.installations[k.municipality])
	if inner == nil {
		inner = map[resolution.Place]*v1alpha1.AppInstallation{}
	}
	if i == nil {
		delete(inner, k.place())
	} else {
		inner[k.place()] = i
	}
	s.installations[k.municipality] = inner
	s.changes++
	s.installed[k.municipality] = s.changes
}

// changed says that something was written that concerns all.
func (s *store) changed() {
	s.changes++
	s.common = s.changes
}

// keys of all installations, sorted.
func (s *store) keys() []key {
	var all []key
	for _, m := range sorted(s.installations) {
		for _, p := range slices.SortedFunc(maps.Keys(s.installations[m]), comparePlaces) {
			all = append(all, key{m, p.Environment, p.App})
		}
	}
	return all
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
