package municipality

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// place is a namespace with its walls.
type place struct {
	labels   map[string]string
	policies []*networkingv1.NetworkPolicy
}

// somePod is a pod in a place; of an app where one is named.
type somePod struct {
	in  place
	app string
}

func (p somePod) labels() labels.Set {
	if p.app == "" {
		return labels.Set{"app": "own"}
	}
	return labels.Set{v1alpha1.LabelApp: p.app}
}

func selects(t *testing.T, s *metav1.LabelSelector, set labels.Set) bool {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(set)
}

// meets says whether a peer of a policy in a place stands for a pod.
func meets(t *testing.T, peer networkingv1.NetworkPolicyPeer, of place, p somePod) bool {
	t.Helper()
	inPlace := p.in.labels["name"] == of.labels["name"]
	if peer.NamespaceSelector != nil {
		inPlace = selects(t, peer.NamespaceSelector, p.in.labels)
	}
	return peer.IPBlock == nil && inPlace && (peer.PodSelector == nil || selects(t, peer.PodSelector, p.labels()))
}

// out says whether the walls let one pod out to another, as Kubernetes defines it: a pod that policies select is let out by any
// of their rules.
func out(t *testing.T, from, to somePod) bool {
	t.Helper()
	for _, np := range from.in.policies {
		for _, rule := range np.Spec.Egress {
			for _, peer := range rule.To {
				if len(rule.Ports) == 0 && selects(t, &np.Spec.PodSelector, from.labels()) && meets(t, peer, from.in, to) {
					return true
				}
			}
		}
	}
	return false
}

// in says whether the walls let a pod in to another.
func in(t *testing.T, from, to somePod) bool {
	t.Helper()
	for _, np := range to.in.policies {
		for _, rule := range np.Spec.Ingress {
			for _, peer := range rule.From {
				if selects(t, &np.Spec.PodSelector, to.labels()) && meets(t, peer, to.in, from) {
					return true
				}
			}
		}
	}
	return false
}

// placeOf is a namespace of a plan.
func placeOf(t *testing.T, e environmentPlan) place {
	t.Helper()
	p := place{}
	for _, o := range e.apply {
		switch o := live(t, o).(type) {
		case *networkingv1.NetworkPolicy:
			p.policies = append(p.policies, o)
		default:
			if o.GetNamespace() == "" {
				p.labels = labels.Merge(o.GetLabels(), labels.Set{"name": o.GetName()})
			}
		}
	}
	return p
}

// TestWhoReachesWhomInAnEnvironment by the walls of the environment, whichever of its apps have namespaces for themselves: pods of the
// municipality's own reach all, and an app's nobody. Whom those reach is said by a policy of their installation, and everybody
// in the environment lets them in.
func TestWhoReachesWhomInAnEnvironment(t *testing.T) {
	for reason, own := range map[string][]string{"all share the namespace": nil, "one has its own": {"mail"}, "each has its own": {"archive", "mail"}} {
		t.Run(reason, func(t *testing.T) {
			alone := sets.New(own...)
			seen := fresh(vinje())
			e := environment{own: map[string]ownHome{}}
			for _, name := range own {
				e.own[name] = ownHome{installed: asks(name), share: shareOf(nil)}
			}
			seen.environments["prod"] = e
			todo := planFor(t, seen, "prod")
			home := placeOf(t, todo)
			speakOfOneDirection(t, home)
			pods := map[string]somePod{"own": {in: home}}
			for _, name := range []string{"archive", "mail"} {
				if !alone.Has(name) {
					pods[name] = somePod{in: home, app: name}
				}
			}
			for _, each := range todo.own {
				pods[each.app] = somePod{in: placeOf(t, each), app: each.app}
				speakOfOneDirection(t, pods[each.app].in)
			}
			stranger := somePod{in: placeOf(t, planFor(t, seen, "test")), app: "mail"}
			for from, pod := range pods {
				for to, other := range pods {
					if want := from == "own"; out(t, pod, other) != want {
						t.Errorf("%s is let out to %s: %v, want %v", from, to, !want, want)
					}
					if !in(t, pod, other) {
						t.Errorf("%s is not let in by %s", from, to)
					}
				}
				if out(t, pod, stranger) || in(t, stranger, pod) || in(t, pod, stranger) {
					t.Errorf("%s and another environment let each other out, or in", from)
				}
			}
		})
	}
}

// speakOfOneDirection holds each policy that opens something to one direction: kube-router lets a pod out by the ingress rules
// of a policy of both directions that selects it.
func speakOfOneDirection(t *testing.T, p place) {
	t.Helper()
	for _, np := range p.policies {
		if len(np.Spec.PolicyTypes) != 1 && len(np.Spec.Ingress)+len(np.Spec.Egress) > 0 {
			t.Errorf("%s opens something and speaks of %v", np.Name, np.Spec.PolicyTypes)
		}
	}
}
