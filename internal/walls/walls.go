package walls

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Walls are the openings in the walls around an app.
type Walls struct {
	Egress  []v1alpha1.RequiredEgress
	Ingress []v1alpha1.RequiredIngress
}

// Of are the openings that some versions require together, each once and in their order. What the bounds
// don't allow is not among them, whatever a version asks for.
func (b Bounds) Of(versions ...*v1alpha1.Requirements) Walls {
	var w Walls
	for _, r := range versions {
		if r == nil {
			continue
		}
		for _, e := range r.Egress {
			if b.egress(e) == "" && !slices.ContainsFunc(w.Egress, func(o v1alpha1.RequiredEgress) bool { return reflect.DeepEqual(o, e) }) {
				w.Egress = append(w.Egress, e)
			}
		}
		for _, in := range r.Ingress {
			if b.ingress(in) == "" && !slices.ContainsFunc(w.Ingress, func(o v1alpha1.RequiredIngress) bool { return reflect.DeepEqual(o, in) }) {
				w.Ingress = append(w.Ingress, in)
			}
		}
	}
	return w
}

// Closed says whether nothing is open.
func (w Walls) Closed() bool { return len(w.Egress)+len(w.Ingress) == 0 }

// opening is a peer with its ports, in words.
func opening(peer string, ports []v1alpha1.Port) string {
	if len(ports) == 0 {
		return peer + " (every port)"
	}
	all := make([]string, 0, len(ports))
	for _, p := range ports {
		all = append(all, fmt.Sprintf("%s %d", named(p).Protocol, p.Port))
	}
	return peer + " (" + strings.Join(all, ", ") + ")"
}

// peerOf is where connections come from, in words.
func peerOf(in v1alpha1.RequiredIngress) string {
	if in.CIDR != "" {
		return in.CIDR
	}
	labels := make([]string, 0, len(in.NamespaceLabels))
	for _, key := range slices.Sorted(maps.Keys(in.NamespaceLabels)) {
		labels = append(labels, key+"="+in.NamespaceLabels[key])
	}
	return "namespaces with " + strings.Join(labels, ",")
}
