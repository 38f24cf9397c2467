package appinstallation

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// TestMayRecreate deletes nothing that a person may miss.
func TestMayRecreate(t *testing.T) {
	locked := func(o *unstructured.Unstructured) *unstructured.Unstructured {
		o = o.DeepCopy()
		o.Object["immutable"] = true
		return o
	}
	recreates := func(o *unstructured.Unstructured) *unstructured.Unstructured {
		o = o.DeepCopy()
		o.SetAnnotations(map[string]string{v1alpha1.AnnotationReplace: v1alpha1.ReplaceRecreate})
		return o
	}
	config, claim := configMap("a", "1"), of(world(), claimKind, "a", map[string]any{})
	for _, tc := range []struct {
		reason        string
		desired, live *unstructured.Unstructured
		want          bool
	}{
		{"configuration that somebody locked", config, locked(config), true},
		{"a Secret that somebody locked", of(world(), "Secret", "a", map[string]any{}), locked(of(world(), "Secret", "a", map[string]any{})), true},
		{"what the version itself locks has another name in the next", locked(config), locked(config), false},
		{"what the publisher has made again", recreates(deployment("web")), deployment("web"), true},
		{"but for volumes", recreates(claim), claim, false},
		{"anything else", deployment("web"), deployment("web"), false},
	} {
		if got := (object{ref: refOf(tc.desired), desired: tc.desired, live: tc.live}).mayRecreate(); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.reason, got, tc.want)
		}
	}
}
