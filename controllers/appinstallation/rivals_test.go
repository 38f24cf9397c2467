package appinstallation

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestRivalsGoFirst takes away what would keep its successor from ever being ready.
func TestRivalsGoFirst(t *testing.T) {
	scaler := func(name, version, target string) *unstructured.Unstructured {
		o := of(world(), "HorizontalPodAutoscaler", name, map[string]any{"spec": map[string]any{
			"scaleTargetRef": map[string]any{"apiVersion": version, "kind": "Deployment", "name": target}, "maxReplicas": int64(3),
		}})
		o.SetAPIVersion("autoscaling/v2")
		return o
	}
	budget := func(name, app string) *unstructured.Unstructured {
		o := of(world(), "PodDisruptionBudget", name, map[string]any{"spec": map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": app}}}})
		o.SetAPIVersion("policy/v1")
		return o
	}
	for _, tc := range []struct {
		reason   string
		old, new *unstructured.Unstructured
		goes     bool
	}{
		{"two autoscalers of a workload work not at all", scaler("web", "apps/v1", "web"), scaler("web-2", "apps/v1", "web"), true},
		{"however its group is written", scaler("web", "apps/v1", "web"), scaler("web-2", "extensions/v1beta1", "web"), true},
		{"of different workloads they do", scaler("web", "apps/v1", "web"), scaler("worker", "apps/v1", "worker"), false},
		{"two budgets of the same pods let nobody evict them", budget("web", "web"), budget("web-2", "web"), true},
		{"of different pods they do no harm", budget("web", "web"), budget("worker", "worker"), false},
		{"configuration stays until the new is ready", configMap("old", "1"), configMap("new", "1"), false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			live := cached(t, answered(tc.old))
			seen := world(func(s *observed) { s.live = map[ref]*unstructured.Unstructured{refOf(live): live} })
			todo, err := plan(seen, rendered{objects: []*unstructured.Unstructured{tc.new}})
			if err != nil {
				t.Fatal(err)
			}
			if goes := slices.Contains(todo.prune, live); goes != tc.goes || len(todo.stale) != 1 {
				t.Errorf("goes %v, want %v; stale %d", goes, tc.goes, len(todo.stale))
			}
		})
	}
}
