package cel

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// definition is a custom resource definition with its only version.
type definition struct {
	*apiextensionsv1.CustomResourceDefinition
}

func (d definition) kind() string { return d.Spec.Names.Kind }

func (d definition) version() apiextensionsv1.CustomResourceDefinitionVersion {
	return d.Spec.Versions[0]
}

func (d definition) schema() *apiextensionsv1.JSONSchemaProps {
	return d.version().Schema.OpenAPIV3Schema
}

// definitions reads config/crd, as it is shipped.
func definitions(t *testing.T) []definition {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(definitionFolder, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no definitions in %s: %v", definitionFolder, err)
	}
	var all []definition
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("reading a definition: %v", err)
		}
		d := definition{&apiextensionsv1.CustomResourceDefinition{}}
		if err := yaml.UnmarshalStrict(content, d.CustomResourceDefinition); err != nil {
			t.Fatalf("parsing %s: %v", path, err)
		}
		if len(d.Spec.Versions) != 1 {
			t.Fatalf("%s has %d versions: these tests look at one", path, len(d.Spec.Versions))
		}
		all = append(all, d)
	}
	return all
}

// walk visits a schema and all below it. Items of lists and values of maps are
// written as [*].
func walk(path string, schema *apiextensionsv1.JSONSchemaProps, visit func(path string, schema *apiextensionsv1.JSONSchemaProps)) {
	visit(path, schema)
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		walk(strings.TrimPrefix(path+"."+name, "."), &property, visit)
	}
	if schema.Items != nil {
		walk(path+"[*]", schema.Items.Schema, visit)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		walk(path+"[*]", schema.AdditionalProperties.Schema, visit)
	}
}

// index is how the API server writes one item of a list in the path of a field.
var index = regexp.MustCompile(`\[\d+\]`)

// TestEveryRuleIsBroken fails for a validation rule that no table breaks: a rule
// is known by its place and what it says.
func TestEveryRuleIsBroken(t *testing.T) {
	broken := map[string][]string{}
	for _, tt := range tables() {
		for _, e := range tt.examples {
			place := tt.kind + " " + index.ReplaceAllString(e.field, "[*]")
			broken[place] = append(broken[place], e.message)
		}
	}
	count := 0
	for _, d := range definitions(t) {
		walk("", d.schema(), func(path string, schema *apiextensionsv1.JSONSchemaProps) {
			for _, rule := range schema.XValidations {
				count++
				place := d.kind() + " " + strings.TrimPrefix(path+rule.FieldPath, ".")
				if !slices.Contains(broken[place], rule.Message) {
					t.Errorf("%s: no example expects the whole message %q: add one to the table of the kind", place, rule.Message)
				}
			}
		})
	}
	if count == 0 {
		t.Error("the definitions hold no rule at all: this test looks in the wrong place")
	}
}

// TestEverythingIsBounded fails for a field of spec that can grow without end,
// which a rule's cost, the size of an object in etcd and a reader all suffer from.
func TestEverythingIsBounded(t *testing.T) {
	for _, d := range definitions(t) {
		spec := d.schema().Properties["spec"]
		walk("spec", &spec, func(path string, schema *apiextensionsv1.JSONSchemaProps) {
			if boundedElsewhere(path, schema) {
				return
			}
			switch {
			case schema.Type == "string" && schema.MaxLength == nil && schema.Enum == nil && schema.Format == "":
				t.Errorf("%s %s: a string without maxLength, enum or format", d.kind(), path)
			case schema.Type == "array" && schema.MaxItems == nil:
				t.Errorf("%s %s: a list without maxItems", d.kind(), path)
			case schema.AdditionalProperties != nil && schema.MaxProperties == nil:
				t.Errorf("%s %s: a map without maxProperties", d.kind(), path)
			case schema.Type == "integer" && schema.Minimum == nil && schema.Maximum == nil:
				t.Errorf("%s %s: a number without minimum and maximum", d.kind(), path)
			case schema.XIntOrString && schema.Pattern == "" && (schema.MaxLength == nil || len(schema.XValidations) == 0):
				t.Errorf("%s %s: a quantity without a pattern, and without maxLength and a rule", d.kind(), path)
			}
		})
	}
}

// boundedElsewhere lists the exceptions to TestEverythingIsBounded, and why they are some.
func boundedElsewhere(path string, schema *apiextensionsv1.JSONSchemaProps) bool {
	switch {
	case strings.Contains(path, "members.selector."):
		return true // metav1.LabelSelector is Kubernetes' own type, which carries no markers
	case schema.XPreserveUnknownFields != nil && *schema.XPreserveUnknownFields:
		return true // parameters and their schema: the operator bounds them when it reads them
	case strings.HasSuffix(path, "Labels[*]"):
		return true // a rule on the map bounds keys and values; Go's map has no place for a marker
	default:
		return false
	}
}

// TestEverythingIsDescribed fails for a field that kubectl explain is silent on.
func TestEverythingIsDescribed(t *testing.T) {
	for _, d := range definitions(t) {
		walk("", d.schema(), func(path string, schema *apiextensionsv1.JSONSchemaProps) {
			// The API server itself describes metadata; items are described by their list.
			if path != "metadata" && !strings.HasSuffix(path, "[*]") && strings.TrimSpace(schema.Description) == "" {
				t.Errorf("%s %s: no description", d.kind(), path)
			}
		})
	}
}
