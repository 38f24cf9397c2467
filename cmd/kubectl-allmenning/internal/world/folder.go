package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	utiljson "sigs.k8s.io/json"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/schema"
)

// ErrNoFiles says that a folder is there and holds no manifests.
var ErrNoFiles = errors.New("holds no .yaml, .yml or .json file")

// ReadFiles reads a file, or the YAML and JSON files of a folder and of the folders
// within it. Those whose names begin with a dot are left out.
func ReadFiles(path string) ([]*manifest.File, error) {
	var files []*manifest.File
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != path && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir() || (name != path && !isManifest(name)):
			return nil
		}
		data, err := os.ReadFile(name) //nolint:gosec // the folder is that of who runs the command
		if err != nil {
			return err
		}
		f, err := manifest.Parse(name, data)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read manifests: %s %w", path, ErrNoFiles)
	}
	return files, nil
}

func isManifest(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// FromFiles makes a World of the objects in files, with the defaults that the API server
// gives them. Kinds that are not Allmenning's are passed over. What the API server would
// refuse, fields that do not exist, and objects that stand twice are errors, one for each
// fault, which name the file, the line, the object and the field.
func FromFiles(source string, files []*manifest.File) (*World, error) {
	w, faults := fromFiles(source, files, true)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return w, nil
}

// Names makes a World of what can be read of the objects in files, faults or not: enough to
// tell their names, and fast.
func Names(source string, files []*manifest.File) *World {
	w, _ := fromFiles(source, files, false)
	return w
}

// Check holds the objects in files to what the API server asks of them, as FromFiles does.
func Check(files ...*manifest.File) error {
	_, faults := fromFiles("", files, true)
	return errors.Join(faults...)
}

func fromFiles(source string, files []*manifest.File, checked bool) (w *World, faults []error) {
	w = &World{Offline: true, Source: source}
	kinds, seen := map[string]*schema.Kind{}, map[string]string{}
	for _, f := range files {
		for _, o := range f.Objects() {
			if o.APIVersion != v1alpha1.GroupVersion.String() {
				continue
			}
			stands := place{file: f.Name, object: o}
			key := strings.Join([]string{o.Kind, o.Namespace, o.Name}, "/")
			if first := seen[key]; first != "" {
				faults = append(faults, stands.fault(o.Line, fmt.Errorf("it also stands at %s: name one of the files with -f, or take one out", first)))
				continue
			}
			seen[key] = fmt.Sprintf("%s:%d", f.Name, o.Line)
			faults = append(faults, w.add(stands, kinds, checked)...)
		}
	}
	w.sort()
	w.addDefaults()
	return w, faults
}

// place is where an object stands.
type place struct {
	file   string
	object manifest.Object
}

func (p place) fault(line int, err error) error {
	return fmt.Errorf("%s:%d: %s %s: %w", p.file, line, p.object.Kind, p.object.Name, err)
}

// add checks an object and takes it in.
func (w *World) add(p place, kinds map[string]*schema.Kind, checked bool) []error {
	o := p.object
	if o.Name == "" {
		return []error{p.fault(o.Line, errors.New("metadata.name is missing"))}
	}
	content, err := o.Content()
	if err != nil {
		return []error{p.fault(o.Line, err)}
	}
	if kinds[o.Kind] == nil {
		if kinds[o.Kind], err = schema.Of(o.Kind); err != nil {
			return []error{p.fault(o.Line, err)}
		}
	}
	content = kinds[o.Kind].Complete(content)
	var faults []error
	if checked {
		for _, fault := range kinds[o.Kind].Check(content) {
			faults = append(faults, p.fault(o.LineOf(fault.Field), fault))
		}
	}
	unknown, err := w.take(o.Kind, content)
	if err != nil && len(faults) == 0 {
		unknown = append(unknown, err)
	}
	for _, one := range unknown {
		faults = append(faults, p.fault(o.LineOf(fieldIn(one)), one))
	}
	return faults
}

// fieldIn is the field that an error quotes; empty where it quotes none.
func fieldIn(err error) string {
	_, quoted, _ := strings.Cut(err.Error(), `unknown field "`)
	field, _, _ := strings.Cut(quoted, `"`)
	return field
}

// take takes an object in. Fields that do not exist are told apart from what keeps it from
// being read.
func (w *World) take(kind string, content map[string]any) (unknown []error, err error) {
	switch kind {
	case "Platform":
		var all []v1alpha1.Platform
		unknown, err = takeInto(&all, content)
		if len(all) == 1 && all[0].Name == v1alpha1.PlatformName {
			w.Platform = &all[0]
		}
		return unknown, err
	case "Municipality":
		return takeInto(&w.Municipalities, content)
	case "Network":
		return takeInto(&w.Networks, content)
	case "SharedApp":
		return takeInto(&w.Apps, content)
	case "Rollout":
		return takeInto(&w.Rollouts, content)
	case "AppInstallation":
		return takeInto(&w.Installations, content)
	}
	return nil, fmt.Errorf("%s has no kind %s", v1alpha1.GroupVersion, kind)
}

func takeInto[T any](all *[]T, content map[string]any) (unknown []error, err error) {
	raw, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	var object T
	if unknown, err = utiljson.UnmarshalStrict(raw, &object); err != nil {
		return nil, err
	}
	*all = append(*all, object)
	return unknown, nil
}
