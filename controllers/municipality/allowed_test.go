package municipality

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestAllowed(t *testing.T) {
	lists := &v1alpha1.AllowedWorkloads{
		Registries: []string{"ghcr.io/vinje/", "docker.io/library/"}, RequireDigests: []v1alpha1.Stage{v1alpha1.StageProduction},
		PriorityClasses: []string{"batch"}, RuntimeClasses: []string{"gvisor"}, Tolerations: []string{"example.org/gpu"}, TokenAudiences: []string{"https://vault"},
		Annotations: []string{"cert-manager.io/"}, Controllers: []string{"system:serviceaccount:a:b"},
	}
	for _, tc := range []struct {
		reason  string
		domains []string
		stage   v1alpha1.Stage
		lists   *v1alpha1.AllowedWorkloads
		want    map[string]string
	}{
		{"a platform that says nothing allows any image, and nothing else", nil, v1alpha1.StageProduction, nil,
			map[string]string{"allmenning.dev/image-registries": "*", "allmenning.dev/image-digests": "optional"}},
		{"lists are sorted, so that their order changes nothing", []string{"vinje.no", "vinje.kommune.no"}, v1alpha1.StageProduction, lists, map[string]string{
			"allmenning.dev/image-registries": "docker.io/library/,ghcr.io/vinje/", "allmenning.dev/image-digests": "required", "allmenning.dev/domains": "vinje.kommune.no,vinje.no",
			"allmenning.dev/priority-classes": "batch", "allmenning.dev/runtime-classes": "gvisor", "allmenning.dev/tolerations": "example.org/gpu", "allmenning.dev/token-audiences": "https://vault",
			"allmenning.dev/annotations": "cert-manager.io/", "allmenning.dev/controllers": "system:serviceaccount:a:b",
		}},
		{"digests are required in the stages that the platform lists", nil, v1alpha1.StageTest, &v1alpha1.AllowedWorkloads{RequireDigests: []v1alpha1.Stage{v1alpha1.StageProduction}},
			map[string]string{"allmenning.dev/image-registries": "*", "allmenning.dev/image-digests": "optional"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			m := v1alpha1.Municipality{Spec: v1alpha1.MunicipalitySpec{Domains: tc.domains}}
			got := allowed(m, v1alpha1.Environment{Stage: tc.stage}, v1alpha1.PlatformSpec{Workloads: tc.lists})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
		})
	}
}
