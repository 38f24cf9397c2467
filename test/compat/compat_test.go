// Package compat_test tries hack/compat.sh, which compares schemas with those of the release before.
package compat_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

const (
	root = "../.."
	file = "allmenning.dev_networks.yaml"
)

// write writes a changed copy of the schema of Networks into a folder of its own. A nil change writes nothing.
func write(t *testing.T, change func(*apiextensionsv1.CustomResourceDefinition)) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if change == nil {
		return folder
	}
	content, err := os.ReadFile(root + "/config/crd/bases/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(content, &crd); err != nil {
		t.Fatal(err)
	}
	change(&crd)
	if content, err = yaml.Marshal(crd); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, file), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// spec changes the schema of a Network's spec.
func spec(change func(*apiextensionsv1.JSONSchemaProps)) func(*apiextensionsv1.CustomResourceDefinition) {
	return func(crd *apiextensionsv1.CustomResourceDefinition) {
		all := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties
		s := all["spec"]
		change(&s)
		all["spec"] = s
	}
}

// property changes one property of an object's schema.
func property(name string, change func(*apiextensionsv1.JSONSchemaProps)) func(*apiextensionsv1.JSONSchemaProps) {
	return func(s *apiextensionsv1.JSONSchemaProps) {
		p := s.Properties[name]
		change(&p)
		s.Properties[name] = p
	}
}

func TestCompat(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles crdify: a minute the first time")
	}
	type schema = apiextensionsv1.JSONSchemaProps
	same := func(*apiextensionsv1.CustomResourceDefinition) {}
	for _, tc := range []struct {
		reason string
		change func(*apiextensionsv1.CustomResourceDefinition)
		fails  bool
		says   []string
	}{
		{"nothing has changed", same, false, nil},
		{"another description", spec(property("displayName", func(p *schema) { p.Description = "another" })), false, nil},
		{"a field more", spec(func(s *schema) { s.Properties["more"] = schema{Type: "string"} }), false, nil},
		{"a wider bound", spec(property("apps", func(p *schema) { p.MaxItems = new(int64(10_000)) })), false, nil},
		{"a narrower bound is left to ratcheting", spec(property("apps", func(p *schema) { p.MaxItems = new(int64(3)) })), false, []string{"spec.apps", "maxItems", "WARNING"}},
		{"a field is gone", spec(func(s *schema) { delete(s.Properties, "displayName") }), true, []string{file, "removed field", "spec.displayName"}},
		{"a field is newly required", spec(func(s *schema) { s.Required = append(s.Required, "priority") }), true, []string{file, "spec - required", "priority"}},
		{"a field is of another type", spec(property("displayName", func(p *schema) { p.Type = "integer" })), true, []string{file, "spec.displayName", `"string" -> "integer"`}},
		{"another scope", func(crd *apiextensionsv1.CustomResourceDefinition) {
			crd.Spec.Scope = apiextensionsv1.NamespaceScoped
		}, true, []string{file, "scope"}},
		{"a version that objects are stored in is gone", func(crd *apiextensionsv1.CustomResourceDefinition) {
			crd.Spec.Versions[0].Name = "v1"
		}, true, []string{file, "v1alpha1"}},
		{"the kind is gone", nil, true, []string{file + " of", "is gone"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			said, err := exec.CommandContext(t.Context(), root+"/hack/compat.sh", write(t, same), write(t, tc.change)).CombinedOutput()
			if failed := err != nil; failed != tc.fails {
				t.Errorf("failed %v, want %v: %s", failed, tc.fails, said)
			}
			if len(tc.says) == 0 && len(said) > 0 {
				t.Errorf("it says %q, and has nothing to say", said)
			}
			for _, word := range tc.says {
				if !strings.Contains(string(said), word) {
					t.Errorf("it says %q, without %q", said, word)
				}
			}
		})
	}
}
