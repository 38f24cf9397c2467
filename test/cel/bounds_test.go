package cel

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestBounds takes the manifest that sets every field of a kind, and, for every
// bound that the kind's schema has, oversteps that one bound. The API server
// must accept the manifest, and refuse each of the others at the right field.
// A kind whose fields exclude each other has a manifest for each of them.
func TestBounds(t *testing.T) {
	c := operatorClient(t)
	for _, d := range definitions(t) {
		t.Run(d.kind(), func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("testdata", strings.ToLower(d.kind())+".yaml"))
			if err != nil {
				t.Fatalf("every kind has a manifest that sets all of its fields: %v", err)
			}
			spec := d.schema().Properties["spec"]
			found := explorer{visited: map[string]bool{}}
			for manifest := range strings.SplitSeq(string(content), "\n---\n") {
				object := parse(t, manifest)
				if err := c.Create(t.Context(), toObject(object), client.DryRunAll, strict); err != nil {
					t.Fatalf("the manifest that sets every field must be accepted: %v", err)
				}
				withoutSpec := merge(object, map[string]any{"spec": nil})
				if slices.Contains(d.schema().Required, "spec") && spec.Default == nil {
					requireRefusal(t, c.Create(t.Context(), toObject(withoutSpec), client.DryRunAll), "spec", "Required value")
				}
				found.faults = nil
				found.explore("spec", "spec", &spec, object["spec"])
				for _, f := range found.faults {
					t.Run(f.name, func(t *testing.T) { f.try(t, c, manifest) })
				}
			}
			found.requireComplete(t, &spec)
		})
	}
}

// strict refuses fields that the schema does not know, which would otherwise be
// dropped in silence, and with them what the manifest is to show.
var strict = &client.CreateOptions{FieldValidation: "Strict"}

// fault oversteps one bound.
type fault struct {
	name    string
	place   string // of the value to put in
	value   any    // absent takes the place's key out
	field   string // that the refusal must name
	message string
}

type absent struct{}

func (f fault) try(t *testing.T, c client.Client, manifest string) {
	t.Helper()
	object := toObject(parse(t, manifest))
	object.Object["spec"] = replaceAt(object.Object["spec"], "spec", f.place, f.value)
	requireRefusal(t, c.Create(t.Context(), object, client.DryRunAll), f.field, f.message)
}

// explorer collects faults for what a manifest sets, the first time that it
// comes by a part of the schema.
type explorer struct {
	visited map[string]bool
	faults  []fault
}

// explore follows a value and its schema. The path names the schema, with [*]
// for items, and the field names the value, as the API server does.
func (x *explorer) explore(path, field string, schema *apiextensionsv1.JSONSchemaProps, value any) {
	if !x.visited[path] {
		x.visited[path] = true
		x.faults = append(x.faults, scalarFaults(field, schema)...)
		x.faults = append(x.faults, collectionFaults(field, schema, value)...)
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if property, ok := schema.Properties[name]; ok {
				x.explore(path+"."+name, field+"."+name, &property, value[name])
			}
		}
	case []any:
		for i, item := range value {
			x.explore(path+"[*]", fmt.Sprintf("%s[%d]", field, i), schema.Items.Schema, item)
		}
	}
}

// requireComplete fails for a field that the manifest does not set, whose
// bounds have therefore not been tried.
func (x *explorer) requireComplete(t *testing.T, spec *apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	walk("spec", spec, func(path string, _ *apiextensionsv1.JSONSchemaProps) {
		if !x.visited[path] && !strings.HasSuffix(path, "Labels[*]") && !strings.Contains(path, ".selector.") {
			t.Errorf("%s is set nowhere in the manifest: its bounds are not tried", path)
		}
	})
}

func scalarFaults(field string, schema *apiextensionsv1.JSONSchemaProps) []fault {
	var faults []fault
	add := func(bound string, value any, message string) {
		faults = append(faults, fault{field + " " + bound, field, value, field, message})
	}
	if len(schema.Enum) > 0 {
		add("enum", "Nonsense", "Unsupported value")
	}
	if schema.Pattern != "" {
		length := int64(1)
		if schema.MinLength != nil {
			length = max(length, *schema.MinLength)
		}
		add("pattern", strings.Repeat("!", int(length)), "should match")
	}
	if schema.Format == "date-time" {
		add("format", "next Monday", "must be of type date-time")
	}
	if schema.MaxLength != nil {
		add("maxLength", strings.Repeat("a", int(*schema.MaxLength)+1), "Too long")
	}
	if schema.MinLength != nil && *schema.MinLength > 0 {
		add("minLength", strings.Repeat("a", int(*schema.MinLength)-1), "chars long")
	}
	if schema.Maximum != nil {
		add("maximum", int64(*schema.Maximum)+1, "should be less than or equal to")
	}
	if schema.Minimum != nil {
		add("minimum", int64(*schema.Minimum)-1, "should be greater than or equal to")
	}
	if schema.XPreserveUnknownFields != nil && *schema.XPreserveUnknownFields && schema.Type == "object" { // an enumeration of several types has none
		add("type", "text", "must be of type object")
	}
	return faults
}

func collectionFaults(field string, schema *apiextensionsv1.JSONSchemaProps, value any) []fault {
	var faults []fault
	add := func(bound string, value any, message string) {
		faults = append(faults, fault{field + " " + bound, field, value, field, message})
	}
	items, _ := value.([]any)
	if schema.MaxItems != nil {
		add("maxItems", slices.Repeat(items[:1], int(*schema.MaxItems)+1), "Too many")
	}
	if schema.MinItems != nil && *schema.MinItems > 0 {
		add("minItems", items[:*schema.MinItems-1], "items")
	}
	if schema.MaxProperties != nil {
		many := map[string]any{}
		for i := range *schema.MaxProperties + 1 {
			many[fmt.Sprintf("k%d", i)] = "v"
		}
		add("maxProperties", many, "Too many")
	}
	if schema.MinProperties != nil && *schema.MinProperties > 0 {
		add("minProperties", map[string]any{}, "should have at least")
	}
	for _, name := range schema.Required {
		below := field + "." + name
		faults = append(faults, fault{below + " required", below, absent{}, below, "Required value"})
	}
	return faults
}

// replaceAt returns the value with another one put in at the place; at is where
// the value itself is.
func replaceAt(value any, at, place string, replacement any) any {
	if at == place {
		return replacement
	}
	switch value := value.(type) {
	case map[string]any:
		for name, below := range value {
			value[name] = replaceAt(below, at+"."+name, place, replacement)
			if value[name] == (absent{}) {
				delete(value, name)
			}
		}
	case []any:
		for i, item := range value {
			value[i] = replaceAt(item, fmt.Sprintf("%s[%d]", at, i), place, replacement)
		}
	}
	return value
}
