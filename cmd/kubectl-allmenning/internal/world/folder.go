package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/folder"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/schema"
	"github.com/allmenning/allmenning/internal/spelling"
)

// ReadFolder reads a file, or a folder of manifests. Texts take the place of what is in files, by name.
func ReadFolder(path string, texts map[string][]byte) (*folder.Folder, error) {
	return folder.Read(path, folder.Options{Texts: texts, Concerns: isOwn})
}

// FromFolder makes a World of the objects in a folder, with the defaults that the API server
// gives them. Kinds of other groups are passed over. What the API server would refuse, fields
// that do not exist, and objects that are there twice are errors, one for each fault of each
// object, which name the file, the line, the object and the field.
func FromFolder(f *folder.Folder) (*World, error) {
	w, faults := fromFolder(f, true)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return w, nil
}

// Names makes a World of what can be read of the objects in a folder, faults or not: enough to
// complete their names, and fast.
func Names(f *folder.Folder) *World {
	w, _ := fromFolder(f, false)
	return w
}

func fromFolder(f *folder.Folder, checked bool) (w *World, faults []error) {
	w = &World{Offline: true, Source: f.Path, documents: map[string]folder.Document{}}
	faults = append(faults, f.Faults...)
	kinds, seen := map[string]*schema.Kind{}, map[string]string{}
	for _, d := range f.Documents {
		switch fault := apiVersionFault(d); {
		case fault != nil:
			faults = append(faults, faultOf(d, "apiVersion", fault))
			continue
		case d.APIVersion != v1alpha1.GroupVersion.String():
			continue
		}
		key := strings.Join([]string{d.Kind, d.Namespace, d.Name}, "/")
		if first := seen[key]; first != "" && d.Name != "" {
			faults = append(faults, faultOf(d, "", fmt.Errorf("it is in %s too: name one of them with -f, or take one out", first)))
			continue
		}
		seen[key] = d.Kustomization()
		if seen[key] == "" {
			seen[key] = d.Place("").String()
		}
		w.documents[d.Kind+"/"+d.Name] = d
		faults = append(faults, w.add(d, kinds, checked)...)
	}

	if len(f.Unused) > 0 {
		w.Notes = append(w.Notes, fmt.Sprintf("The kustomization around them does not use these files, so they are not read: %s.", few(f.Unused)))
	}
	w.sort()
	w.addDefaults()
	return w, faults
}

// faultOf says where a fault is, and in which object.
func faultOf(d folder.Document, field string, err error) error {
	name := d.Name
	if name == "" {
		name = "without a name"
	}
	return &manifest.FaultError{Place: d.Place(field), Object: d.Kind + " " + name, Err: err}
}

// isOwn says whether objects of an apiVersion are Allmenning's, or meant to be.
func isOwn(apiVersion string) bool {
	group, _, _ := strings.Cut(apiVersion, "/")
	return group == v1alpha1.GroupVersion.Group || spelling.Alike(group, v1alpha1.GroupVersion.Group)
}

// apiVersionFault says that an object is one of Allmenning's by its group or its kind, while no
// API server would know it as one; nil for all others.
func apiVersionFault(d folder.Document) error {
	known := v1alpha1.GroupVersion.String()
	group, _, _ := strings.Cut(d.APIVersion, "/")
	switch {
	case d.APIVersion == known && d.Kind == "":
		return fmt.Errorf("kind is missing: write one of %s", strings.Join(schema.Kinds(), ", "))
	case d.APIVersion == known:
		return nil
	case d.APIVersion == "" && isKind(d.Kind):
		return fmt.Errorf("apiVersion is missing: write %s", known)
	case group == v1alpha1.GroupVersion.Group:
		return fmt.Errorf("apiVersion %q is unknown: write %s, which is the only one", d.APIVersion, known)
	case isOwn(d.APIVersion):
		return fmt.Errorf("apiVersion %q is unknown: did you mean %s?", d.APIVersion, known)
	}
	return nil
}

func isKind(kind string) bool {
	for _, known := range schema.Kinds() {
		if kind == known {
			return true
		}
	}
	return false
}

// add checks an object and takes it in.
func (w *World) add(d folder.Document, kinds map[string]*schema.Kind, checked bool) []error {
	content, err := d.Content()
	if err != nil {
		return []error{faultOf(d, "", err)}
	}
	if kinds[d.Kind] == nil {
		if kinds[d.Kind], err = schema.Of(d.Kind); err != nil {
			return []error{faultOf(d, "kind", err)}
		}
	}

	var faults []error
	if checked {
		for _, repeat := range d.Repeats() {
			faults = append(faults, faultOf(d, repeat.Field, fmt.Errorf("duplicate field %q", repeat.Field)))
		}
		for _, fault := range kinds[d.Kind].Check(content) {
			faults = append(faults, faultOf(d, fault.Field, fault))
		}
	}
	if err := w.take(d.Kind, kinds[d.Kind].Complete(content)); err != nil && len(faults) == 0 {
		faults = append(faults, faultOf(d, "", err))
	}
	return faults
}

// take takes an object in.
func (w *World) take(kind string, content map[string]any) error {
	switch kind {
	case "Platform":
		var all []v1alpha1.Platform
		err := takeInto(&all, content)
		if len(all) == 1 && all[0].Name == v1alpha1.PlatformName {
			w.Platform = &all[0]
		}
		return err
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
	return fmt.Errorf("%s has no kind %s", v1alpha1.GroupVersion, kind)
}

func takeInto[T any](all *[]T, content map[string]any) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return err
	}
	var object T
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	*all = append(*all, object)
	return nil
}
