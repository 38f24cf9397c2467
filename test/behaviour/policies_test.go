package behaviour_test

import (
	"context"
	"errors"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/shipped"
)

const policyFolder = "../../config/policy"

// putBack applies a shipped folder again, at the latest at the end of the test.
func putBack(t *testing.T, folder string) (again func()) {
	t.Helper()
	again = func() {
		t.Helper()
		if err := shipped.Apply(context.Background(), admin, folder); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(again)
	return again
}

// policyOf and guardOf are a policy and its binding.
func policyOf(name string) *admissionv1.ValidatingAdmissionPolicy {
	return at(&admissionv1.ValidatingAdmissionPolicy{}, "", name)
}

func guardOf(name string) *admissionv1.ValidatingAdmissionPolicyBinding {
	return at(&admissionv1.ValidatingAdmissionPolicyBinding{}, "", name)
}

// platformIs waits until the Platform says so of itself.
func platformIs(t *testing.T, what string, check func(*v1alpha1.Platform) error) {
	t.Helper()
	until(t, what, at(&v1alpha1.Platform{}, "", v1alpha1.PlatformName), check)
}

// Not parallel: policies hold for everybody.
func TestPoliciesThatAreMissingAreSaid(t *testing.T) {
	startOperator(t)
	again := putBack(t, policyFolder)
	inForce := func(p *v1alpha1.Platform) error { return isReady(p.Status.Conditions, p.Generation) }
	n := coordinated(t, "guarded", "secretariat-of-guarded")
	binds(t, n, "secretariat-of-guarded")
	platformIs(t, "all policies are there", inForce)

	remove(t, read(t, guardOf("network-delegation.allmenning.dev")))
	platformIs(t, "the binding is missing", func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, "ValidatingAdmissionPolicyBinding network-delegation.allmenning.dev is missing",
			"apply config/policy of this release again", operatorAccount)
	})
	gone(t, bindingOf(n))
	until(t, "the network says why nobody coordinates it", n, func(n *v1alpha1.Network) error {
		if n.Status.Coordinators != nil {
			return errors.New("it has coordinators")
		}
		return isStalled(n.Status.Conditions, n.Generation, "spec.access: its coordinators have no access meanwhile",
			"ValidatingAdmissionPolicyBinding network-delegation.allmenning.dev is missing")
	})
	again()
	binds(t, n, "secretariat-of-guarded")
	platformIs(t, "all policies are there again", inForce)

	edit(t, policyOf("network-delegation.allmenning.dev"), func(p *admissionv1.ValidatingAdmissionPolicy) { p.Spec.Validations[0].Expression = "true" })
	platformIs(t, "an expression was changed", func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, "ValidatingAdmissionPolicy network-delegation.allmenning.dev was changed (spec.validations)")
	})
	gone(t, bindingOf(n))
	again()
	binds(t, n, "secretariat-of-guarded")

	edit(t, policyOf("sharedapp-in-use.allmenning.dev"), func(p *admissionv1.ValidatingAdmissionPolicy) { p.Spec.FailurePolicy = new(admissionv1.Ignore) })
	platformIs(t, "another policy fails open", func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, "ValidatingAdmissionPolicy sharedapp-in-use.allmenning.dev was changed (spec.failurePolicy)")
	})
	binds(t, n, "secretariat-of-guarded") // their access does not rest on it
	again()
	platformIs(t, "it recovers", inForce)
}
