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
)

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
		return nil, fmt.Errorf("read manifests: %s holds no .yaml, .yml or .json file", path)
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

// FromFiles makes a World of the objects in files. Kinds that are not Allmenning's are
// passed over. Fields that do not exist, values of the wrong type, and objects that stand
// twice are errors, which name the file, the object and the field.
func FromFiles(source string, files []*manifest.File) (*World, error) {
	w := &World{Offline: true, Source: source}
	seen := map[string]string{}
	for _, f := range files {
		for _, o := range f.Objects() {
			if o.APIVersion != v1alpha1.GroupVersion.String() {
				continue
			}
			at := fmt.Sprintf("%s:%d: %s %s", f.Name, o.Line, o.Kind, o.Name)
			key := strings.Join([]string{o.Kind, o.Namespace, o.Name}, "/")
			if first := seen[key]; first != "" {
				return nil, fmt.Errorf("%s: it also stands at %s: name one of the files with -f, or take one out", at, first)
			}
			seen[key] = fmt.Sprintf("%s:%d", f.Name, o.Line)
			if err := w.take(o); err != nil {
				return nil, fmt.Errorf("%s: %w", at, err)
			}
		}
	}
	w.sort()
	w.addDefaults()
	return w, nil
}

func (w *World) take(o manifest.Object) error {
	switch o.Kind {
	case "Platform":
		var platform v1alpha1.Platform
		if err := decode(o, &platform); err != nil {
			return err
		}
		if platform.Name == v1alpha1.PlatformName {
			w.Platform = &platform
		}
		return nil
	case "Municipality":
		return takeInto(&w.Municipalities, o)
	case "Network":
		return takeInto(&w.Networks, o)
	case "SharedApp":
		return takeInto(&w.Apps, o)
	case "Rollout":
		return takeInto(&w.Rollouts, o)
	case "AppInstallation":
		return takeInto(&w.Installations, o)
	}
	return fmt.Errorf("%s has no kind %s", v1alpha1.GroupVersion, o.Kind)
}

func takeInto[T any](all *[]T, o manifest.Object) error {
	var object T
	if err := decode(o, &object); err != nil {
		return err
	}
	*all = append(*all, object)
	return nil
}

func decode(o manifest.Object, into any) error {
	if o.Name == "" {
		return errors.New("metadata.name is missing")
	}
	content, err := o.Content()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(content)
	if err != nil {
		return err
	}
	strict, err := utiljson.UnmarshalStrict(raw, into)
	return errors.Join(append(strict, err)...)
}
