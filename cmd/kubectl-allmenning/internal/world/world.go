// Package world holds the objects that the commands talk about, whether they come from
// a cluster or from a folder of manifests.
//
//   - world.go: the objects, and how one finds one.
//   - cluster.go: reading them from a cluster.
//   - folder.go: reading them from files.
//   - country.go: the same as package country takes it.
//   - near.go: which name was meant by a wrong one.
//   - defaults.go: what the operator would have added to files.
package world

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/folder"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/spelling"
)

// World is all that is known of one platform. Its lists are sorted by name.
type World struct {
	Platform       *v1alpha1.Platform
	Municipalities []v1alpha1.Municipality
	Networks       []v1alpha1.Network
	Apps           []v1alpha1.SharedApp
	Rollouts       []v1alpha1.Rollout
	Installations  []v1alpha1.AppInstallation
	// Notes say what is not known, or was assumed, in whole sentences.
	Notes []string
	// Unread are kinds that one may not read.
	Unread []Kind
	// Offline is set where the objects come from files.
	Offline bool
	// Source is where they come from, for messages: "the cluster" or a path.
	Source string

	// documents that objects were read of, by kind and name; none where they come from a cluster.
	documents map[string]folder.Document
}

// Place is where a field of an object is written; nowhere where it comes from a cluster.
func (w *World) Place(kind, name, field string) manifest.Place {
	d, known := w.documents[kind+"/"+name]
	if !known {
		return manifest.Place{}
	}
	return d.Place(field)
}

func (w *World) sort() {
	slices.SortFunc(w.Municipalities, func(a, b v1alpha1.Municipality) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Networks, func(a, b v1alpha1.Network) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Apps, func(a, b v1alpha1.SharedApp) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Rollouts, func(a, b v1alpha1.Rollout) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Installations, func(a, b v1alpha1.AppInstallation) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// Municipality finds one by name. The error names those that there are.
func (w *World) Municipality(name string) (*v1alpha1.Municipality, error) {
	for i := range w.Municipalities {
		if w.Municipalities[i].Name == name {
			return &w.Municipalities[i], nil
		}
	}
	return nil, w.Unknown("Municipality", name, namesIn(w.Municipalities, func(m *v1alpha1.Municipality) string { return m.Name }))
}

// Network finds one by name. The error names those that there are.
func (w *World) Network(name string) (*v1alpha1.Network, error) {
	for i := range w.Networks {
		if w.Networks[i].Name == name {
			return &w.Networks[i], nil
		}
	}
	return nil, w.Unknown("Network", name, namesIn(w.Networks, func(n *v1alpha1.Network) string { return n.Name }))
}

// App finds a SharedApp by name. The error names those that there are.
func (w *World) App(name string) (*v1alpha1.SharedApp, error) {
	for i := range w.Apps {
		if w.Apps[i].Name == name {
			return &w.Apps[i], nil
		}
	}
	return nil, w.Unknown("SharedApp", name, namesIn(w.Apps, func(a *v1alpha1.SharedApp) string { return a.Name }))
}

// Rollout finds one by name. The error names those that there are.
func (w *World) Rollout(name string) (*v1alpha1.Rollout, error) {
	for i := range w.Rollouts {
		if w.Rollouts[i].Name == name {
			return &w.Rollouts[i], nil
		}
	}
	return nil, w.Unknown("Rollout", name, namesIn(w.Rollouts, func(r *v1alpha1.Rollout) string { return r.Name }))
}

// Take is why a version of an app may not be taken into use, and what to do; nil where it may.
func Take(app *catalogue.App, version string) error {
	fault := app.Unlisted(version)
	switch {
	case fault == nil:
		return nil
	case fault.Reason == catalogue.UnknownVersion:
		all := app.Versions()
		names := make([]string, len(all))
		for i, v := range all {
			names[i] = v.Number
		}
		return fmt.Errorf("%s (%s)", fault, few(names))
	}
	return fmt.Errorf("%s: take another version", fault)
}

// Unknown is the error for a name that none of those of a kind has. It suggests those that are near.
func (w *World) Unknown(kind, name string, all []string) error {
	if len(all) == 0 {
		return fmt.Errorf("there is no %s %q in %s: it has none at all", kind, name, w.Source)
	}
	if meant := spelling.Near(name, all); len(meant) > 0 {
		return fmt.Errorf("there is no %s %q in %s: did you mean %s?", kind, name, w.Source, strings.Join(meant, " or "))
	}
	return fmt.Errorf("there is no %s %q in %s: it has %s", kind, name, w.Source, few(all))
}

func namesIn[T any](all []T, name func(*T) string) []string {
	found := make([]string, len(all))
	for i := range all {
		found[i] = name(&all[i])
	}
	return found
}

// few names the first of a list, and how many there are besides.
func few(all []string) string {
	const most = 12
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}
