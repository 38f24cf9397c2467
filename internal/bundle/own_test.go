package bundle

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestAWorkloadKeepsTheSelectorThatItWasCreatedWith(t *testing.T) {
	deployment := func(kind string, selector map[string]any) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": kind, "spec": map[string]any{"selector": map[string]any{"matchLabels": selector}}}}
		if kind == "Service" {
			o.Object["apiVersion"], o.Object["spec"] = "v1", map[string]any{"selector": selector}
		}
		return o
	}
	wide, narrowed := map[string]any{"app": "redis"}, map[string]any{"app": "redis", v1alpha1.LabelApp: "post"}
	for _, tc := range []struct {
		reason string
		kind   string
		live   *unstructured.Unstructured
		want   map[string]any
	}{
		{"a new one is narrowed", "Deployment", nil, narrowed},
		{"one that was created narrowed stays so", "Deployment", deployment("Deployment", narrowed), narrowed},
		{"one that was created before can't be changed", "Deployment", deployment("Deployment", wide), wide},
		{"nor can a StatefulSet", "StatefulSet", deployment("StatefulSet", wide), wide},
		{"one of which the cache holds the name alone was somebody else's", "Deployment", &unstructured.Unstructured{Object: map[string]any{}}, wide},
		{"a Service can be changed", "Service", deployment("Service", wide), narrowed},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			desired := deployment(tc.kind, maps.Clone(narrowed))
			got := AsCreated(desired, tc.live)
			if diff := cmp.Diff(deployment(tc.kind, tc.want).Object, got.Object); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(deployment(tc.kind, narrowed).Object, desired.Object); diff != "" {
				t.Errorf("the built object, which others share, was changed:\n%s", diff)
			}
		})
	}
}
