package catalogue_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

const (
	// first takes a sender and where mail goes.
	first = `{"type":"object","properties":{"sender":{"type":"string"},"mail":{"type":"object","properties":{"host":{"type":"string"}}},
		"queues":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"}}}}}}`
	// second also requires an organisation number, and knows more of mail and queues.
	second = `{"type":"object","required":["orgno"],"properties":{"sender":{"type":"string"},"orgno":{"type":"string","minLength":9},
		"mail":{"type":"object","properties":{"host":{"type":"string"},"tls":{"type":"boolean"}}},
		"queues":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"size":{"type":"integer"}}}}}}`
)

// faktura is 1.0.0, which takes the first schema, and 2.0.0, which takes the second.
func faktura() *catalogue.App {
	version := func(number, schema string) v1alpha1.Version {
		return v1alpha1.Version{Version: number, Parameters: &v1alpha1.ParameterSchema{OpenAPIV3Schema: apiextensionsv1.JSON{Raw: []byte(schema)}}}
	}

	return catalogue.Compile(&v1alpha1.SharedApp{
		ObjectMeta: metav1.ObjectMeta{Name: "faktura"},
		Spec:       v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{version("1.0.0", first), version("2.0.0", second), {Version: "3.0.0"}}},
	})
}

func TestTaken(t *testing.T) {
	cases := []struct {
		reason, version, given, want string
	}{
		{"what the version knows", "1.0.0", `{"sender":"Vinje"}`, `{"sender":"Vinje"}`},
		{"what only a version to come knows is left out", "1.0.0", `{"sender":"Vinje","orgno":"964964610"}`, `{"sender":"Vinje"}`},
		{"and goes along with that version", "2.0.0", `{"sender":"Vinje","orgno":"964964610"}`, `{"sender":"Vinje","orgno":"964964610"}`},
		{"within an object too", "1.0.0", `{"mail":{"host":"smtp","tls":true}}`, `{"mail":{"host":"smtp"}}`},
		{"and within a list", "1.0.0", `{"queues":[{"name":"in","size":3}]}`, `{"queues":[{"name":"in"}]}`},
		{"what no version knows stays, so that it is refused by name", "1.0.0", `{"sendr":"Vinje","orgno":"964964610"}`, `{"sendr":"Vinje"}`},
		{"within an object too", "1.0.0", `{"mail":{"hst":"smtp","tls":true}}`, `{"mail":{"hst":"smtp"}}`},
		{"a version that takes none", "3.0.0", `{"sender":"Vinje"}`, ``},
		{"of a version that left the spec nobody knows what it takes", "0.9.0", `{"orgno":"964964610"}`, `{"orgno":"964964610"}`},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got, want := "", tc.want
			if taken := faktura().TakenJSON(tc.version, &apiextensionsv1.JSON{Raw: []byte(tc.given)}); taken != nil {
				got = string(taken.Raw)
			}
			if diff := cmp.Diff(parsed(want), parsed(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func parsed(text string) (value any) {
	if text != "" {
		_ = json.Unmarshal([]byte(text), &value) // what does not parse differs from what does
	}

	return value
}

func TestUnfitParameters(t *testing.T) {
	cases := []struct {
		reason, version, given string
		// want are parts of the sentence; none where the parameters fit.
		want []string
	}{
		{"all that is required is given", "2.0.0", `{"orgno":"964964610"}`, nil},
		{"one is missing", "2.0.0", `{"sender":"Vinje"}`, []string{"version 2.0.0 of SharedApp faktura can't be installed with these parameters", "parameters.orgno"}},
		{"nothing is given at all", "2.0.0", ``, []string{"parameters.orgno"}},
		{"one is not as the schema asks", "2.0.0", `{"orgno":"1"}`, []string{"parameters.orgno"}},
		{"one that another version knows is no fault", "1.0.0", `{"orgno":"964964610"}`, nil},
		{"one that no version knows is", "1.0.0", `{"orgn":"964964610"}`, []string{"parameters.orgn: unknown", "sender"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			var given *apiextensionsv1.JSON
			if tc.given != "" {
				given = &apiextensionsv1.JSON{Raw: []byte(tc.given)}
			}
			got := faktura().UnfitParameters(tc.version, given).String()
			if (got == "") != (len(tc.want) == 0) {
				t.Fatalf("got %q", got)
			}
			for _, part := range tc.want {
				if !strings.Contains(got, part) {
					t.Errorf("%q is not in %q", part, got)
				}
			}
		})
	}
}
