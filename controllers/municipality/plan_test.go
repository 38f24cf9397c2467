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
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/condition"
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
			seen.platform = settings.WithDefaults(spec)
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

func TestPlanCorrectsDrift(t *testing.T) {
	const namespace, deny, quota = "Namespace/vinje-test", "NetworkPolicy/allmenning-default-deny", "ResourceQuota/allmenning"
	cases := []struct {
		reason string
		object string
		change func(*testing.T, *unstructured.Unstructured)
		apply  []string
		remove []string
	}{
		{"a label that somebody added is theirs", namespace, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "x", "metadata", "labels", "team")
		}, nil, nil},
		{"a label that somebody changed is taken back", namespace, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "privileged", "metadata", "labels", "pod-security.kubernetes.io/enforce")
		}, []string{namespace}, nil},
		{"a label that somebody removed comes back", namespace, func(_ *testing.T, o *unstructured.Unstructured) {
			unstructured.RemoveNestedField(o.Object, "metadata", "labels", v1alpha1.LabelZone)
		}, []string{namespace}, nil},
		{"a policy that somebody narrowed to some pods selects all of them again", deny, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "x", "spec", "podSelector", "matchLabels", "app")
		}, []string{deny}, nil},
		{"a rule that opens the default-deny policy is a field of another's, so the policy is made again", deny, func(t *testing.T, o *unstructured.Unstructured) {
			if err := unstructured.SetNestedSlice(o.Object, []any{map[string]any{}}, "spec", "ingress"); err != nil {
				t.Fatal(err)
			}
		}, []string{deny}, []string{deny}},
		{"a quota that somebody raised is lowered", quota, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "1k", "spec", "hard", "pods")
		}, []string{quota}, nil},
		{"a bound that somebody added to a quota is theirs", quota, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "5", "spec", "hard", "count/endpointslices.discovery.k8s.io")
		}, nil, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			e := seen.environments["test"]
			for _, o := range desiredOf(seen, "test") {
				if key(o.Kind, o.Name) != tc.object {
					continue
				}
				switch changed := live(t, o, func(u *unstructured.Unstructured) { tc.change(t, u) }).(type) {
				case *corev1.Namespace:
					e.namespace = changed
				default:
					e.objects[tc.object] = changed
				}
			}
			seen.environments["test"] = e
			got := planFor(t, seen, "test")
			if diff := cmp.Diff(tc.apply, namesOf(got.apply)); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.remove, removedBy(got)); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
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
	spec := m.Spec.Environment(environment)
	quota := effectiveQuota(spec.Quota, sizeClass(seen.platform.SizeClasses, m.Spec.Inhabitants))
	d := desiring{municipality: m, platform: seen.platform, now: now}.with(seen.environments[environment].namespace, *spec)
	return d.desired(site{environment: *spec, namespace: v1alpha1.NamespaceFor(m.Name, environment), quota: hardLimits(quota), disk: *quota.EphemeralStorage, live: seen.environments[environment]})
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

func namesOf(objects []apply.Object) []string {
	var names []string
	for _, o := range objects {
		names = append(names, key(o.Kind, o.Name))
	}
	return names
}

func removedBy(e environmentPlan) []string {
	var names []string
	for _, o := range e.remove {
		names = append(names, key(o.GetObjectKind().GroupVersionKind().Kind, o.GetName()))
	}
	return names
}

