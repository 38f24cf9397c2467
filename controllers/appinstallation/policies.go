package appinstallation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/tenancy"
	"github.com/allmenning/allmenning/internal/walls"
)

// outName is the name of the policy that lets an app's pods out, and inName of the one that lets in whom it serves. A bundle
// can't hold a NetworkPolicy, so the names are free. Each speaks of one direction: kube-router lets out what the ingress
// rules of a policy of both let in.
func outName(app string) string { return "allmenning-app-" + app }

func inName(app string) string { return "allmenning-callers-" + app }

// planPolicies decides what is open for the app's pods: each other, what its version requires and, until all of that is
// ready and nothing of what was before it is left, what the versions require that it comes from. So a move opens first, and
// closes last, whichever way it goes. What the Platform does not allow is never open.
func (p *planned) planPolicies(seen observed) error {
	p.wallsOf = installation.Walls(seen.installation.Spec.Version, seen.previous())
	if p.isReady() && len(p.stale) == 0 {
		p.wallsOf = p.wallsOf[:1]
	}
	return p.open(seen, p.wallsOf)
}

// keepOpen corrects the policies of what may run, where the version that is asked for can't be installed for now. What a version
// requires that the catalogue has lost is not known, so what is open stays as it is.
func (p *planned) keepOpen(seen observed) error {
	before := seen.previous()
	if seen.offer == nil || before.AppliedVersion == "" || !hasInstaller(&seen) {
		return nil
	}
	versions := installation.Walls(before.AppliedVersion, before)
	if _, unknown := connects(seen.offer, versions); unknown && len(seen.policies) > 0 {
		return nil
	}
	return p.open(seen, versions)
}

// open plans the policies for the pods of some versions.
func (p *planned) open(seen observed, versions []string) error {
	i := &seen.installation
	requires := make([]*v1alpha1.Requirements, 0, len(versions))
	for _, version := range versions {
		requires = append(requires, seen.offer.Version(version).Requirements())
	}
	open := walls.BoundsOf(seen.platform).Of(requires...)
	apps, all := connects(seen.offer, versions)
	wanted := map[string]apply.Object{outName(i.Spec.App): outOf(i, apps, all, open.Egress, p.belongings(seen))}
	if len(open.Ingress) > 0 {
		wanted[inName(i.Spec.App)] = into(i, open.Ingress)
	}

	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		want, live := wanted[name], seen.policies[name]
		if live == nil {
			p.policies = append(p.policies, want)
			continue
		}
		changed, err := want.Changed(live)
		if err != nil {
			return fmt.Errorf("compare NetworkPolicy %s: %w", name, err)
		}
		if changed {
			p.policies = append(p.policies, want)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(seen.policies)) {
		if _, stays := wanted[name]; !stays {
			p.prunePolicies = append(p.prunePolicies, seen.policies[name])
		}
	}
	return nil
}

// connects are the other apps of the environment that some versions of an app require, sorted and each once; all is true
// where the catalogue has lost one of the versions, and nobody knows what it requires.
func connects(offer *catalogue.App, versions []string) (apps []string, all bool) {
	required := map[string]bool{}
	for _, number := range versions {
		version := offer.Version(number)
		if version == nil {
			return nil, true
		}
		for _, other := range version.Requires() {
			required[other.App] = true
		}
	}
	return slices.Sorted(maps.Keys(required)), false
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

// outOf lets the app's pods connect to each other, to those of the apps that its versions require, to those that are no
// app's, and to what is open outside. No policy of the environment lets them out to another app. Who may be reached need not
// say so, as nobody but the operator labels an app's pods. All says that nobody knows which apps they require; notes are
// its annotations.
func outOf(i *v1alpha1.AppInstallation, requires []string, all bool, egress []v1alpha1.RequiredEgress, notes map[string]string) apply.Object {
	np := policyOf(i, outName(i.Spec.App), networkingv1.PolicyTypeEgress).WithAnnotations(notes)
	if len(notes) > 0 {
		np.WithLabels(map[string]string{v1alpha1.LabelBelongings: "true"})
	}
	within := networkingv1ac.NetworkPolicyEgressRule()
	if all {
		within.WithTo(inEnvironment(i, metav1ac.LabelSelector()))
	} else {
		apps := metav1ac.LabelSelectorRequirement().WithKey(v1alpha1.LabelApp).WithOperator(metav1.LabelSelectorOpIn).
			WithValues(append([]string{i.Spec.App}, requires...)...)
		noApp := metav1ac.LabelSelectorRequirement().WithKey(v1alpha1.LabelApp).WithOperator(metav1.LabelSelectorOpDoesNotExist)
		within.WithTo(inEnvironment(i, metav1ac.LabelSelector().WithMatchExpressions(apps)), inEnvironment(i, metav1ac.LabelSelector().WithMatchExpressions(noApp)))
	}
	np.Spec.WithEgress(within)
	for _, e := range egress {
		np.Spec.WithEgress(networkingv1ac.NetworkPolicyEgressRule().WithPorts(ports(e.Ports)...).
			WithTo(networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(e.CIDR))))
	}
	return apply.NetworkPolicy(np)
}

// into lets in whom the app serves.
func into(i *v1alpha1.AppInstallation, ingress []v1alpha1.RequiredIngress) apply.Object {
	np := policyOf(i, inName(i.Spec.App), networkingv1.PolicyTypeIngress)
	for _, in := range ingress {
		from := networkingv1ac.NetworkPolicyPeer()
		if in.CIDR != "" {
			from.WithIPBlock(networkingv1ac.IPBlock().WithCIDR(in.CIDR))
		} else {
			from.WithNamespaceSelector(noTenant(in.NamespaceLabels))
		}
		np.Spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithPorts(ports(in.Ports)...).WithFrom(from))
	}
	return apply.NetworkPolicy(np)
}

// policyOf is a policy for the pods of the app alone, which opens nothing yet.
func policyOf(i *v1alpha1.AppInstallation, name string, direction networkingv1.PolicyType) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy(name, tenancy.Home(i)).WithLabels(ownLabels(i)).WithSpec(networkingv1ac.NetworkPolicySpec().
		WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{v1alpha1.LabelApp: i.Spec.App})).WithPolicyTypes(direction))
}

// inEnvironment are pods of all namespaces of the environment: that of the environment itself, and those that apps have for
// themselves. Nobody but the operator writes the labels by which namespaces are chosen.
func inEnvironment(i *v1alpha1.AppInstallation, pods *metav1ac.LabelSelectorApplyConfiguration) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	t := i.Spec.Tenant
	return networkingv1ac.NetworkPolicyPeer().WithPodSelector(pods).WithNamespaceSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{
		v1alpha1.LabelMunicipality: t.Municipality, v1alpha1.LabelEnvironment: t.Environment,
	}))
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
