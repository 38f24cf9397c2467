package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	helm "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/allmenning/allmenning/internal/contract"
)

// checkSchemas judges the values of a chart and of its subcharts by the schemas that they bring.
func checkSchemas(c *helm.Chart, values map[string]any) []contract.Finding {
	found := checkSchema(pathOf(c)+schemaFile, c.Schema, values)
	for _, child := range c.Dependencies() {
		if below, ok := values[child.Name()].(map[string]any); ok {
			found = append(found, checkSchemas(child, below)...)
		}
	}
	slices.SortStableFunc(found, byPlace)
	return found
}

// checkSchema judges values by one schema. A reference may lead to the file itself alone.
func checkSchema(file string, schema []byte, values map[string]any) []contract.Finding {
	if len(schema) == 0 {
		return nil
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return []contract.Finding{fault(file, 1, "not JSON: "+err.Error(), "correct the schema")}
	}
	if found := references(file, schema, parsed); len(found) > 0 {
		return found
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nowhere{})
	const name = "allmenning:values.schema.json"
	if err := compiler.AddResource(name, parsed); err != nil {
		return []contract.Finding{fault(file, 1, "it can't be used: "+err.Error(), "correct the schema")}
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return []contract.Finding{fault(file, 1, "it can't be used: "+strings.ReplaceAll(err.Error(), name, ""), "correct the schema")}
	}
	// As the schema's numbers are, so that 1 is an integer.
	written, err := json.Marshal(withoutFacts(values))
	if err != nil {
		return []contract.Finding{fault(file, 1, "the values can't be written as JSON", "correct them")}
	}
	given, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
	if err != nil {
		return []contract.Finding{fault(file, 1, "the values can't be read as JSON", "correct them")}
	}
	var invalid *jsonschema.ValidationError
	if err := compiled.Validate(given); errors.As(err, &invalid) {
		return invalidValues(file, schema, invalid)
	}
	return nil
}

// withoutFacts are values without the facts of the tenant: a schema that allows no other values than its own says
// nothing about them.
func withoutFacts(values map[string]any) map[string]any {
	out := maps.Clone(values)
	delete(out, ContextKey)
	if global, ok := out["global"].(map[string]any); ok {
		global = maps.Clone(global)
		delete(global, ContextKey)
		if out["global"] = global; len(global) == 0 {
			delete(out, "global")
		}
	}
	return out
}

// nowhere is where a schema may fetch from.
type nowhere struct{}

// Load refuses.
func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is outside of the schema, and is not fetched", url)
}

// references are those that lead out of a schema.
func references(file string, schema []byte, node any) []contract.Finding {
	var found []contract.Finding
	switch node := node.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			if target, ok := node[key].(string); ok && (key == "$ref" || key == "$dynamicRef" || key == "$recursiveRef") && !strings.HasPrefix(target, "#") {
				found = append(found, fault(file, lineOf(schema, target), fmt.Sprintf("%s %q leads out of the file, and is not followed", key, target), "write what it names into the file, below $defs"))
				continue
			}
			found = append(found, references(file, schema, node[key])...)
		}
	case []any:
		for _, child := range node {
			found = append(found, references(file, schema, child)...)
		}
	}
	return found
}

// invalidValues are the leaves of what does not fit, each with the value that it is about.
func invalidValues(file string, schema []byte, invalid *jsonschema.ValidationError) []contract.Finding {
	if len(invalid.Causes) == 0 {
		at := strings.Join(invalid.InstanceLocation, ".")
		if at == "" {
			at = "the values"
		}
		last := ""
		if n := len(invalid.InstanceLocation); n > 0 {
			last = `"` + invalid.InstanceLocation[n-1] + `"`
		}
		problem := invalid.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		return []contract.Finding{fault(file, lineOf(schema, last), fmt.Sprintf("%s: %s", at, problem), "correct chart.values or the parameter that goes there")}
	}
	var found []contract.Finding
	for _, cause := range invalid.Causes {
		found = append(found, invalidValues(file, schema, cause)...)
	}
	return found
}
