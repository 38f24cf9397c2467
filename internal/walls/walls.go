package walls

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Walls are the openings in the walls around an app. Each egress has its range, also where it was asked for by the
// name of an endpoint.
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
		for _, asked := range r.Egress {
			if b.egress(asked) != "" {
				continue
			}
			for _, e := range b.resolve(asked) {
				w.Egress = withOnce(w.Egress, e)
			}
		}
		for _, in := range r.Ingress {
			if b.ingress(in) == "" {
				w.Ingress = withOnce(w.Ingress, in)
			}
		}
	}
	return w
}

// withOnce are openings with one more, unless it is among them.
func withOnce[T any](all []T, next T) []T {
	if slices.ContainsFunc(all, func(o T) bool { return reflect.DeepEqual(o, next) }) {
		return all
	}
	return append(all, next)
}

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
