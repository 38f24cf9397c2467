package chart

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	helm "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/allmenning/allmenning/internal/contract"
)

const (
	// ContextKey is the value that holds the facts of the tenant, and the same below global, where subcharts see it.
	ContextKey = "allmenning"
	// MaxValuesBytes bounds the values of a version, as JSON.
	MaxValuesBytes = 64 << 10
	// maxSteps bounds how deep a mapping leads into parameters or values.
	maxSteps = 16
)

// Settings are how a version has its chart rendered.
type Settings struct {
	// Values that the version sets, over the chart's own.
	Values map[string]any `json:",omitempty"`
	// Parameters are where parameters go.
	Parameters []Mapping `json:",omitempty"`
}

// Mapping is where one parameter goes: both are names with dots between them.
type Mapping struct {
	Parameter, Value string
}

var mappedName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$`)

// Check returns all that is wrong with the settings, whatever is in the chart. has says whether the version takes
// a parameter.
func (s Settings) Check(has func(path []string) bool) []string {
	var wrong []string
	for _, at := range []string{ContextKey, "global." + ContextKey} {
		if _, taken := lookUp(s.Values, strings.Split(at, ".")); taken {
			wrong = append(wrong, fmt.Sprintf("values: %s is where the facts of the tenant go: take it out", at))
		}
	}
	if global, set := s.Values["global"]; set && global != nil {
		if _, ok := global.(map[string]any); !ok {
			wrong = append(wrong, "values: global must be an object")
		}
	}
	if written, err := json.Marshal(s.Values); err != nil || len(written) > MaxValuesBytes {
		wrong = append(wrong, fmt.Sprintf("values: at most %d bytes as JSON: put what all installations share into the values.yaml of the chart", MaxValuesBytes))
	}
	for i := range s.Parameters {
		wrong = append(wrong, s.mapping(i, has)...)
	}
	return wrong
}

// mapping returns what is wrong with where one parameter goes.
func (s Settings) mapping(i int, has func(path []string) bool) []string {
	m, field := s.Parameters[i], fmt.Sprintf("parameters[%d]", i)
	switch {
	case !mappedName.MatchString(m.Parameter) || !mappedName.MatchString(m.Value):
		return []string{field + ": both are names with dots between them, such as mail.sender"}
	case strings.Count(m.Parameter, ".") >= maxSteps || strings.Count(m.Value, ".") >= maxSteps:
		return []string{fmt.Sprintf("%s: more than %d names deep", field, maxSteps)}
	}
	var wrong []string
	if !has(strings.Split(m.Parameter, ".")) {
		wrong = append(wrong, fmt.Sprintf("%s.parameter: the version takes no parameter %s: declare it in parameters.openAPIV3Schema", field, m.Parameter))
	}
	if within(m.Value, ContextKey) || within(m.Value, "global."+ContextKey) || m.Value == "global" {
		wrong = append(wrong, fmt.Sprintf("%s.value: %s is where the facts of the tenant go: name another value", field, m.Value))
	}
	for j, other := range s.Parameters[:i] {
		if within(m.Value, other.Value) || within(other.Value, m.Value) {
			wrong = append(wrong, fmt.Sprintf("%s.value: %s and parameters[%d].value, %s, are one value, or one within the other: a value has one parameter", field, m.Value, j, other.Value))
		}
	}
	return wrong
}

// within says whether a path is another, or below it.
func within(path, other string) bool { return path == other || strings.HasPrefix(path, other+".") }

// compose lays the values over each other: those of the version, then the facts of the tenant, then parameters.
// The chart's own are below all of them.
func compose(s Settings, f Facts) (map[string]any, []contract.Finding) {
	values, ok := plain(s.Values).(map[string]any)
	if !ok {
		values = map[string]any{}
	}
	facts := map[string]any{}
	for key, value := range f.Context {
		facts[key] = value
	}
	global, ok := values["global"].(map[string]any)
	if !ok {
		global = map[string]any{}
	}
	global[ContextKey] = maps.Clone(facts)
	values["global"], values[ContextKey] = global, facts

	var found []contract.Finding
	for _, m := range s.Parameters {
		value, given := lookUp(f.Parameters, strings.Split(m.Parameter, "."))
		if !given || value == nil {
			continue
		}
		if at := put(values, strings.Split(m.Value, "."), plain(value)); at != "" {
			found = append(found, contract.Finding{Rule: "chart", Field: "chart.parameters", Problem: fmt.Sprintf("%s can't be set: %s is no object in chart.values", m.Value, at),
				Fix: "correct one of the two"})
		}
	}
	return values, found
}

// put sets a value deep in others, and returns the path of what is in its way; empty where nothing is.
func put(values map[string]any, path []string, value any) string {
	for i, step := range path[:len(path)-1] {
		child, there := values[step]
		if !there || child == nil {
			child = map[string]any{}
			values[step] = child
		}
		below, ok := child.(map[string]any)
		if !ok {
			return strings.Join(path[:i+1], ".")
		}
		values = below
	}
	values[path[len(path)-1]] = value
	return ""
}

// lookUp finds a value deep in others.
func lookUp(values map[string]any, path []string) (any, bool) {
	var at any = values
	for _, step := range path {
		object, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = object[step]; !ok {
			return nil, false
		}
	}
	return at, true
}

// plain copies a value, with whole numbers as whole numbers: what came through JSON is written as 1e+06 otherwise.
func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(value))
		for key, child := range value {
			out[key] = plain(child)
		}
		return out
	case []any:
		out := make([]any, 0, len(value))
		for _, child := range value {
			out = append(out, plain(child))
		}
		return out
	case float64:
		if whole := math.Trunc(value); whole == value && math.Abs(value) < 1<<53 {
			return int64(value)
		}
	}
	return value
}

// unknownValues warns of values that parameters go to and the chart does not name.
func unknownValues(c *helm.Chart, s Settings) []contract.Finding {
	var found []contract.Finding
	for _, m := range s.Parameters {
		path := strings.Split(m.Value, ".")
		if named(c, path) {
			continue
		}
		if _, there := lookUp(s.Values, path); there {
			continue
		}
		f := fault(valuesFile, 0, fmt.Sprintf("chart.parameters sets the value %s, which the chart does not name", m.Value), "correct the value, or name it in values.yaml")
		f.Warning = true
		found = append(found, f)
	}
	return found
}

// named says whether a chart, or the subchart that a path leads to, has a default for a value, or one for all below.
func named(c *helm.Chart, path []string) bool {
	if path[0] == "global" {
		return true // a subchart's global values are not its own
	}
	if _, there := lookUp(c.Values, path); there {
		return true
	}
	for i := range path {
		if parent, there := lookUp(c.Values, path[:i]); there && i > 0 {
			if object, ok := parent.(map[string]any); ok && len(object) == 0 {
				return true // {} takes any key
			}
		}
	}
	at := slices.IndexFunc(c.Dependencies(), func(child *helm.Chart) bool { return child.Name() == path[0] })
	return at >= 0 && (len(path) == 1 || named(c.Dependencies()[at], path[1:]))
}
