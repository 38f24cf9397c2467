package appinstallation

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/tenancy"
	"github.com/allmenning/allmenning/internal/walls"
)

// policyName is the name of the policy that opens what an app requires. A bundle
// can't hold a NetworkPolicy, so the name is free.
func policyName(app string) string { return "allmenning-app-" + app }

// planPolicy decides what is open for the app's pods: what its version requires and, until all of that is ready and
// nothing of what was before it is left, what the versions require that it comes from. So a move opens first, and
// closes last, whichever way it goes. What the Platform does not allow is never open.
func (p *planned) planPolicy(seen observed) error {
	i := &seen.installation
	p.wallsOf = installation.Walls(i.Spec.Version, seen.previous())
	if p.isReady() && len(p.stale) == 0 {
		p.wallsOf = p.wallsOf[:1]
	}
	requires := make([]*v1alpha1.Requirements, 0, len(p.wallsOf))
	for _, version := range p.wallsOf {
		requires = append(requires, seen.offer.Version(version).Requirements())
	}

	want := policyFor(i, walls.BoundsOf(seen.platform).Of(requires...))
	if want == nil {
		p.prunePolicy = seen.policy
		return nil
	}
	if seen.policy == nil {
		p.policy = want
		return nil
	}
	changed, err := want.Changed(seen.policy)
	if err != nil {
		return fmt.Errorf("compare the network policy: %w", err)
	}
	if changed {
		p.policy = want
	}
	return nil
}

// wallsClosed says what the version requires and the Platform does not allow, or no longer.
func wallsClosed(seen observed) *condition.Outcome {
	if seen.offer == nil {
		return nil
	}
	i := &seen.installation
	var all []string
	for _, fault := range walls.BoundsOf(seen.platform).Faults(seen.offer.Version(i.Spec.Version).Requirements()) {
		all = append(all, fault.Of(i.Spec.Version))
	}
	if len(all) == 0 {
		return nil
	}
	return stalled(v1alpha1.ReasonEgressNotAllowed, fmt.Sprintf("SharedApp %s: %s; it is closed here", i.Spec.App, summary(all)))
}

// policyFor opens walls, for the pods of the app alone; nil where nothing is open.
func policyFor(i *v1alpha1.AppInstallation, open walls.Walls) *apply.Object {
	if open.Closed() {
		return nil
	}

	spec := networkingv1ac.NetworkPolicySpec().
		WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{v1alpha1.LabelApp: i.Spec.App}))
	if len(open.Egress) > 0 {
		spec.WithPolicyTypes(networkingv1.PolicyTypeEgress)
	}

	for _, e := range open.Egress {
		spec.WithEgress(networkingv1ac.NetworkPolicyEgressRule().WithPorts(ports(e.Ports)...).
			WithTo(networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(e.CIDR))))
	}

	if len(open.Ingress) > 0 {
		spec.WithPolicyTypes(networkingv1.PolicyTypeIngress)
	}

	for _, in := range open.Ingress {
		from := networkingv1ac.NetworkPolicyPeer()
		if in.CIDR != "" {
			from.WithIPBlock(networkingv1ac.IPBlock().WithCIDR(in.CIDR))
		} else {
			from.WithNamespaceSelector(noTenant(in.NamespaceLabels))
		}
		spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithPorts(ports(in.Ports)...).WithFrom(from))
	}

	out := apply.NetworkPolicy(networkingv1ac.NetworkPolicy(policyName(i.Spec.App), tenancy.Home(i)).WithLabels(ownLabels(i)).WithSpec(spec))
	return &out
}

// noTenant selects namespaces by labels, and never that of a municipality: each of those has the label, which
// nobody but the operator may set.
func noTenant(labels map[string]string) *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(labels).WithMatchExpressions(
		metav1ac.LabelSelectorRequirement().WithKey(v1alpha1.LabelMunicipality).WithOperator(metav1.LabelSelectorOpDoesNotExist))
}

func ports(numbers []v1alpha1.Port) []*networkingv1ac.NetworkPolicyPortApplyConfiguration {
	all := make([]*networkingv1ac.NetworkPolicyPortApplyConfiguration, 0, len(numbers))
	for _, p := range numbers {
		protocol := cmp.Or(corev1.Protocol(p.Protocol), corev1.ProtocolTCP)
		all = append(all, networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(p.Port)))
	}
	return all
}
