package operatorsecret_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/controllers/internal/operatorsecret"
)

func TestValue(t *testing.T) {
	for _, tc := range []struct {
		reason string
		use    operatorsecret.Use
		label  string
		kind   string
		data   map[string]any
		want   string
		faults []string
	}{
		{"a pull secret of its type, labelled", operatorsecret.ImagePull(), "image-pull", "kubernetes.io/dockerconfigjson", map[string]any{".dockerconfigjson": "e30="}, "{}", nil},
		{"a login", operatorsecret.Login(), "registry-login", "kubernetes.io/dockerconfigjson", map[string]any{".dockerconfigjson": "e30="}, "{}", nil},
		{"certificates may be of any type", operatorsecret.Authority(), "registry-ca", "Opaque", map[string]any{"ca.crt": "Y2E="}, "ca", nil},
		{"no label", operatorsecret.ImagePull(), "", "kubernetes.io/dockerconfigjson", map[string]any{".dockerconfigjson": "e30="}, "",
			[]string{"Secret s in namespace system", "kubectl label --overwrite secret -n system s allmenning.dev/secret-for=image-pull"}},
		{"labelled for another use", operatorsecret.ImagePull(), "registry-login", "kubernetes.io/dockerconfigjson", map[string]any{".dockerconfigjson": "e30="}, "", []string{"secret-for=image-pull"}},
		{"another type", operatorsecret.Login(), "registry-login", "Opaque", map[string]any{".dockerconfigjson": "e30="}, "", []string{`its type is "Opaque"`, "kubernetes.io/dockerconfigjson"}},
		{"the key is missing", operatorsecret.Authority(), "registry-ca", "Opaque", map[string]any{"other": "Y2E="}, "", []string{"no key ca.crt"}},
		{"an empty value is none", operatorsecret.Authority(), "registry-ca", "Opaque", map[string]any{"ca.crt": ""}, "", []string{"no key ca.crt"}},
		{"all faults at once, and no value", operatorsecret.Login(), "", "Opaque", map[string]any{"password": "aHVudGVyMg=="}, "", []string{"registry-login", `"Opaque"`, "no key .dockerconfigjson"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "type": tc.kind, "data": tc.data}}
			o.SetName("s")
			o.SetNamespace("system")
			if tc.label != "" {
				o.SetLabels(map[string]string{"allmenning.dev/secret-for": tc.label})
			}

			value, problem := tc.use.Value(o)

			if string(value) != tc.want || (problem != "") != (tc.faults != nil) {
				t.Errorf("got %q, problem %q", value, problem)
			}
			for _, fault := range tc.faults {
				if !strings.Contains(problem, fault) {
					t.Errorf("%q does not say %q", problem, fault)
				}
			}
			if strings.Contains(problem, "hunter2") || strings.Contains(problem, "aHVudGVyMg") {
				t.Errorf("%q shows a value", problem)
			}
		})
	}
}
