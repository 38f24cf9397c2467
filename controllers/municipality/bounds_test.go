package municipality

import (
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/settings"
)

// creatable are the resources that the roles of a file may create, in the words of a quota's count.
func creatable(t *testing.T, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for document := range strings.SplitSeq(string(raw), "\n---\n") {
		var role rbacv1.ClusterRole
		if err := yaml.Unmarshal([]byte(document), &role); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, rule := range role.Rules {
			if !slices.Contains(rule.Verbs, "create") {
				continue
			}
			for _, group := range rule.APIGroups {
				for _, kind := range rule.Resources {
					all = append(all, strings.TrimSuffix(kind+"."+group, "."))
				}
			}
		}
	}
	return all
}

func TestEveryKindThatIsWrittenIsBounded(t *testing.T) {
	hard := hardLimits(settings.WithDefaults(v1alpha1.PlatformSpec{}).SizeClasses[0].Quota)
	bounded := func(kind string) bool {
		_, whole := hard[corev1.ResourceName(kind)]
		_, counted := hard[corev1.ResourceName(countPrefix+kind)]
		return whole || counted
	}
	// Events go by themselves after an hour, and a quota can't count them; the others are no objects.
	unbounded := []string{
		"events", "events.events.k8s.io", "pods/exec", "pods/attach", "pods/portforward", "pods/eviction",
		"deployments/scale.apps", "statefulsets/scale.apps",
	}
	for _, file := range []string{"../../config/rbac/tenant_roles.yaml", "../../config/rbac/installer.yaml"} {
		kinds := creatable(t, file)
		if len(kinds) < 10 {
			t.Fatalf("%s: only %v may be created", file, kinds)
		}
		for _, kind := range kinds {
			if !bounded(kind) && !slices.Contains(unbounded, kind) {
				t.Errorf("%s: %s may be created without bound: add it to countedKinds", file, kind)
			}
		}
	}
}

func TestBoundsOfObjects(t *testing.T) {
	quota := settings.WithDefaults(v1alpha1.PlatformSpec{}).SizeClasses[0].Quota
	quota.Objects = new(int32(12))
	hard := hardLimits(quota)
	for _, tc := range []struct {
		reason string
		name   corev1.ResourceName
		want   string
	}{
		{"each kind that people write has the bound for itself", "count/deployments.apps", "12"},
		{"accounts are counted, too", "count/serviceaccounts", "12"},
		{"a Deployment keeps ReplicaSets of before", "count/replicasets.apps", "60"},
		{"pods that have ended stay for a while, and the bound on pods does not count them", "count/pods", "60"},
		{"disk is lent", corev1.ResourceLimitsEphemeralStorage, "80Gi"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := hard[tc.name]; got.Cmp(resource.MustParse(tc.want)) != 0 {
				t.Errorf("%s is %s, want %s", tc.name, got.String(), tc.want)
			}
		})
	}
}

func TestLimitsOnDisk(t *testing.T) {
	for _, tc := range []struct{ reason, disk, want string }{
		{"one container may fill what the environment may ask for", "20Gi", "20Gi"},
		{"but never less than one gets that says nothing: the API server refuses such a LimitRange", "100Mi", "1Gi"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := (*limits(resource.MustParse(tc.disk)).Max)[corev1.ResourceEphemeralStorage]; got.Cmp(resource.MustParse(tc.want)) != 0 {
				t.Errorf("max is %s, want %s", got.String(), tc.want)
			}
		})
	}
}
