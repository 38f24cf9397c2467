package municipality

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// denyName is the policy that closes everything; the others open what is needed.
const denyName = "allmenning-default-deny"

// policies wall a namespace off. Policies add up, so the first closes both ways
// for every pod, and each of the others opens one thing. What an app's pods may reach, of the environment
// too, is opened by its installation, for its pods alone.
func (d desiring) policies(to site) []*networkingv1ac.NetworkPolicyApplyConfiguration {
	namespace, p := to.namespace, d.platform
	all := []*networkingv1ac.NetworkPolicyApplyConfiguration{
		policy(namespace, denyName, networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress),
	}
	all = append(all, d.fromOwn(to))
	if to.app == "" {
		all = append(all, withinNamespace(namespace))
	}
	if to.open {
		all = append(all, withinEnvironment(namespace, d.municipality.Name, to.environment.Name))
	}
	all = append(all, toDNS(namespace, p.DNS))
	if to.environment.Zone == v1alpha1.ZoneOpen {
		all = append(all, toInternet(namespace, p.PrivateCIDRs), fromIngressControllers(namespace, p.Ingress))
	}
	return all
}

func policy(namespace, name string, types ...networkingv1.PolicyType) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy(name, namespace).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector()).
			WithPolicyTypes(types...))
}

// withinNamespace lets pods of a namespace in. Whom pods connect to is another policy's, as each but the one that closes speaks
// of one direction: kube-router lets out what the ingress rules of a policy of both let in.
func withinNamespace(namespace string) *networkingv1ac.NetworkPolicyApplyConfiguration {
	np := policy(namespace, "allmenning-allow-same-namespace", networkingv1.PolicyTypeIngress)
	np.Spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithFrom(everyPod()))
	return np
}

// withinEnvironment lets in the pods of an environment where apps of it have namespaces for themselves, as those of one
// namespace do. Nobody but the operator writes the labels by which namespaces are chosen.
func withinEnvironment(namespace, municipality, environment string) *networkingv1ac.NetworkPolicyApplyConfiguration {
	peer := podsIn(map[string]string{v1alpha1.LabelMunicipality: municipality, v1alpha1.LabelEnvironment: environment}, nil)
	np := policy(namespace, "allmenning-allow-same-environment", networkingv1.PolicyTypeIngress)
	np.Spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithFrom(peer))
	return np
}

// fromOwn lets pods that are no app's out to all pods of their environment: what a municipality runs itself may use its apps.
// Nobody but the operator, and the cluster for it, labels pods as an app's.
func (d desiring) fromOwn(to site) *networkingv1ac.NetworkPolicyApplyConfiguration {
	np := policy(to.namespace, "allmenning-allow-own-pods", networkingv1.PolicyTypeEgress)
	np.Spec.WithPodSelector(metav1ac.LabelSelector().WithMatchExpressions(
		metav1ac.LabelSelectorRequirement().WithKey(v1alpha1.LabelApp).WithOperator(metav1.LabelSelectorOpDoesNotExist)))
	peer := everyPod()
	if to.open {
		peer.WithNamespaceSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{
			v1alpha1.LabelMunicipality: d.municipality.Name, v1alpha1.LabelEnvironment: to.environment.Name,
		}))
	}
	np.Spec.WithEgress(networkingv1ac.NetworkPolicyEgressRule().WithTo(peer))
	return np
}

func everyPod() *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().WithPodSelector(metav1ac.LabelSelector())
}

func toDNS(namespace string, servers []v1alpha1.DNSServer) *networkingv1ac.NetworkPolicyApplyConfiguration {
	np := policy(namespace, "allmenning-allow-dns", networkingv1.PolicyTypeEgress)
	rule := networkingv1ac.NetworkPolicyEgressRule().WithPorts(port(corev1.ProtocolUDP, 53), port(corev1.ProtocolTCP, 53))
	for _, s := range servers {
		if s.CIDR != "" {
			rule.WithTo(networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(s.CIDR)))
			continue
		}
		rule.WithTo(podsIn(map[string]string{corev1.LabelMetadataName: s.Namespace}, s.PodLabels))
	}
	np.Spec.WithEgress(rule)
	return np
}

// toInternet allows every address but the private ones. Addresses of the two IP
// versions need a block each, as an exception must lie within its block.
func toInternet(namespace string, private []string) *networkingv1ac.NetworkPolicyApplyConfiguration {
	v6 := func(cidr string) bool { return strings.Contains(cidr, ":") }
	four := networkingv1ac.IPBlock().WithCIDR("0.0.0.0/0")
	six := networkingv1ac.IPBlock().WithCIDR("::/0")
	sorted := slices.Sorted(slices.Values(private))
	for _, cidr := range sorted {
		if v6(cidr) {
			six.WithExcept(cidr)
		} else {
			four.WithExcept(cidr)
		}
	}
	np := policy(namespace, "allmenning-allow-internet", networkingv1.PolicyTypeEgress)
	np.Spec.WithEgress(networkingv1ac.NetworkPolicyEgressRule().WithTo(
		networkingv1ac.NetworkPolicyPeer().WithIPBlock(four),
		networkingv1ac.NetworkPolicyPeer().WithIPBlock(six),
	))
	return np
}

func fromIngressControllers(namespace string, controllers []v1alpha1.IngressController) *networkingv1ac.NetworkPolicyApplyConfiguration {
	rule := networkingv1ac.NetworkPolicyIngressRule()
	for _, c := range controllers {
		labels := c.NamespaceLabels
		if c.Namespace != "" {
			labels = map[string]string{corev1.LabelMetadataName: c.Namespace}
		}
		rule.WithFrom(podsIn(labels, c.PodLabels))
	}
	np := policy(namespace, "allmenning-allow-ingress-controller", networkingv1.PolicyTypeIngress)
	np.Spec.WithIngress(rule)
	return np
}

// podsIn picks pods in namespaces, by labels of both; without pod labels, every pod there.
func podsIn(namespaceLabels, podLabels map[string]string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	peer := networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(metav1ac.LabelSelector().WithMatchLabels(namespaceLabels))
	if len(podLabels) > 0 {
		peer.WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(podLabels))
	}
	return peer
}

func port(protocol corev1.Protocol, number int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(number))
}
