package catalogue

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/parameters"
)

// compileSchema notes how to compile the parameters of a version. That happens when somebody asks
// for the first time: most versions of an app are past, and nobody does.
func (v *Version) compileSchema(p *v1alpha1.ParameterSchema) {
	if p == nil {
		v.schema = func() (*parameters.Schema, error) { return nil, nil }
		return
	}

	v.raw = p.OpenAPIV3Schema.Raw
	v.schema = sync.OnceValues(func() (*parameters.Schema, error) { return parameters.Compile(p.OpenAPIV3Schema) })
}

// reuse takes the schema of the same version of an app that was compiled before.
func (v *Version) reuse(before *App) {
	if before == nil {
		return
	}
	if known := before.Version(v.Number); known != nil && slices.Equal(known.raw, v.raw) {
		v.schema = known.schema
	}
}

// Schema of the parameters that the version takes; nil where it takes none.
func (v *Version) Schema() (*parameters.Schema, error) { return v.schema() }

// Taken is what a version takes of the parameters that a municipality gives: without those that
// only other versions of the app know, which were given ahead for a version to come, or stay from
// one before. A parameter that no version knows stays, so that it is refused by name. Of a version
// that is not in the spec, all is taken.
func (a *App) Taken(number string, given map[string]any) map[string]any {
	taken, _ := a.take(number, given)

	return taken
}

// TakenJSON is Taken of parameters as they are written. What is not an object stays as it is.
func (a *App) TakenJSON(number string, given *apiextensionsv1.JSON) *apiextensionsv1.JSON {
	if given == nil {
		return nil
	}

	var values map[string]any
	if err := json.Unmarshal(given.Raw, &values); err != nil {
		return given
	}
	taken, less := a.take(number, values)
	switch {
	case !less:
		return given
	case len(taken) == 0:
		return nil
	}

	raw, err := json.Marshal(taken)
	if err != nil {
		return given
	}

	return &apiextensionsv1.JSON{Raw: raw}
}

// take is Taken, and whether that may be less than what is given.
func (a *App) take(number string, given map[string]any) (taken map[string]any, less bool) {
	v := a.Version(number)
	if v == nil || len(given) == 0 {
		return given, false
	}

	schema, err := v.Schema()
	if err != nil || !schema.Misses(given) {
		return given, false
	}

	var others []*parameters.Schema
	for _, other := range a.versions {
		if other != v && other.raw != nil {
			if known, err := other.Schema(); err == nil {
				others = append(others, known)
			}
		}
	}

	return schema.Without(given, others), true
}

// UnfitParameters is why a version can't be installed with the parameters that a municipality
// gives: one is missing, unknown to every version of the app, or not as the schema asks.
func (a *App) UnfitParameters(number string, given *apiextensionsv1.JSON) *Fault {
	v := a.Version(number)
	if v == nil {
		return nil
	}
	schema, err := v.Schema()
	if err != nil {
		return nil // the catalogue says so of the version
	}

	var values map[string]any
	if given != nil {
		if err := json.Unmarshal(given.Raw, &values); err != nil {
			return fault(UnfitParameters, "parameters is not an object")
		}
	}
	if _, err := schema.Apply(a.Taken(number, values), nil); err != nil {
		return fault(UnfitParameters, "version %s of SharedApp %s can't be installed with these parameters: %s",
			number, a.Name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}

	return nil
}