func TestDifferencePrunesOnlyOurs(t *testing.T) {
	open := v1alpha1.ZoneOpen
	seen := settled(t, vinje(func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Zone = open }))
	seen.municipality.Spec.Environments[0].Zone = v1alpha1.ZoneClosed
	own := map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}
	ofApp := map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: "svarut"}
	extra := func(name string, labels map[string]string) client.Object {
		return &rbacv1.RoleBinding{TypeMeta: metav1.TypeMeta{Kind: "RoleBinding"}, ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	}
	for _, o := range []client.Object{extra("left-over", own), extra("of-an-app", ofApp), extra("of-the-tenant", nil)} {
		seen.environments["prod"].objects[key("RoleBinding", o.GetName())] = o
	}
	got := planFor(t, seen, "prod")
	want := []string{"NetworkPolicy/allmenning-allow-ingress-controller", "NetworkPolicy/allmenning-allow-internet", "RoleBinding/left-over"}
	if diff := cmp.Diff(want, removedBy(got)); diff != "" {
		t.Errorf("a zone that was closed, with things of others beside it, removes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Namespace/vinje-prod"}, namesOf(got.apply)); diff != "" {
		t.Errorf("and applies (-want +got):\n%s", diff)
	}
}

func TestDifferenceReplacesARoleBindingOfAnotherRole(t *testing.T) {
	const binding = "RoleBinding/allmenning-administrator"
	cases := []struct {
		reason string
		role   rbacv1.RoleRef
		want   []string
	}{
		{"another ClusterRole", rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}, []string{binding}},
		{"a Role of the same name", rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "allmenning-administrator"}, []string{binding}},
		{"the shipped ClusterRole", rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "allmenning-administrator"}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			rb, ok := seen.environments["prod"].objects[binding].(*rbacv1.RoleBinding)
			if !ok {
				t.Fatalf("no %s", binding)
			}
			rb.RoleRef = tc.role
			got := planFor(t, seen, "prod")
			if diff := cmp.Diff(tc.want, removedBy(got)); diff != "" {
				t.Errorf("removed, as a roleRef can't be changed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.want, namesOf(got.apply)); diff != "" {
				t.Errorf("applied again (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanEnvironmentStates(t *testing.T) {
	foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "vinje-prod"}}
	cases := []struct {
		reason string
		change func(*observed)
		state  v1alpha1.EnvironmentState
		how    condition.State
		says   string
		writes bool
	}{
		{"all is there and counted", func(*observed) {}, v1alpha1.EnvironmentReady, condition.Ready, "", false},
		{"nothing is there yet", func(s *observed) { s.environments["prod"] = environment{} }, v1alpha1.EnvironmentPending, condition.Progressing, "quota", true},
		{"the cluster has not counted the quota", func(s *observed) {
			uncounted(s, "prod")
		}, v1alpha1.EnvironmentPending, condition.Progressing, "still counting", false},
		{"a namespace that is not ours is not touched", func(s *observed) {
			s.environments["prod"] = environment{namespace: foreign.DeepCopy()}
		}, v1alpha1.EnvironmentFailed, condition.Stalled, "allmenning.dev/adopt=vinje", false},
		{"one of another municipality is not ours either", func(s *observed) {
			s.environments["prod"].namespace.Labels[v1alpha1.LabelMunicipality] = "tokke"
		}, v1alpha1.EnvironmentFailed, condition.Stalled, "not Allmenning's", false},
		{"one that an administrator gave us is adopted", func(s *observed) {
			ns := foreign.DeepCopy()
			ns.Annotations = map[string]string{v1alpha1.AnnotationAdopt: "vinje"}
			s.environments["prod"] = environment{namespace: ns}
		}, v1alpha1.EnvironmentPending, condition.Progressing, "quota", true},
		{"a namespace on its way out is waited for", func(s *observed) {
			s.environments["prod"].namespace.DeletionTimestamp = at(0)
		}, v1alpha1.EnvironmentPending, condition.Progressing, "being deleted", false},
		{"an environment that left the spec is kept", func(s *observed) {
			s.municipality.Spec.Environments = s.municipality.Spec.Environments[1:]
		}, v1alpha1.EnvironmentRetained, condition.Ready, "kept", false},
		{"an environment of an earlier Municipality that left the spec is kept, and says so", func(s *observed) {
			s.municipality.Spec.Environments = s.municipality.Spec.Environments[1:]
			again(&s.municipality)
			deletePolicy(&s.municipality)
		}, v1alpha1.EnvironmentRetained, condition.Ready, "list the environment in spec.environments", false},
		{"a Municipality that is deleted keeps its environments", func(s *observed) { deleting(&s.municipality) },
			v1alpha1.EnvironmentRetained, condition.Ready, "kept", false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			tc.change(&seen)
			got := planFor(t, seen, "prod")
			if got.state != tc.state || got.outcome.State != tc.how || !strings.Contains(got.outcome.Message, tc.says) {
				t.Errorf("state %s, outcome %+v, want %s, %v and %q", got.state, got.outcome, tc.state, tc.how, tc.says)
			}
			if writes := len(got.apply) > 0; writes != tc.writes || len(got.remove) > 0 {
				t.Errorf("applies %v, removes %v, want writes %v and nothing removed", namesOf(got.apply), removedBy(got), tc.writes)
			}
			if other := planFor(t, seen, "test"); tc.state == v1alpha1.EnvironmentFailed && other.state != v1alpha1.EnvironmentReady {
				t.Errorf("the other environment is %s, want it untouched by this one's fault", other.state)
			}
		})
	}
}

