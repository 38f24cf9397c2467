package folder

import (
	"fmt"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
)

// build builds a kustomization by the library of kubectl kustomize, with its defaults: no
// plugins, and no file from outside of a kustomization's own folder.
func (r *reader) build(t *tree) {
	for _, patch := range t.patches {
		r.parse(patch)
	}
	r.Faults = append(r.Faults, t.faults...)
	broken := len(t.faults) > 0
	for name := range t.used {
		broken = broken || r.faulty[name]
	}
	if broken {
		r.takeUnpatched(t)
		return
	}
	if t.component {
		return
	}

	built, err := run(filepath.Dir(t.file), r.options.Texts)
	if err != nil {
		r.Faults = append(r.Faults, faultIn(t.file, fmt.Errorf("kustomize: %w", err)))
		return
	}
	f, err := manifest.Parse(t.file, built)
	if err != nil {
		r.Faults = append(r.Faults, faultIn(t.file, fmt.Errorf("what kustomize built can't be read: %w", err)))
		return
	}
	for _, o := range f.Objects() {
		r.Documents = append(r.Documents, Document{Object: o, kustomization: t.file, sources: r.sourcesOf(t, o)})
	}
}

// takeUnpatched takes the objects of a kustomization that can't be built, so that what is wrong
// with them is reported too: those that no patch completes.
func (r *reader) takeUnpatched(t *tree) {
	if t.patchesInline {
		return
	}
	for _, name := range t.resources {
		for _, o := range r.files[name].Objects() {
			if sources := r.sourcesOf(t, o); len(sources) == 1 {
				r.Documents = append(r.Documents, Document{Object: o, file: name})
			}
		}
	}
}

// sourcesOf finds where an object that was built is written. One that the kustomization gave
// another name has none.
func (r *reader) sourcesOf(t *tree, built manifest.Object) []Source {
	var all []Source
	for _, names := range [][]string{t.patches, t.resources} {
		for _, name := range names {
			f := r.files[name]
			if f == nil {
				continue
			}
			for _, o := range f.Objects() {
				if o.Kind == built.Kind && o.Name == built.Name && groupOf(o) == groupOf(built) {
					all = append(all, Source{File: name, Object: o})
				}
			}
		}
	}
	return all
}

func groupOf(o manifest.Object) string {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	return group
}

// run builds the kustomization of a folder, and catches a panic, as kustomize has some for
// files with empty entries.
func run(folder string, texts map[string][]byte) (built []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("it gave up (%v): a kustomization file has an empty entry, or lacks a field", cause)
		}
	}()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(withTexts(texts), folder)
	if err != nil {
		return nil, err
	}
	return resources.AsYaml()
}

// edited is the disk, with other texts in the place of some files. It is embedded, as all that
// kustomize does besides reading is done on the disk itself.
type edited struct {
	filesys.FileSystem

	// texts by absolute path.
	texts map[string][]byte
}

func withTexts(texts map[string][]byte) filesys.FileSystem {
	disk := filesys.MakeFsOnDisk()
	if len(texts) == 0 {
		return disk
	}
	e := edited{FileSystem: disk, texts: map[string][]byte{}}
	for name, text := range texts {
		folder, _, err := disk.CleanedAbs(filepath.Dir(name))
		if err != nil {
			continue // the folder is missing, so kustomize can't be led to it
		}
		e.texts[folder.Join(filepath.Base(name))] = text
	}
	return e
}

// ReadFile reads a text, or else the file.
func (e edited) ReadFile(path string) ([]byte, error) {
	if text, given := e.texts[path]; given {
		return text, nil
	}
	return e.FileSystem.ReadFile(path)
}

// CleanedAbs knows files that are not on the disk yet.
func (e edited) CleanedAbs(path string) (filesys.ConfirmedDir, string, error) {
	if _, given := e.texts[path]; given {
		folder, _, err := e.FileSystem.CleanedAbs(filepath.Dir(path))
		return folder, filepath.Base(path), err
	}
	return e.FileSystem.CleanedAbs(path)
}
