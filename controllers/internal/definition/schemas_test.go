package definition

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// served makes an OpenAPI document of schemas, as the API server writes it.
func served(t *testing.T, all schemas) []byte {
	t.Helper()
	components := map[string]any{"io.k8s.Other": map[string]any{"properties": map[string]any{"x": map[string]any{}}}}
	for kind, f := range all {
		components["dev.allmenning.v1alpha1."+kind] = map[string]any{
			"properties":                      f.Properties,
			"x-kubernetes-group-version-kind": []any{map[string]any{"group": "allmenning.dev", "version": "v1alpha1", "kind": kind}},
		}
	}
	content, err := json.Marshal(map[string]any{"components": map[string]any{"schemas": components}})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestSchemasThatAreShippedAreWhole(t *testing.T) {
	all, err := readShipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"Platform", "Municipality", "Network", "SharedApp", "AppInstallation", "Rollout"} {
		if all[kind] == nil || all[kind].Properties["spec"] == nil || all[kind].Properties["status"] == nil {
			t.Errorf("%s has no schema with spec and status", kind)
		}
	}
}

func TestCompare(t *testing.T) {
	spec := func(of *field) *field { return &field{Properties: map[string]*field{"spec": of}} }
	with := func(names ...string) *field {
		f := &field{Properties: map[string]*field{}}
		for _, name := range names {
			f.Properties[name] = &field{}
		}
		return f
	}
	list := func(of *field) *field {
		return &field{Properties: map[string]*field{"waves": {Items: of}}}
	}
	words := func(all ...any) *field { return &field{Properties: map[string]*field{"state": {Enum: all}}} }
	cases := []struct {
		reason         string
		shipped, there schemas
		lacks, adds    string
	}{
		{"the same schemas", schemas{"Network": spec(with("a"))}, schemas{"Network": spec(with("a"))}, "", ""},
		{"a field that the cluster lacks", schemas{"Network": spec(with("a", "b"))}, schemas{"Network": spec(with("a"))}, "(Network spec.b)", ""},
		{"a field that the cluster has besides", schemas{"Network": spec(with("a"))}, schemas{"Network": spec(with("a", "b"))}, "", "(Network spec.b)"},
		{"a field of the items of a list", schemas{"Network": spec(list(with("a", "b")))}, schemas{"Network": spec(list(with("a")))}, "(Network spec.waves[].b)", ""},
		{"what is below a missing field is not named", schemas{"Network": spec(list(with("a")))}, schemas{"Network": spec(with())}, "(Network spec.waves)", ""},
		{"a word of an enum", schemas{"Network": spec(words("On", "Off"))}, schemas{"Network": spec(words("Off"))}, "(Network spec.state=On)", ""},
		{"any word where the cluster bounds none", schemas{"Network": spec(words("On"))}, schemas{"Network": spec(words())}, "", ""},
		{"a kind that the cluster does not have", schemas{"Network": spec(with("a")), "Rollout": spec(with("a"))}, schemas{"Network": spec(with("a"))}, "(Rollout altogether)", ""},
		{"many fields are counted", schemas{"Network": spec(with("a", "b", "c", "d", "e", "f", "g")), "Rollout": spec(with("x"))}, schemas{"Network": spec(with()), "Rollout": spec(with())},
			"(Network spec.a, spec.b, spec.c, spec.d, spec.e and 2 more; Rollout spec.x)", ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			there, err := readServed(served(t, tc.there))
			if err != nil {
				t.Fatal(err)
			}
			got := tc.shipped.compare(there)
			for name, pair := range map[string][2]string{"lacks": {got.Lacks, tc.lacks}, "adds": {got.Adds, tc.adds}} {
				if (pair[0] == "") != (pair[1] == "") || !strings.Contains(pair[0], pair[1]) {
					t.Errorf("%s %q, want it to name %q", name, pair[0], pair[1])
				}
			}
		})
	}
}

func TestADifferenceSaysWhatToDo(t *testing.T) {
	old := schemas{"Network": {Properties: map[string]*field{}}}
	fresh := schemas{"Network": {Properties: map[string]*field{"spec": {}}}}
	want := Difference{Lacks: "the CustomResourceDefinitions of the cluster are older than this operator, which can't store what they lack (Network spec): apply config/crd of the release that runs"}
	if diff := cmp.Diff(want, fresh.compare(old)); diff != "" {
		t.Errorf("older (-want +got):\n%s", diff)
	}
	want = Difference{Adds: "the CustomResourceDefinitions of the cluster are newer than this operator, which does nothing about what they have besides (Network spec): run the operator of the release that they are from"}
	if diff := cmp.Diff(want, old.compare(fresh)); diff != "" {
		t.Errorf("newer (-want +got):\n%s", diff)
	}
}
