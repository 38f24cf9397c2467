package folder

import (
	"reflect"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
)

// Document is one object.
type Document struct {
	manifest.Object

	// file that it is written in; empty where it was built.
	file string
	// kustomization that it was built of; empty where it was not.
	kustomization string
	// sources that it was built of: patches, and last the object itself.
	sources []Source
}

// Source is an object, or a patch of one, in a file.
type Source struct {
	File   string
	Object manifest.Object
}

// Kustomization is the file that the object was built of; empty where it is written as it is.
func (d Document) Kustomization() string { return d.kustomization }

// Sources are where the object is written: patches first, in the order in which they count.
func (d Document) Sources() []Source {
	if d.kustomization == "" {
		return []Source{{File: d.file, Object: d.Object}}
	}
	return d.sources
}

// Place is the file and the line of a field. Of an object that was built it is the patch or the
// object that the value comes from, or the kustomization, where none of them has it.
func (d Document) Place(field string) manifest.Place {
	if d.kustomization == "" {
		return manifest.Place{File: d.file, Line: d.LineOf(field)}
	}
	value, has := d.Value(field)
	for i, source := range d.sources {
		own, given := source.Object.Value(field)
		switch {
		case has && given && reflect.DeepEqual(own, value), !has && i == len(d.sources)-1:
			return manifest.Place{File: source.File, Line: source.Object.LineOf(field)}
		}
	}
	return manifest.Place{File: d.kustomization}
}
