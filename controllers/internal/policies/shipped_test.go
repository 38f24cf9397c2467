package policies

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// inForce are the policies and bindings as a cluster has them where all are as they were shipped.
func inForce(t *testing.T, account, namespace string) ([]admissionv1.ValidatingAdmissionPolicy, []admissionv1.ValidatingAdmissionPolicyBinding) {
	t.Helper()
	s, err := Read(account, namespace)
	if err != nil {
		t.Fatal(err)
	}
	bound := map[string]bool{}
	for _, b := range s.bindings {
		bound[b.PolicyName] = true
	}
	if len(s.policies) < 11 || len(bound) != len(s.policies) || len(s.order) != len(s.policies)+len(s.bindings) {
		t.Fatalf("%d policies are shipped, of which %d are bound: each needs a binding", len(s.policies), len(bound))
	}
	var policies []admissionv1.ValidatingAdmissionPolicy
	var bindings []admissionv1.ValidatingAdmissionPolicyBinding
	for name, spec := range s.policies {
		policies = append(policies, admissionv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: *spec.DeepCopy()})
	}
	for name, spec := range s.bindings {
		bindings = append(bindings, admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: *spec.DeepCopy()})
	}
	return policies, bindings
}

func TestCompare(t *testing.T) {
	const name = "operator-places.allmenning.dev"
	cases := []struct {
		reason  string
		policy  func(*admissionv1.ValidatingAdmissionPolicySpec)
		binding func(*admissionv1.ValidatingAdmissionPolicyBindingSpec)
		without bool
		want    []string
	}{
		{reason: "all is as it was shipped"},
		{reason: "what is gone refuses nothing", without: true, want: []string{
			"ValidatingAdmissionPolicy operator-places.allmenning.dev is missing", "ValidatingAdmissionPolicyBinding operator-places.allmenning.dev is missing",
		}},
		{
			reason: "an expression that is always true refuses nothing",
			policy: func(p *admissionv1.ValidatingAdmissionPolicySpec) { p.Validations[0].Expression = "true" },
			want:   []string{"ValidatingAdmissionPolicy operator-places.allmenning.dev was changed (spec.validations)"},
		},
		{
			reason: "what fails open refuses nothing while something is wrong",
			policy: func(p *admissionv1.ValidatingAdmissionPolicySpec) { p.FailurePolicy = new(admissionv1.Ignore) },
			want:   []string{"ValidatingAdmissionPolicy operator-places.allmenning.dev was changed (spec.failurePolicy)"},
		},
		{
			reason: "all that is wrong is named at once",
			policy: func(p *admissionv1.ValidatingAdmissionPolicySpec) {
				p.MatchConstraints.ResourceRules = p.MatchConstraints.ResourceRules[:1]
				p.MatchConditions = append(p.MatchConditions, admissionv1.MatchCondition{Name: "never", Expression: "false"})
			},
			binding: func(b *admissionv1.ValidatingAdmissionPolicyBindingSpec) {
				b.ValidationActions = []admissionv1.ValidationAction{admissionv1.Audit}
			},
			want: []string{
				"ValidatingAdmissionPolicy operator-places.allmenning.dev was changed (spec.matchConstraints, spec.matchConditions)",
				"ValidatingAdmissionPolicyBinding operator-places.allmenning.dev was changed",
			},
		},
		{
			reason: "a binding for some namespaces leaves the others out",
			binding: func(b *admissionv1.ValidatingAdmissionPolicyBindingSpec) {
				b.MatchResources = &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}
			},
			want: []string{"ValidatingAdmissionPolicyBinding operator-places.allmenning.dev was changed"},
		},
	}
	shipped, err := Read(shippedAccount, shippedNamespace)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			policies, bindings := inForce(t, shippedAccount, shippedNamespace)
			if tc.without {
				policies = slices.DeleteFunc(policies, func(p admissionv1.ValidatingAdmissionPolicy) bool { return p.Name == name })
				bindings = slices.DeleteFunc(bindings, func(b admissionv1.ValidatingAdmissionPolicyBinding) bool { return b.Name == name })
			}
			for i := range policies {
				if policies[i].Name == name && tc.policy != nil {
					tc.policy(&policies[i].Spec)
				}
			}
			for i := range bindings {
				if bindings[i].Name == name && tc.binding != nil {
					tc.binding(&bindings[i].Spec)
				}
			}
			var got []string
			for _, f := range shipped.Compare(policies, bindings) {
				if f.Policy != name {
					t.Errorf("%s: of policy %s it says %s", tc.reason, f.Policy, f.Message)
				}
				got = append(got, f.Message)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// Who runs the operator under another name has it in the policies.
func TestAnotherAccount(t *testing.T) {
	const account, namespace = "system:serviceaccount:platform:tenancy", "platform"
	policies, bindings := inForce(t, account, namespace)
	own, err := Read(account, namespace)
	if err != nil {
		t.Fatal(err)
	}
	if got := own.Compare(policies, bindings); len(got) > 0 {
		t.Errorf("policies with the operator's own account: %v", got)
	}
	other, err := Read(shippedAccount, shippedNamespace)
	if err != nil {
		t.Fatal(err)
	}
	var concerned []string
	for _, f := range other.Compare(policies, bindings) {
		concerned = append(concerned, f.Policy)
	}
	for _, name := range []string{"appinstallation-writer.allmenning.dev", "operator-bindings.allmenning.dev", "installer-bounds.allmenning.dev"} {
		if !slices.Contains(concerned, name) {
			t.Errorf("%s names somebody else, and is not reported: %v", name, concerned)
		}
	}
}
