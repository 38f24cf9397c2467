// Package folder reads a folder of manifests as a GitOps tool would: of a kustomization it
// builds the objects, and of every other file it takes the objects as they are written.
//
//   - folder.go: which files there are, and which of them belong to a kustomization.
//   - tree.go: a kustomization, and all that it leads to.
//   - build.go: building one.
//   - document.go: an object, and where it is written.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
)

// ErrNoFiles says that a folder is there and holds no manifests.
var ErrNoFiles = errors.New("holds no .yaml, .yml or .json file")

// Folder is what was read.
type Folder struct {
	// Path that was asked for.
	Path string
	// Files that objects are written in, and kustomization files, by name.
	Files []*manifest.File
	// Documents are the objects, of all groups.
	Documents []Document
	// Faults are files that can't be read, and kustomizations that can't be built.
	Faults []error
	// Unused are files with objects, by name, that the kustomization around them does not use.
	Unused []string
}

// Options say how a folder is read.
type Options struct {
	// Texts take the place of what is in files, or of files that are missing, by name.
	Texts map[string][]byte
	// Concerns says whether objects of an apiVersion are wanted. A kustomization with none in or
	// beneath its folder is passed over, such as that of a bundle.
	Concerns func(apiVersion string) bool
}

// Read reads a file, or the YAML and JSON files of a folder and of the folders within it. Those
// whose names begin with a dot are left out. The error is about the path as a whole.
func Read(path string, options Options) (*Folder, error) {
	r := reader{Folder: &Folder{Path: path}, options: options, files: map[string]*manifest.File{}, faulty: map[string]bool{}}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read manifests: %w", err)
	case info.IsDir():
		err = r.walk(path)
	case IsKustomization(path) && r.kustomizationOf(filepath.Dir(path)) != "":
		r.roots = append(r.roots, filepath.Dir(path))
	default:
		r.plain = append(r.plain, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}

	for _, name := range slices.Sorted(maps.Keys(options.Texts)) {
		if r.isNew(name) {
			r.plain = append(r.plain, name)
		}
	}
	if len(r.plain)+len(r.roots) == 0 {
		return r.Folder, fmt.Errorf("read manifests: %s %w", path, ErrNoFiles)
	}
	for _, name := range r.plain {
		r.takeFile(name)
	}
	r.takeKustomizations()
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		r.Files = append(r.Files, r.files[name])
	}
	return r.Folder, nil
}

// reader gathers a Folder.
type reader struct {
	*Folder

	options Options
	// plain files belong to no kustomization; roots are folders with one.
	plain, roots []string
	// files that were parsed, by name. Those of which a part is not YAML are in faulty too.
	files  map[string]*manifest.File
	faulty map[string]bool
}

// walk sorts the files of a folder. What is within a folder with a kustomization is that
// kustomization's, used or not.
func (r *reader) walk(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	if r.kustomizationOf(folder) != "" {
		r.roots = append(r.roots, folder)
		return nil
	}
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		switch {
		case strings.HasPrefix(entry.Name(), "."):
		case entry.IsDir():
			if err := r.walk(name); err != nil {
				return err
			}
		case isManifest(name):
			r.plain = append(r.plain, name)
		}
	}
	return nil
}

func isManifest(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// isNew says whether a file is still to be made, in no folder with a kustomization.
func (r *reader) isNew(name string) bool {
	if _, err := os.Stat(name); err == nil || !isWithin(r.Path, name) {
		return false
	}
	return !slices.ContainsFunc(r.roots, func(root string) bool { return isWithin(root, name) })
}

func isWithin(folder, name string) bool {
	relative, err := filepath.Rel(folder, name)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}

// content of a file, or the text that takes its place.
func (r *reader) content(name string) ([]byte, error) {
	if text, given := r.options.Texts[name]; given {
		return text, nil
	}
	return os.ReadFile(name)
}

// takeFile takes the objects of a file as they are written.
func (r *reader) takeFile(name string) {
	f := r.parse(name)
	if f == nil {
		return
	}
	for _, o := range f.Objects() {
		r.Documents = append(r.Documents, Document{Object: o, file: name})
	}
}

// parse reads a file, once. What can't be read is a fault; what of it can be is returned.
func (r *reader) parse(name string) *manifest.File {
	if f, known := r.files[name]; known {
		return f
	}
	data, err := r.content(name)
	if err != nil {
		r.Faults = append(r.Faults, faultIn(name, withoutPath(err)))
		return nil
	}
	f, err := manifest.Parse(name, data)
	if err != nil {
		r.Faults = append(r.Faults, flat(err)...)
		r.faulty[name] = true
	}
	r.files[name] = f
	return f
}

// withoutPath is an error of reading a file without the name of the file.
func withoutPath(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return fmt.Errorf("can't be read: %w", of.Err)
	}
	return err
}

// flat are the errors that were joined.
func flat(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// concerns says whether a file holds an object that is wanted, of any document that can be read.
func (r *reader) concerns(name string) bool {
	data, err := r.content(name)
	if err != nil {
		return false
	}
	f, _ := manifest.Parse(name, data) // a fault where the file is used
	return slices.ContainsFunc(f.Objects(), func(o manifest.Object) bool { return r.options.Concerns(o.APIVersion) })
}

// takeKustomizations builds those that no other one uses.
func (r *reader) takeKustomizations() {
	trees := make([]*tree, 0, len(r.roots))
	within, used := map[string]bool{}, map[string]bool{}
	for _, root := range r.roots {
		t := r.treeOf(root)
		trees = append(trees, t)
		maps.Copy(used, t.used)
		for folder := range t.folders {
			within[folder] = within[folder] || folder != filepath.Clean(root)
		}
	}

	for i, root := range r.roots {
		if within[filepath.Clean(root)] {
			continue
		}
		beneath := r.wantedBeneath(slices.Sorted(maps.Keys(trees[i].folders)))
		if len(beneath) == 0 && !trees[i].wanted(r) {
			continue
		}
		r.build(trees[i])
		for _, name := range beneath {
			if !used[name] && !slices.Contains(r.Unused, name) {
				r.Unused = append(r.Unused, name)
			}
		}
	}
}

// wantedBeneath are the files in and beneath folders that hold objects which are wanted, by name.
func (r *reader) wantedBeneath(folders []string) []string {
	var wanted []string
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return filepath.SkipDir // what the kustomization needs of it is a fault elsewhere
			case name != folder && strings.HasPrefix(entry.Name(), "."):
				if entry.IsDir() {
					return filepath.SkipDir
				}
			case !entry.IsDir() && isManifest(name) && r.concerns(name):
				wanted = append(wanted, name)
			}
			return nil
		})
	}
	slices.Sort(wanted)
	return slices.Compact(wanted)
}
