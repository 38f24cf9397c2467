package sharedapp

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestShareWarnings(t *testing.T) {
	claim := &unstructured.Unstructured{Object: map[string]any{"kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": "data"}}}
	set := &unstructured.Unstructured{Object: map[string]any{"kind": "StatefulSet", "metadata": map[string]any{"name": "db"}, "spec": map[string]any{"volumeClaimTemplates": []any{map[string]any{}}}}}
	web := &unstructured.Unstructured{Object: map[string]any{"kind": "Deployment", "metadata": map[string]any{"name": "web"}}}
	share := func(storage string, claims int32) *v1alpha1.OwnNamespace {
		return &v1alpha1.OwnNamespace{Quota: &v1alpha1.Quota{Storage: new(resource.MustParse(storage)), PersistentVolumeClaims: &claims}}
	}
	for _, tc := range []struct {
		reason    string
		isolation v1alpha1.Isolation
		own       *v1alpha1.OwnNamespace
		want      int
	}{
		{"the default share has no storage", v1alpha1.IsolationOwn, nil, 2},
		{"nor has one that says nothing of it", v1alpha1.IsolationOwn, &v1alpha1.OwnNamespace{Quota: &v1alpha1.Quota{}}, 2},
		{"storage without claims is of no use", v1alpha1.IsolationOwn, share("1Gi", 0), 2},
		{"nor are claims without storage", v1alpha1.IsolationOwn, share("0", 1), 2},
		{"there is some", v1alpha1.IsolationOwn, share("1Gi", 1), 0},
		{"one that shares has that of the environment", v1alpha1.IsolationShared, nil, 0},
	} {
		if got := shareWarnings(tc.isolation, tc.own, []*unstructured.Unstructured{web, claim, set}); len(got) != tc.want {
			t.Errorf("%s: %v", tc.reason, got)
		}
	}
}
