package behaviour_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// TestAddressesOfTheClusterArePrivateOrSaid: nodes, their pods, and the API server have addresses that no private range
// holds; the Platform names them, until its list does.
//
// Not parallel: nodes are of the whole cluster, and so is the Platform.
func TestAddressesOfTheClusterArePrivateOrSaid(t *testing.T) {
	startOperator(t)
	inForce := func(p *v1alpha1.Platform) error { return isReady(p.Status.Conditions, p.Generation) }
	platformIs(t, "the usual ranges are private", inForce)

	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: unique("edge")}, Spec: corev1.NodeSpec{PodCIDR: "11.7.0.0/24", PodCIDRs: []string{"11.7.0.0/24", "2001:db8:7::/64"}}}
	create(t, node)
	eventually(t, "the node has addresses", func(ctx context.Context) error { // its controller writes it, too
		if err := admin.Get(ctx, client.ObjectKeyFromObject(node), node); err != nil {
			return err
		}
		node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "203.0.113.17"}, {Type: corev1.NodeExternalIP, Address: "198.51.100.17"}, {Type: corev1.NodeHostName, Address: node.Name}}
		return admin.Status().Update(ctx, node)
	})
	create(t, &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kubernetes"}, AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"203.0.113.6"}}},
	})
	looked := func(when string) {
		edit(t, atOnce(), func(p *v1alpha1.Platform) { p.Annotations = map[string]string{v1alpha1.AnnotationReconcile: when} })
	}
	looked("with a node")
	platformIs(t, "it names what is open", func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, "spec.privateCIDRs", "pods of node "+node.Name+" (11.7.0.0/24)", "(2001:db8:7::/64)", "node "+node.Name+" (203.0.113.17)",
			"the API server (203.0.113.6)", "add 11.7.0.0/24, 2001:db8:7::/64, 203.0.113.17/32, 203.0.113.6/32", "to spec.privateCIDRs of Platform default, beside those that are private now: 10.0.0.0/8")
	})
	undo := onPlatform(t, func(p *v1alpha1.PlatformSpec) {
		p.PrivateCIDRs = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "11.0.0.0/8", "203.0.113.0/24", "2001:db8::/32"}
	})
	platformIs(t, "a list that holds them is in force", inForce)
	undo()
	platformIs(t, "and without it they are open again", func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, "(11.7.0.0/24)")
	})
}
