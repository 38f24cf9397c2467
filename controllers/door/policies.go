package door

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/door"
)

// half is a network policy of a door: it lets a client in at the host, or out at the consumer.
type half struct {
	Namespace, Name string

	door   *door.Door
	side   v1alpha1.DoorSide
	client door.Client
	// lead at the host; the consumer's half has all.
	lead door.Lead
}

func (h half) key() types.NamespacedName {
	return types.NamespacedName{Namespace: h.Namespace, Name: h.Name}
}

// halves are the policies of a door on one side.
func halves(d *door.Door, side v1alpha1.DoorSide) []half {
	var all []half
	for _, c := range d.Clients {
		if side == v1alpha1.DoorConsumer {
			all = append(all, half{Namespace: c.Namespace, Name: d.ConsumerPolicy(c.App), door: d, side: side, client: c})
			continue
		}
		for n, lead := range d.Leads {
			all = append(all, half{Namespace: d.Namespace, Name: d.HostPolicy(c.App, n), door: d, side: side, client: c, lead: lead})
		}
	}
	return all
}

// policy is what to write. Both halves name namespaces by labels that nobody but the operator and the API server writes: name,
// municipality, environment and stage. So no namespace that is made under a name opens anything, and a stage that changes
// closes the door before anybody looks.
func (h half) policy() *networkingv1ac.NetworkPolicyApplyConfiguration {
	d := h.door
	municipality, environment, app, peer := d.Consumer, d.Environment, h.client.App, d.Host
	if h.side == v1alpha1.DoorHost {
		municipality, environment, app, peer = d.Host, d.HostEnvironment, d.App, d.Consumer
	}
	labels := map[string]string{
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelMunicipality: municipality, v1alpha1.LabelEnvironment: environment,
		v1alpha1.LabelDoor: string(h.side), v1alpha1.LabelPeer: peer,
	}
	if app != "" {
		labels[v1alpha1.LabelApp] = app
	}
	out := networkingv1ac.NetworkPolicy(h.Name, h.Namespace).WithLabels(labels)
	if h.side == v1alpha1.DoorHost {
		from := networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(namespace(h.client.Namespace, d.Consumer, d.Environment, d.Stage)).WithPodSelector(clientPods(h.client))
		return out.WithSpec(networkingv1ac.NetworkPolicySpec().WithPodSelector(hostPods(d.App, h.lead)).WithPolicyTypes(networkingv1.PolicyTypeIngress).
			WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithFrom(from).WithPorts(ports(h.lead.Ports)...)))
	}
	spec := networkingv1ac.NetworkPolicySpec().WithPodSelector(clientPods(h.client)).WithPolicyTypes(networkingv1.PolicyTypeEgress)
	for _, lead := range d.Leads {
		to := networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(namespace(d.Namespace, d.Host, d.HostEnvironment, d.Stage)).WithPodSelector(hostPods(d.App, lead))
		spec.WithEgress(networkingv1ac.NetworkPolicyEgressRule().WithTo(to).WithPorts(ports(lead.Ports)...))
	}
	return out.WithSpec(spec)
}

// namespace selects one namespace of one environment, while it has the stage.
func namespace(name, municipality, environment string, stage v1alpha1.Stage) *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(map[string]string{
		corev1.LabelMetadataName: name, v1alpha1.LabelMunicipality: municipality, v1alpha1.LabelEnvironment: environment, v1alpha1.LabelStage: string(stage),
	})
}

// hostPods selects the pods that a door leads to.
func hostPods(app string, lead door.Lead) *metav1ac.LabelSelectorApplyConfiguration {
	labels := maps.Clone(lead.PodLabels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[v1alpha1.LabelApp] = app
	return metav1ac.LabelSelector().WithMatchLabels(labels)
}

// clientPods selects the pods that connect: those of an app, or those of none. Nobody but the operator makes pods with the label of
// an app.
func clientPods(c door.Client) *metav1ac.LabelSelectorApplyConfiguration {
	if c.App != "" {
		return metav1ac.LabelSelector().WithMatchLabels(map[string]string{v1alpha1.LabelApp: c.App})
	}
	return metav1ac.LabelSelector().WithMatchExpressions(
		metav1ac.LabelSelectorRequirement().WithKey(v1alpha1.LabelApp).WithOperator(metav1.LabelSelectorOpDoesNotExist))
}

func ports(numbers []v1alpha1.Port) []*networkingv1ac.NetworkPolicyPortApplyConfiguration {
	all := make([]*networkingv1ac.NetworkPolicyPortApplyConfiguration, 0, len(numbers))
	for _, p := range numbers {
		all = append(all, networkingv1ac.NetworkPolicyPort().WithProtocol(corev1.Protocol(p.Protocol)).WithPort(intstr.FromInt32(p.Port)))
	}
	return all
}
