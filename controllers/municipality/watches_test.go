package municipality

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestInTheWayOf(t *testing.T) {
	m := vinje()
	m.Status.Environments = []v1alpha1.EnvironmentStatus{{Name: "prod", Namespace: "vinje-prod", RefusedNamespaces: []v1alpha1.RefusedNamespace{{App: "svarut"}}}}
	for name, want := range map[string]bool{
		"vinje-prod": true, "vinje-prod--svarut": true, "vinje-prod--kart": false, "vinje-dev": false, "vinje-test--svarut": false,
	} {
		if got := inTheWayOf(&m, name); got != want {
			t.Errorf("%s is in the way: %v", name, got)
		}
	}
}
