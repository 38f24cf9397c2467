package contract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/contract"
)

func TestIgnoredFields(t *testing.T) {
	for _, tc := range []struct {
		reason, text string
		want         [][]string
	}{
		{"none", "", nil},
		{"a path, and another", "spec.replicas, spec.template.spec.nodeSelector", [][]string{{"spec", "replicas"}, {"spec", "template", "spec", "nodeSelector"}}},
		{"a key that holds dots, in quotes", `data["app.conf"]`, [][]string{{"data", "app.conf"}}},
		{"in the other quotes, and with more behind", `spec.a['b.c'].d`, [][]string{{"spec", "a", "b.c", "d"}}},
		{"behind a backslash", `data.app\.conf`, [][]string{{"data", "app.conf"}}},
		{"a key that may be written plainly", `spec["template"].spec`, [][]string{{"spec", "template", "spec"}}},
		{"brackets that nothing closes are a part of the key", `data["a`, [][]string{{`data["a`}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			o := &unstructured.Unstructured{Object: map[string]any{}}
			o.SetAnnotations(map[string]string{v1alpha1.AnnotationIgnoreFields: tc.text})
			if diff := cmp.Diff(tc.want, contract.IgnoredFields(o)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
