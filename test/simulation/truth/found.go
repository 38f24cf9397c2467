package truth

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// found is what was found out at one moment, and is so at the next where nothing that it rests on is another
// by then: objects are never changed, only replaced. Most of a world stays as it was from moment to moment.
type found struct {
	// moment counts.
	moment int
	// networks, those of them that have ended, and apps, as they were last; revision counts how often they were others.
	networks map[string]*v1alpha1.Network
	over     map[string]bool
	apps     map[string]*v1alpha1.SharedApp
	revision int

	// What rests on networks alone.
	heldBy    map[string][]string
	holding   map[string]map[string]bool
	belonging map[string]belonged

	says map[Key]*said
	kept map[string]*kept
	// names of all municipalities, sorted.
	names []string
}

// belonged are the networks of a municipality.
type belonged struct {
	of       *v1alpha1.Municipality
	networks []string
}

// said is what the rules of consent came to at a place, with what that rests on.
type said struct {
	Says

	moment, revision int
	of               *v1alpha1.Municipality
	words            words
	installed        map[Place]*v1alpha1.AppInstallation
}

// kept are the places of a municipality whose environment was taken out of its spec, and where an app runs on.
type kept struct {
	of        *v1alpha1.Municipality
	installed map[Place]*v1alpha1.AppInstallation
	all       []Key
}

func newFound() *found { return &found{says: map[Key]*said{}, kept: map[string]*kept{}} }

// look at what is so at another moment.
func (f *found) look(t *Truth) {
	f.moment++
	over := map[string]bool{}
	for name, n := range t.Networks {
		if t.networkEnded(n) {
			over[name] = true
		}
	}
	if f.revision > 0 && maps.Equal(f.networks, t.Networks) && maps.Equal(f.over, over) && maps.Equal(f.apps, t.Apps) {
		return
	}
	f.networks, f.over, f.apps = maps.Clone(t.Networks), over, maps.Clone(t.Apps)
	f.heldBy, f.holding, f.belonging = nil, map[string]map[string]bool{}, map[string]belonged{}
	f.revision++
}

// sameMap says whether two maps are one. What is installed in a municipality is replaced as a whole.
func sameMap(a, b map[Place]*v1alpha1.AppInstallation) bool {
	return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// saidAt is what the rules of consent come to at a place, at this moment.
func (t *Truth) saidAt(m *v1alpha1.Municipality, k Key) *said {
	f := t.Ledger.found
	s := f.says[k]
	if s == nil {
		s = &said{}
		f.says[k] = s
	}
	if s.moment == f.moment {
		return s
	}
	words, installed := wordsOf(m, k, t.Now), t.Before.Installations[k.Municipality]
	same := s.of == m && s.revision == f.revision && s.words == words && sameMap(s.installed, installed)
	if !same || s.lower { // else who may lower it may be another by now
		*s = said{Says: t.consent(m, k, words), revision: f.revision, of: m, words: words, installed: installed}
	}
	s.moment = f.moment
	return s
}

// sorted are the names of all municipalities.
func (f *found) sorted(all map[string]*v1alpha1.Municipality) []string {
	gone := func(name string) bool { return all[name] == nil }
	if len(f.names) != len(all) || slices.ContainsFunc(f.names, gone) {
		f.names = Sorted(all)
	}
	return f.names
}

// keptIn are the places of a municipality where an app runs on, though their environment was taken out.
func (t removal) keptIn(municipality string) []Key {
	f := t.Ledger.found
	known, m, installed := f.kept[municipality], t.Municipalities[municipality], t.Installations[municipality]
	if known != nil && known.of == m && sameMap(known.installed, installed) {
		return known.all
	}
	known = &kept{of: m, installed: installed}
	for p, i := range installed {
		if k := (Key{municipality, p.Environment, p.App}); i.Spec.State != v1alpha1.InstallationAbsent && t.takenOut(k) {
			known.all = append(known.all, k)
		}
	}
	slices.SortFunc(known.all, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.App, b.App))
	})
	f.kept[municipality] = known
	return known.all
}
