package truth

import (
	"encoding/json"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// unfit says which parameter keeps a version from a place: one that it requires and the municipality
// does not give, or one that is given and that no version of the app knows. Empty where none does.
func (t *Truth) unfit(k Key, version string) string {
	app, m := t.Apps[k.App], t.Municipalities[k.Municipality]
	v := versionOf(app, version)
	if v == nil || m == nil {
		return ""
	}
	given := givenTo(m, k)
	for _, name := range Sorted(given) {
		knows := func(v v1alpha1.Version) bool { _, known := takes(v).Properties[name]; return known }
		if !slices.ContainsFunc(app.Spec.Versions, knows) {
			return "parameter " + name + ", which no version knows"
		}
	}
	for _, name := range takes(*v).Required {
		if !given[name] {
			return "parameter " + name + ", which is not given"
		}
	}
	return ""
}

// taken are the parameters of a version.
type taken struct {
	Required   []string
	Properties map[string]any
}

func takes(v v1alpha1.Version) taken {
	var all taken
	if v.Parameters != nil {
		_ = json.Unmarshal(v.Parameters.OpenAPIV3Schema.Raw, &all) // worlds write schemas that can be read
	}
	return all
}

// givenTo are the parameters that a municipality gives an app in an environment.
func givenTo(m *v1alpha1.Municipality, k Key) map[string]bool {
	all := map[string]bool{}
	add := func(given json.Marshaler) {
		var values map[string]any
		raw, err := json.Marshal(given)
		if err != nil || json.Unmarshal(raw, &values) != nil {
			return
		}
		for name := range values {
			all[name] = true
		}
	}
	at := slices.IndexFunc(m.Spec.Apps, func(d v1alpha1.AppDecision) bool { return d.Name == k.App })
	if at < 0 {
		return all
	}
	said := m.Spec.Apps[at]
	if said.Parameters != nil {
		add(said.Parameters)
	}
	for _, here := range said.Environments {
		if here.Name == k.Environment && here.Parameters != nil {
			add(here.Parameters)
		}
	}
	return all
}

func givesParameters(m *moved) string {
	if m.Move.Before != nil && m.Move.Before.Spec.Digest == m.To.Digest {
		return ""
	}
	return m.unfit(m.Key, m.To.Version)
}
