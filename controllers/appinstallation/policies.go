package appinstallation

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// policyName is the name of the policy that opens what an app requires. A bundle
// can't hold a NetworkPolicy, so the name is free.
func policyName(app string) string { return "allmenning-app-" + app }

// policyFor opens, for the pods of the app alone, what the app requires; nil where it
// requires nothing.
func policyFor(i *v1alpha1.AppInstallation, app *v1alpha1.SharedApp) *apply.Object {
	if app.Spec.Requires == nil || len(app.Spec.Requires.Egress)+len(app.Spec.Requires.Ingress) == 0 {
		return nil
	}

	spec := networkingv1ac.NetworkPolicySpec().
		WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{v1alpha1.LabelApp: app.Name}))
	if len(app.Spec.Requires.Egress) > 0 {
		spec.WithPolicyTypes(networkingv1.PolicyTypeEgress)
	}

	for _, e := range app.Spec.Requires.Egress {
		spec.WithEgress(networkingv1ac.NetworkPolicyEgressRule().WithPorts(ports(e.Ports)...).
			WithTo(networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(e.CIDR))))
	}

	if len(app.Spec.Requires.Ingress) > 0 {
		spec.WithPolicyTypes(networkingv1.PolicyTypeIngress)
	}

	for _, in := range app.Spec.Requires.Ingress {
		from := networkingv1ac.NetworkPolicyPeer()
		if in.CIDR != "" {
			from.WithIPBlock(networkingv1ac.IPBlock().WithCIDR(in.CIDR))
		} else {
			from.WithNamespaceSelector(metav1ac.LabelSelector().WithMatchLabels(in.NamespaceLabels))
		}
		spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithPorts(ports(in.Ports)...).WithFrom(from))
	}

	out := apply.NetworkPolicy(networkingv1ac.NetworkPolicy(policyName(app.Name), i.Namespace).WithLabels(ownLabels(i)).WithSpec(spec))
	return &out
}

func ports(numbers []v1alpha1.Port) []*networkingv1ac.NetworkPolicyPortApplyConfiguration {
	all := make([]*networkingv1ac.NetworkPolicyPortApplyConfiguration, 0, len(numbers))
	for _, p := range numbers {
		protocol := cmp.Or(corev1.Protocol(p.Protocol), corev1.ProtocolTCP)
		all = append(all, networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(p.Port)))
	}
	return all
}
