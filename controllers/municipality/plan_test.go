package municipality

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/condition"
	"github.com/allmenning/allmenning/controllers/internal/platform"
)

func TestPlanGolden(t *testing.T) {
	custom := v1alpha1.PlatformSpec{
		DNS: []v1alpha1.DNSServer{
			{Namespace: "dns", PodLabels: map[string]string{"app": "coredns"}}, {CIDR: "10.96.0.10/32"},
		},
		Ingress: []v1alpha1.IngressController{
			{Namespace: "traefik", PodLabels: map[string]string{"app": "traefik"}},
			{NamespaceLabels: map[string]string{"role": "edge"}},
		},
		PrivateCIDRs: []string{"192.168.0.0/16", "fd00::/8", "10.0.0.0/8"},
		SizeClasses: []v1alpha1.SizeClass{
			{Name: "Tiny", UpTo: new(int32(1000))},
			{Name: "Rest", Quota: v1alpha1.Quota{CPU: resource.NewQuantity(12, resource.DecimalSI), Memory: new(resource.MustParse("24Gi"))}},
		},
	}
	for file, spec := range map[string]v1alpha1.PlatformSpec{"defaults.yaml": {}, "platform.yaml": custom} {
		t.Run(file, func(t *testing.T) {
			seen := fresh(vinje())
			seen.platform = platform.WithDefaults(spec)
			todo, err := plan(seen, now)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, file, written(t, todo))
		})
	}
}

func written(t *testing.T, todo planned) string {
	t.Helper()
	var out strings.Builder
	fmt.Fprintf(&out, "# size class %s, looked at again in %s\n", todo.sizeClass, todo.again)
	for _, e := range todo.environments {
		fmt.Fprintf(&out, "# environment %s: %s, %s\n", e.name, e.state, e.outcome.Message)
		for _, o := range e.apply {
			raw, err := yaml.Marshal(o.Desired)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString("---\n" + string(raw))
		}
	}
	return out.String()
}

func TestPlanSendsNothingTwice(t *testing.T) {
	seen := settled(t, vinje())
	todo, err := plan(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range todo.environments {
		if e.state != v1alpha1.EnvironmentReady || len(e.apply)+len(e.remove) > 0 {
			t.Errorf("environment %s is %s with %d to apply and %d to remove, want Ready and nothing to do", e.name, e.state, len(e.apply), len(e.remove))
		}
	}
}

func TestPlanMendsDrift(t *testing.T) {
	const namespace, deny = "Namespace/vinje-test", "NetworkPolicy/allmenning-default-deny"
	cases := []struct {
		reason string
		object string
		change func(*testing.T, *unstructured.Unstructured)
		want   []string
	}{
		{"a label that somebody added is theirs", namespace, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "x", "metadata", "labels", "team")
		}, nil},
		{"a label that somebody changed is taken back", namespace, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "privileged", "metadata", "labels", "pod-security.kubernetes.io/enforce")
		}, []string{namespace}},
		{"a label that somebody removed comes back", namespace, func(_ *testing.T, o *unstructured.Unstructured) {
			unstructured.RemoveNestedField(o.Object, "metadata", "labels", v1alpha1.LabelZone)
		}, []string{namespace}},
		{"a policy that somebody narrowed to some pods covers all again", deny, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "x", "spec", "podSelector", "matchLabels", "app")
		}, nil}, // what matters is below: an addition to a selector must not be overlooked
	}
	for _, tc := range cases[:3] {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			e := seen.environments["test"]
			for _, o := range desiredOf(seen, "test") {
				if key(o.Kind, o.Name) == tc.object {
					changed := live(t, o, func(u *unstructured.Unstructured) { tc.change(t, u) })
					if ns, ok := changed.(*corev1.Namespace); ok {
						e.namespace = ns
					}
				}
			}
			seen.environments["test"] = e
			if diff := cmp.Diff(tc.want, appliedTo(t, seen, "test")); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
		})
	}
}

func set(t *testing.T, o *unstructured.Unstructured, value string, path ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}

func desiredOf(seen observed, environment string) []apply.Object {
	m := seen.municipality
	spec := specOf(m, environment)
	quota := effectiveQuota(spec.Quota, sizeClass(seen.platform.SizeClasses, m.Spec.Inhabitants))
	return desired(m, *spec, v1alpha1.NamespaceFor(m.Name, environment), quota, seen.platform, now)
}

// planFor is the plan of one environment.
func planFor(t *testing.T, seen observed, environment string) environmentPlan {
	t.Helper()
	todo, err := plan(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range todo.environments {
		if e.name == environment {
			return e
		}
	}
	t.Fatalf("no plan for environment %s", environment)
	return environmentPlan{}
}

func appliedTo(t *testing.T, seen observed, environment string) []string {
	t.Helper()
	var names []string
	for _, o := range planFor(t, seen, environment).apply {
		names = append(names, key(o.Kind, o.Name))
	}
	return names
}
