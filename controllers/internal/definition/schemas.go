package definition

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/config/crd"
)

// named is how many fields of one kind a sentence names.
const named = 5

// Difference is in what the schemas of the cluster are not those that this operator was built with; each a sentence, and empty
// where there is none.
type Difference struct {
	// Lacks names what the cluster's schemas lack: the API server refuses to store it, or drops it.
	Lacks string
	// Adds names what they have besides: this operator does not know it.
	Adds string
}

// field is one field of a schema, as CustomResourceDefinitions have it, and OpenAPI.
type field struct {
	Properties map[string]*field `json:"properties"`
	Items      *field            `json:"items"`
	Enum       []any             `json:"enum"`
}

// schemas are those of our kinds, by their names.
type schemas map[string]*field

// compare finds in what the schemas of a cluster are not those that are shipped.
func (shipped schemas) compare(served schemas) Difference {
	var lacks, adds []string
	for _, kind := range slices.Sorted(maps.Keys(shipped)) {
		want, have := shipped[kind], served[kind]
		if have == nil {
			lacks = append(lacks, kind+" altogether")
			continue
		}
		lacks = appendNamed(lacks, kind, want.beyond(have))
		adds = appendNamed(adds, kind, have.beyond(want))
	}
	return Difference{
		Lacks: sentence("the CustomResourceDefinitions of the cluster are older than this operator, which can't store what they lack", lacks,
			"apply config/crd of the release that runs"),
		Adds: sentence("the CustomResourceDefinitions of the cluster are newer than this operator, which does nothing about what they have besides", adds,
			"run the operator of the release that they are from"),
	}
}

func sentence(what string, which []string, fix string) string {
	if len(which) == 0 {
		return ""
	}
	return what + " (" + strings.Join(which, "; ") + "): " + fix
}

// appendNamed names some fields of a kind.
func appendNamed(all []string, kind string, fields []string) []string {
	if len(fields) == 0 {
		return all
	}
	names := strings.Join(fields[:min(named, len(fields))], ", ")
	if more := len(fields) - named; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return append(all, kind+" "+names)
}

// beyond are the fields, and the words of enums, that one schema has and another has not, by their paths in order. What is
// below a field that is missing is left out.
func (f *field) beyond(other *field) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(f.Properties)) {
		theirs := other.Properties[name]
		if theirs == nil {
			all = append(all, name)
			continue
		}
		for _, below := range f.Properties[name].beyond(theirs) {
			all = append(all, name+joined(below))
		}
	}
	if f.Items != nil && other.Items != nil {
		for _, below := range f.Items.beyond(other.Items) {
			all = append(all, "[]"+joined(below))
		}
	}
	if len(other.Enum) > 0 {
		for _, word := range f.Enum {
			if !slices.Contains(other.Enum, word) {
				all = append(all, fmt.Sprintf("=%v", word))
			}
		}
	}
	return all
}

// joined joins a path to what it is below: fields by a dot, items and words as they are.
func joined(path string) string {
	if strings.HasPrefix(path, "[]") || strings.HasPrefix(path, "=") {
		return path
	}
	return "." + path
}

// readShipped are the schemas that this operator was built with.
func readShipped() (schemas, error) {
	files, err := fs.Glob(crd.Bases, "bases/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the shipped definitions: %w", err)
	}
	all := schemas{}
	for _, name := range files {
		content, err := crd.Bases.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the shipped definition %s: %w", name, err)
		}
		var definition struct {
			Spec struct {
				Names struct {
					Kind string `json:"kind"`
				} `json:"names"`
				Versions []struct {
					Name   string `json:"name"`
					Schema struct {
						OpenAPI *field `json:"openAPIV3Schema"`
					} `json:"schema"`
				} `json:"versions"`
			} `json:"spec"`
		}
		if err := yaml.Unmarshal(content, &definition); err != nil {
			return nil, fmt.Errorf("read the shipped definition %s: %w", name, err)
		}
		for _, v := range definition.Spec.Versions {
			if v.Name == v1alpha1.GroupVersion.Version {
				all[definition.Spec.Names.Kind] = v.Schema.OpenAPI
			}
		}
	}
	return all, nil
}

// readServed are the schemas of our kinds in the OpenAPI document that the API server has of their group and version.
func readServed(document []byte) (schemas, error) {
	var openAPI struct {
		Components struct {
			Schemas map[string]struct {
				field
				Kinds []struct {
					Group, Version, Kind string
				} `json:"x-kubernetes-group-version-kind"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &openAPI); err != nil {
		return nil, fmt.Errorf("read the schemas of %s: %w", v1alpha1.GroupVersion, err)
	}
	all := schemas{}
	for _, s := range openAPI.Components.Schemas {
		for _, kind := range s.Kinds {
			if kind.Group == v1alpha1.GroupVersion.Group && kind.Version == v1alpha1.GroupVersion.Version {
				all[kind.Kind] = &s.field
			}
		}
	}
	return all, nil
}
