package walls

import (
	"maps"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Change is what of the walls a move changes, in words: each an opening, with the reason that its version gives.
type Change struct {
	Opens  []string `json:"opens,omitempty"`
	Closes []string `json:"closes,omitempty"`
}

// None says whether the walls stay as they are.
func (c Change) None() bool { return len(c.Opens)+len(c.Closes) == 0 }

// Compare says what opens and what closes where some openings take the place of others. What lies within an
// opening that was there does not open: 10.1.2.0/24 in the place of 10.1.0.0/16 closes the wider one alone.
func Compare(from, to Walls) Change {
	return Change{Opens: lacking(to, from), Closes: lacking(from, to)}
}

// lacking are the openings of one that others don't hold.
func lacking(of, others Walls) []string {
	var all []string
	for _, e := range of.Egress {
		ports, some := missing(e.Ports, func(p *v1alpha1.Port) bool { return others.egress(e.CIDR, p) })
		if some {
			all = append(all, "egress to "+opening(target(e), ports)+": "+e.Reason)
		}
	}
	for _, in := range of.Ingress {
		ports, some := missing(in.Ports, func(p *v1alpha1.Port) bool { return others.ingress(in, p) })
		if some {
			all = append(all, "ingress from "+opening(peerOf(in), ports)+": "+in.Reason)
		}
	}
	return all
}

// missing are the ports that are not held elsewhere, and whether there are any; no ports are every port.
func missing(ports []v1alpha1.Port, held func(*v1alpha1.Port) bool) ([]v1alpha1.Port, bool) {
	if len(ports) == 0 {
		return nil, !held(nil)
	}
	var some []v1alpha1.Port
	for i := range ports {
		if !held(&ports[i]) {
			some = append(some, ports[i])
		}
	}
	return some, len(some) > 0
}

// egress says whether connections to a range are open, at a port or, where it is nil, at every port.
func (w Walls) egress(cidr string, port *v1alpha1.Port) bool {
	for _, e := range w.Egress {
		if within(cidr, e.CIDR) && holds(e.Ports, port) {
			return true
		}
	}
	return false
}

func (w Walls) ingress(from v1alpha1.RequiredIngress, port *v1alpha1.Port) bool {
	for _, in := range w.Ingress {
		peer := in.CIDR != "" && from.CIDR != "" && within(from.CIDR, in.CIDR)
		peer = peer || (in.CIDR == "" && from.CIDR == "" && maps.Equal(from.NamespaceLabels, in.NamespaceLabels))
		if peer && holds(in.Ports, port) {
			return true
		}
	}
	return false
}

func within(inner, outer string) bool {
	a, err1 := parse(inner)
	b, err2 := parse(outer)
	return err1 == nil && err2 == nil && contains(b, a)
}

// holds says whether ports have one, or every one where it is nil.
func holds(ports []v1alpha1.Port, one *v1alpha1.Port) bool {
	if one == nil {
		return len(ports) == 0
	}
	return covers(ports, []v1alpha1.Port{*one})
}
