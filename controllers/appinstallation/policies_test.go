package appinstallation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func opening(s *observed) {
	s.app.Spec.Requires = &v1alpha1.Requirements{
		Egress: []v1alpha1.RequiredEgress{
			{CIDR: "203.0.113.0/24", Ports: []v1alpha1.Port{{Port: 443}, {Port: 8443}}, Reason: "national digital post"},
			{CIDR: "2001:db8::/32", Ports: []v1alpha1.Port{{Port: 443}}, Reason: "the same by IPv6"},
		},
		Ingress: []v1alpha1.RequiredIngress{
			{NamespaceLabels: map[string]string{"role": "edge"}, Ports: []v1alpha1.Port{{Port: 8080}}, Reason: "the portal"},
			{CIDR: "198.51.100.7/32", Ports: []v1alpha1.Port{{Port: 8080}}, Reason: "the monitor"},
		},
	}
}

func TestPolicyGolden(t *testing.T) {
	both := world(opening)
	egress, ingress := world(opening), world(opening)
	egress.app.Spec.Requires.Ingress, ingress.app.Spec.Requires.Egress = nil, nil
	for file, seen := range map[string]observed{"policy.yaml": both, "policy-egress.yaml": egress, "policy-ingress.yaml": ingress} {
		t.Run(file, func(t *testing.T) {
			todo, err := plan(seen, rendered{objects: []*unstructured.Unstructured{configMap("a", "1")}})
			if err != nil {
				t.Fatal(err)
			}
			if todo.policy == nil {
				t.Fatal("no policy, though the app requires one")
			}
			got, err := yaml.Marshal(todo.policy.Desired)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; run with -update to write it", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got); run with -update if it should change:\n%s", file, diff)
			}
		})
	}
}

func TestPlanPolicy(t *testing.T) {
	cases := []struct {
		reason  string
		seen    observed
		applies bool
		prunes  bool
	}{
		{"the app requires nothing", world(), false, false},
		{"it requires apps alone", world(requiring(""), gateway("1.2.0")), false, false},
		{"it requires an opening", world(opening), true, false},
		{"the opening that is there is another's work", world(opening, func(s *observed) { s.policy = &networkingv1.NetworkPolicy{} }), true, false},
		{"it no longer requires one", world(func(s *observed) { s.policy = &networkingv1.NetworkPolicy{} }), false, true},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			todo, err := plan(tc.seen, rendered{})
			if err != nil {
				t.Fatal(err)
			}
			if (todo.policy != nil) != tc.applies || (todo.prunePolicy != nil) != tc.prunes {
				t.Errorf("applies %v, prunes %v, want %v and %v", todo.policy != nil, todo.prunePolicy != nil, tc.applies, tc.prunes)
			}
		})
	}
}
