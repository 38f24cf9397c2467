package behaviour_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// somePod is a pod that could be there: what it carries is all that walls ask.
type somePod struct {
	name, namespace string
	labels          map[string]string
}

// wallsOf are all walls around some namespaces, as the API server has them.
type wallsOf struct {
	namespaces map[string]labels.Set
	policies   map[string][]networkingv1.NetworkPolicy
}

func readWalls(ctx context.Context, namespaces ...string) (wallsOf, error) {
	w := wallsOf{namespaces: map[string]labels.Set{}, policies: map[string][]networkingv1.NetworkPolicy{}}
	for _, ns := range namespaces {
		live := namespace(ns)
		if err := admin.Get(ctx, client.ObjectKeyFromObject(live), live); err != nil {
			return w, err
		}
		w.namespaces[ns] = live.Labels

		var list networkingv1.NetworkPolicyList
		if err := admin.List(ctx, &list, client.InNamespace(ns)); err != nil {
			return w, err
		}
		w.policies[ns] = list.Items
	}
	return w, nil
}

// reaches says whether a pod reaches a port of another, as the documentation of NetworkPolicy has it. All pods have private addresses.
func (w wallsOf) reaches(from, to somePod, port networkingv1.NetworkPolicyPort) bool {
	return w.passes(from, to, networkingv1.PolicyTypeEgress, port) && w.passes(to, from, networkingv1.PolicyTypeIngress, port)
}

func (w wallsOf) passes(of, peer somePod, way networkingv1.PolicyType, port networkingv1.NetworkPolicyPort) bool {
	isolated := false
	for _, p := range w.policies[of.namespace] {
		if !slices.Contains(p.Spec.PolicyTypes, way) || !selectsLabels(&p.Spec.PodSelector, of.labels) {
			continue
		}
		isolated = true
		if way == networkingv1.PolicyTypeEgress {
			for _, rule := range p.Spec.Egress {
				if w.isPeer(p.Namespace, rule.To, peer) && hasPort(rule.Ports, port) {
					return true
				}
			}
			continue
		}
		for _, rule := range p.Spec.Ingress {
			if w.isPeer(p.Namespace, rule.From, peer) && hasPort(rule.Ports, port) {
				return true
			}
		}
	}
	return !isolated
}

func (w wallsOf) isPeer(namespace string, peers []networkingv1.NetworkPolicyPeer, pod somePod) bool {
	if len(peers) == 0 {
		return true
	}
	address := netip.MustParseAddr("10.42.7.1")
	for _, p := range peers {
		switch {
		case p.IPBlock != nil:
			inside := func(cidr string) bool { return netip.MustParsePrefix(cidr).Contains(address) }
			if inside(p.IPBlock.CIDR) && !slices.ContainsFunc(p.IPBlock.Except, inside) {
				return true
			}
		case p.NamespaceSelector == nil && pod.namespace != namespace:
		case p.NamespaceSelector != nil && !selectsLabels(p.NamespaceSelector, w.namespaces[pod.namespace]):
		case p.PodSelector == nil || selectsLabels(p.PodSelector, pod.labels):
			return true
		}
	}
	return false
}

func selectsLabels(selector *metav1.LabelSelector, set labels.Set) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(set)
}

func hasPort(ports []networkingv1.NetworkPolicyPort, port networkingv1.NetworkPolicyPort) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		return *p.Protocol == *port.Protocol && p.Port.IntVal == port.Port.IntVal
	})
}

// between are the ways from one municipality, or one environment, to another, each as "from > to port".
func (w wallsOf) between(pods []somePod, home func(namespace string) string) []string {
	var all []string
	for _, from := range pods {
		for _, to := range pods {
			if home(from.namespace) == home(to.namespace) {
				continue
			}
			for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
				for _, number := range []int32{22, 443, 8080, 8443} {
					port := networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(number))}
					if w.reaches(from, to, port) {
						all = append(all, fmt.Sprintf("%s > %s %s %d", from.name, to.name, protocol, number))
					}
				}
			}
		}
	}
	return all
}

