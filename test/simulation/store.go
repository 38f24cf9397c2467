package main

import (
	"maps"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// key is an app in an environment of a municipality.
type key = truth.Key

// store holds the objects of a world. An object is never changed, only replaced: who holds
// the pointer that is stored has seen the newest, as with an API server's resourceVersion.
type store struct {
	truth.Objects

	// changes counts the writes, installed is the last one to an installation of each
	// municipality, and common that to what concerns all: networks, apps and the platform.
	changes, common int
	installed       map[string]int
}

func newStore() *store { return &store{Objects: truth.NewObjects(), installed: map[string]int{}} }

// snapshot is the store as it is now, whatever is written later.
func (s *store) snapshot() *store {
	return &store{Objects: s.Copy(), changes: s.changes, common: s.common, installed: maps.Clone(s.installed)}
}

func keyOf(i *v1alpha1.AppInstallation) key {
	return key{Municipality: i.Labels[v1alpha1.LabelMunicipality], Environment: i.Labels[v1alpha1.LabelEnvironment], App: i.Spec.App}
}

// put stores an installation; nil removes it. The maps of snapshots stay as they are.
func (s *store) put(k key, i *v1alpha1.AppInstallation) {
	inner := maps.Clone(s.Installations[k.Municipality])
	if inner == nil {
		inner = map[truth.Place]*v1alpha1.AppInstallation{}
	}
	if i == nil {
		delete(inner, k.Place())
	} else {
		inner[k.Place()] = i
	}
	s.Installations[k.Municipality] = inner
	s.changes++
	s.installed[k.Municipality] = s.changes
}

// changed says that something was written that concerns all.
func (s *store) changed() {
	s.changes++
	s.common = s.changes
}

// groups are all that the operator plans for.
func (s *store) groups() []string { return append(truth.Sorted(s.Networks), direct) }
