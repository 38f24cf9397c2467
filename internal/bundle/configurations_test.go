package bundle

import (
	"maps"
	"strings"
	"testing"

	"github.com/allmenning/allmenning/internal/contract"
)

func TestAConfigurationAtFaultIsNamed(t *testing.T) {
	const names = "namePrefix:\n- {path: spec/a, kind: X, create: true}\n"
	for _, tc := range []struct {
		reason string
		files  map[string]string
		want   string
	}{
		{"a field that kustomize does not know", map[string]string{
			"base/kustomization.yaml": "resources: [a.yaml]\nconfigurations: [names.yaml, more/kustomizeconfig.yaml]", "base/more/kustomizeconfig.yaml": "nameReferences: []\n",
		}, `base/more/kustomizeconfig.yaml: it is no configuration for kustomize: error unmarshaling JSON: while decoding JSON: json: unknown field "nameReferences"`},
		{"a list that is none", map[string]string{
			"base/kustomization.yaml": "resources: [a.yaml]\nconfigurations: [names.yaml]", "base/names.yaml": "namePrefix: {path: spec/a}\n",
		}, "base/names.yaml: it is no configuration for kustomize"},
		{"two that contradict each other", map[string]string{
			"base/kustomization.yaml": "resources: [a.yaml]\nconfigurations: [names.yaml, other.yaml]", "base/other.yaml": "namePrefix:\n- {path: spec/a, kind: X}\n",
		}, "base/other.yaml: it is no configuration for kustomize"},
		{"what to do", map[string]string{
			"base/kustomization.yaml": "resources: [a.yaml]\nconfigurations: [names.yaml]", "base/names.yaml": "x: y\n",
		}, "correct it, or take it out of configurations in base/kustomization.yaml"},
		{"one that is right is not to blame for what else is wrong", map[string]string{
			"base/kustomization.yaml": "resources: [a.yaml]\nconfigurations: [names.yaml]\npatches: [{patch: 'kind: X', target: {kind: ConfigMap}}]",
		}, "building with kustomize: "},
		{"nor is one that nothing uses", map[string]string{
			"base/kustomization.yaml": "resources: [a.yaml]\npatches: [{patch: 'kind: X', target: {kind: ConfigMap}}]", "other/kustomization.yaml": "configurations: [c.yaml]", "other/c.yaml": "x: y\n",
		}, "building with kustomize: "},
	} {
		all := map[string]string{"kustomization.yaml": "resources: [base]", "base/a.yaml": settings, "base/names.yaml": names}
		maps.Copy(all, tc.files)
		b := folderOf(all)
		if found := Scan(b); len(found) > 0 {
			t.Errorf("%s: %s", tc.reason, contract.Text(found))
		}
		_, err := Build(b, vinje)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.reason, err, tc.want)
		}
	}
}
