package apply_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/allmenning/allmenning/controllers/internal/apply"
)

func TestRefusal(t *testing.T) {
	spec := field.NewPath("spec")
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Env: []corev1.EnvVar{{Name: "PASSWORD", Value: "hunter: 2"}}}}}}
	invalid := func(faults ...*field.Error) error {
		return apierrors.NewInvalid(schema.GroupKind{Group: batchv1.GroupName, Kind: "Job"}, "migrate", faults)
	}
	cases := []struct {
		reason    string
		err       error
		want      string
		immutable bool
	}{
		{"a whole template is not quoted", invalid(field.Invalid(spec.Child("template"), template, "field is immutable")), "spec.template: Invalid value: field is immutable", true},
		{"nor is a text, which may be a secret", invalid(field.Invalid(spec.Child("host"), "hunter: 2", "must be a name")), "spec.host: Invalid value: must be a name", false},
		{"nor a number", invalid(field.Invalid(spec.Child("replicas"), -1, "must not be negative: never")), "spec.replicas: Invalid value: must not be negative: never", false},
		{"nor what is supported not", invalid(field.NotSupported(spec.Child("protocol"), "TPC", []string{"TCP", "UDP"})),
			`spec.protocol: Unsupported value: supported values: "TCP", "UDP"`, false},
		{"a value that is there twice", invalid(field.Duplicate(spec.Child("ports").Index(1), map[string]any{"port": 80})), "spec.ports[1]: Duplicate value", false},
		{"a fault without a value stays", invalid(field.Required(spec.Child("selector"), "")), "spec.selector: Required value", false},
		{"all faults are said, each once", invalid(field.Invalid(spec.Child("a"), "x", "no"), field.Invalid(spec.Child("b"), "x", "no"), field.Invalid(spec.Child("a"), "y", "no")),
			"spec.a: Invalid value: no; spec.b: Invalid value: no", false},
		{"a StatefulSet says it in its own words", invalid(field.Forbidden(spec, "updates to statefulset spec for fields other than 'replicas' are forbidden")),
			"spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden", true},
		{"another error is said as it is", errors.New("no route to host"), "no route to host", false},
		{"a policy's, too", apierrors.NewForbidden(schema.GroupResource{Resource: "jobs"}, "migrate", errors.New("updates to jobs are forbidden")),
			`jobs "migrate" is forbidden: updates to jobs are forbidden`, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := apply.Refusal(tc.err); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if got := apply.Immutable(tc.err); got != tc.immutable {
				t.Errorf("immutable: %v, want %v", got, tc.immutable)
			}
		})
	}
}

func TestSecretValues(t *testing.T) {
	objects := []*unstructured.Unstructured{
		{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"a": "aHVudGVyMjI=", "b": "no base64!", "c": nil}, "stringData": map[string]any{"d": "aHVudGVyMjI="}}},
		{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"a": "plain"}}},
		{Object: map[string]any{"apiVersion": "example.org/v1", "kind": "Secret", "data": map[string]any{"a": "other"}}},
	}
	got := apply.SecretValues(objects)
	slices.SortFunc(got, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	if diff := cmp.Diff([]any{"", "aHVudGVyMjI=", "hunter22", "no base64!"}, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