func uncounted(seen *observed, environment string) {
	if quota, ok := seen.environments[environment].objects["ResourceQuota/allmenning"].(*corev1.ResourceQuota); ok {
		quota.Status.Hard = nil
	}
}

func TestNumberTaken(t *testing.T) {
	other := func(name string, age time.Duration) v1alpha1.Municipality {
		m := v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: *at(-age)}}
		m.Spec.Number = vinje().Spec.Number
		return m
	}
	cases := []struct {
		reason string
		others []v1alpha1.Municipality
		want   string
	}{
		{"nobody else has the number", nil, ""},
		{"an older object has it", []v1alpha1.Municipality{other("seljord", 2*time.Hour)}, "belongs to Municipality seljord"},
		{"a younger object asks for ours", []v1alpha1.Municipality{other("seljord", time.Minute)}, ""},
		{"of the same second the name decides", []v1alpha1.Municipality{other("seljord", time.Hour)}, "Municipality seljord"},
		{"and a later name yields", []v1alpha1.Municipality{other("voss", time.Hour)}, ""},
		{"one older among younger ones is named", []v1alpha1.Municipality{other("a", time.Minute), other("b", 3*time.Hour)}, "Municipality b"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := fresh(vinje())
			seen.sameNumber = tc.others
			todo, err := plan(seen, now)
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == "" {
				if todo.fault != nil || len(todo.environments) != 2 {
					t.Errorf("fault %+v with %d environments, want none and 2", todo.fault, len(todo.environments))
				}
				return
			}
			if todo.fault == nil || todo.fault.State != condition.Stalled || !strings.Contains(todo.fault.Message, tc.want) {
				t.Fatalf("fault %+v, want Stalled with %q", todo.fault, tc.want)
			}
			for _, e := range todo.environments {
				if len(e.apply)+len(e.remove) > 0 {
					t.Errorf("environment %s is made: applies %v", e.name, namesOf(e.apply))
				}
			}
		})
	}
}

func TestPlanSuspended(t *testing.T) {
	for reason, change := range map[string]func(*observed){
		"by the Municipality": func(s *observed) { s.municipality.Spec.Suspend = v1alpha1.SuspensionOperator },
		"by the Platform":     func(s *observed) { s.platform.Suspend = new(true) },
	} {
		t.Run(reason, func(t *testing.T) {
			seen := fresh(vinje(deletePolicy, deleting))
			change(&seen)
			todo, err := plan(seen, now)
			if err != nil {
				t.Fatal(err)
			}
			if !todo.suspended {
				t.Error("it is not suspended")
			}
			for _, e := range todo.environments {
				if len(e.apply)+len(e.remove) > 0 {
					t.Errorf("environment %s is made: applies %v", e.name, namesOf(e.apply))
				}
			}
		})
	}
}
