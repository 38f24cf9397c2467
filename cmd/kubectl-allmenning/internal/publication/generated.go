package publication

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/chart"
)

// placeholder is what a parameter with format: generated is taken to be.
const placeholder = "generatedForThisCheckAndNothingElse"

// withGenerated tries a chart again where it draws a value, with a text for each parameter that takes the place of one: which
// parameters the operator makes is in the SharedApp, which is not here. It returns what came of it, and what was assumed.
func withGenerated(b bundle.Bundle, o Options, built bundle.Built, err error) (bundle.Built, []string, error) {
	left := drawn(err)
	if left == 0 || o.Tenant.Chart == nil {
		return built, nil, err
	}
	var assumed []string
	for _, m := range o.Tenant.Chart.Parameters {
		given, added := withParameter(o.Tenant.Parameters, strings.Split(m.Parameter, "."))
		if !added {
			continue
		}
		next := o.Tenant
		next.Parameters = given
		other, otherErr := bundle.Try(b, next)
		if now := drawn(otherErr); now < left {
			o.Tenant, built, err, left = next, other, otherErr, now
			assumed = append(assumed, fmt.Sprintf("parameter %s has format: generated in the SharedApp, so that the operator makes its value; give one with --parameters where that is not so", m.Parameter))
		}
	}
	return built, assumed, err
}

// drawn is how many values of a chart are drawn each time.
func drawn(err error) int {
	var refused *bundle.RefusedError
	if !errors.As(err, &refused) {
		return 0
	}
	return len(refused.Findings) - len(slices.DeleteFunc(slices.Clone(refused.Findings), chart.NeedsGenerated))
}

// withParameter adds a value for a parameter that has none, without changing what is given.
func withParameter(given map[string]any, path []string) (map[string]any, bool) {
	out := maps.Clone(given)
	if out == nil {
		out = map[string]any{}
	}
	if len(path) == 1 {
		_, has := out[path[0]]
		out[path[0]] = placeholder
		return out, !has
	}
	below, ok := out[path[0]].(map[string]any)
	if _, has := out[path[0]]; has && !ok {
		return nil, false
	}
	below, added := withParameter(below, path[1:])
	out[path[0]] = below
	return out, added
}