// Through doors goes what both sides agreed on: no other pod, no other port, no other stage, nothing through somebody else's door, and
// nothing after the end. It is asked of all policies that there are, by the rules of NetworkPolicy alone.
func TestWhoReachesWhomThroughDoors(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), func(app *v1alpha1.SharedApp) {
		hosted(v1alpha1.HostedByMunicipality)(app)
		app.Spec.Versions[0].Services[0].PodLabels = map[string]string{"component": "api"}
	}, files("lonn", map[string]string{"service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: payroll}\nspec: {selector: {component: api}, ports: [{port: 443, targetPort: 8443}]}\n"}))
	kobling := publish(t, unique("kobling"), func(app *v1alpha1.SharedApp) {
		isolated(app)
		hosted(v1alpha1.HostedByMunicipality)(app)
	}, payroll("kobling"))
	both := func(m *v1alpha1.Municipality) {
		withTest(m)
		m.Spec.Environments[0].Zone = v1alpha1.ZoneClosed
	}
	closed := func(o *v1alpha1.DoorOffer) { o.Zone = v1alpha1.ZoneClosed }
	host, guest, third := town(t, "vinje", both, adopts(app.Name)), town(t, "seljord", both, adopts(kobling.Name)), town(t, "tokke", both)
	edit(t, host, hosts(app.Name, "prod", named(guest.Name), closed))
	edit(t, guest, connects(app.Name, "prod", host.Name, by(kobling.Name)))
	edit(t, guest, hosts(kobling.Name, "prod", named(third.Name), closed))
	edit(t, third, connects(kobling.Name, "prod", guest.Name))
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	door(t, third, guest.Name, v1alpha1.DoorOpen)

	of := func(app string, more ...string) map[string]string {
		set := map[string]string{v1alpha1.LabelApp: app}
		for i := 0; i < len(more); i += 2 {
			set[more[i]] = more[i+1]
		}
		return set
	}
	own := guest.Name + "-prod--" + kobling.Name
	pods := []somePod{
		{"vinje lonn api", host.Name + "-prod", of(app.Name, "component", "api")}, {"vinje lonn db", host.Name + "-prod", of(app.Name, "component", "db")},
		{"vinje other app", host.Name + "-prod", of("other", "component", "api")}, {"vinje own", host.Name + "-prod", map[string]string{"component": "api"}},
		{"vinje test lonn api", host.Name + "-test", of(app.Name, "component", "api")},
		{"seljord kobling", own, of(kobling.Name)}, {"seljord beside kobling", own, nil}, {"seljord own", guest.Name + "-prod", nil},
		{"seljord other app", guest.Name + "-prod", of("other")}, {"seljord test kobling", guest.Name + "-test--" + kobling.Name, of(kobling.Name)}, {"seljord test own", guest.Name + "-test", nil},
		{"tokke own", third.Name + "-prod", nil}, {"tokke some app", third.Name + "-prod", of("other")}, {"tokke test own", third.Name + "-test", nil},
	}
	spaces := []string{host.Name + "-prod", host.Name + "-test", guest.Name + "-prod", own, guest.Name + "-test", guest.Name + "-test--" + kobling.Name, third.Name + "-prod", third.Name + "-test"}
	for _, ns := range spaces {
		until(t, ns+" is walled off", at(&networkingv1.NetworkPolicy{}, ns, "allmenning-default-deny"), func(*networkingv1.NetworkPolicy) error { return nil })
	}
	environmentOf := func(ns string) string { ns, _, _ = strings.Cut(ns, "--"); return ns }
	want := []string{"seljord kobling > vinje lonn api TCP 8443", "tokke own > seljord kobling TCP 8443"}
	live, err := readWalls(t.Context(), spaces...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, live.between(pods, environmentOf)); diff != "" {
		t.Errorf("who reaches whom (-want +got):\n%s", diff)
	}

	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil })
	edit(t, third, func(m *v1alpha1.Municipality) { m.Spec.Connects = nil })
	eventually(t, "nobody reaches anybody", func(ctx context.Context) error {
		live, err := readWalls(ctx, spaces...)
		if err != nil {
			return err
		}
		if got := live.between(pods, environmentOf); len(got) > 0 {
			return fmt.Errorf("still open are %v", got)
		}
		return nil
	})
}
