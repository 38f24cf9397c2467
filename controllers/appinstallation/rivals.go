package appinstallation

import (
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// rivals are the objects that the app no longer has and that keep what came in their place from working, as there may
// be but one: an autoscaler of the same workload, a disruption budget of the same pods. They go before the new
// can be ready; all else stays until it is.
func (p *planned) rivals() []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, old := range p.stale {
		for i := range p.objects {
			if o := &p.objects[i]; o.waits == "" && sameSubject(old, o.desired) {
				all = append(all, old)
				break
			}
		}
	}
	return all
}

// sameSubject says whether two objects of a kind of which one is enough are about the same.
func sameSubject(a, b *unstructured.Unstructured) bool {
	path := map[string][]string{
		"HorizontalPodAutoscaler": {"spec", "scaleTargetRef"},
		"PodDisruptionBudget":     {"spec", "selector"},
	}[a.GetKind()]
	if path == nil || refOf(a).GroupKind != refOf(b).GroupKind {
		return false
	}
	one, found, err1 := unstructured.NestedMap(a.Object, path...)
	other, _, err2 := unstructured.NestedMap(b.Object, path...)
	if a.GetKind() == "HorizontalPodAutoscaler" { // the group's version does not matter
		delete(one, "apiVersion")
		delete(other, "apiVersion")
	}
	return found && err1 == nil && err2 == nil && reflect.DeepEqual(one, other)
}
