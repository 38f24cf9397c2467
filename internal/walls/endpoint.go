package walls

import (
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/spelling"
)

// endpointOf finds an endpoint of the Platform; nil where it has none of that name.
func (b Bounds) endpointOf(name string) *v1alpha1.Endpoint {
	for i := range b.endpoints {
		if b.endpoints[i].Name == name {
			return &b.endpoints[i]
		}
	}
	return nil
}

// endpoint is why a version may not ask for an opening to an endpoint; empty where it may. Who lists an endpoint
// allows it, so that nothing else has to hold its addresses.
func (b Bounds) endpoint(e v1alpha1.RequiredEgress) string {
	has := b.endpointOf(e.Endpoint)
	if has == nil {
		meant := ""
		names := make([]string, 0, len(b.endpoints))
		for _, other := range b.endpoints {
			names = append(names, other.Name)
		}
		if near := spelling.Near(e.Endpoint, names); len(near) > 0 {
			meant = ", but " + strings.Join(near, ", ")
		}
		return fmt.Sprintf("Platform %s has no endpoint %q%s: name one of its spec.endpoints, or have a platform operator add it", v1alpha1.PlatformName, e.Endpoint, meant)
	}
	for n := range has.CIDRs {
		if why := b.reach(has, n); why != "" {
			return fmt.Sprintf("endpoint %s of Platform %s can't be opened: %s", has.Name, v1alpha1.PlatformName, why)
		}
	}
	if len(e.Ports) > 0 && !covers(has.Ports, e.Ports) {
		return fmt.Sprintf("%s is not what %s of Platform %s has: ask for its ports, or have a platform operator change its spec.endpoints",
			opening(e.Endpoint, e.Ports), opening("endpoint "+has.Name, has.Ports), v1alpha1.PlatformName)
	}
	return ""
}

// reach is why a range of an endpoint can't be opened; empty where it can. A private range is meant only where it is
// listed by itself.
func (b Bounds) reach(has *v1alpha1.Endpoint, n int) string {
	prefix, err := parse(has.CIDRs[n])
	if err != nil {
		return fmt.Sprintf("%q is no address range: write one such as 203.0.113.0/28", has.CIDRs[n])
	}
	for _, p := range b.private {
		if contains(p, prefix) {
			return ""
		}
	}
	if private, isPrivate := b.touches(prefix); isPrivate {
		return fmt.Sprintf("%s reaches into the private range %s and beyond: list the addresses that are meant", has.CIDRs[n], private)
	}
	return ""
}

// EndpointFaults are what is wrong in spec.endpoints of the Platform, each with its field.
func (b Bounds) EndpointFaults() []string {
	var all []string
	for i := range b.endpoints {
		for n := range b.endpoints[i].CIDRs {
			if why := b.reach(&b.endpoints[i], n); why != "" {
				all = append(all, fmt.Sprintf("spec.endpoints[%d].cidrs[%d]: endpoint %s: %s; it is closed until then", i, n, b.endpoints[i].Name, why))
			}
		}
	}
	return all
}

// resolve is an opening as ranges: itself, or one for each range of its endpoint.
func (b Bounds) resolve(e v1alpha1.RequiredEgress) []v1alpha1.RequiredEgress {
	has := b.endpointOf(e.Endpoint)
	if has == nil {
		return []v1alpha1.RequiredEgress{e}
	}
	ports := e.Ports
	if len(ports) == 0 {
		ports = has.Ports
	}
	all := make([]v1alpha1.RequiredEgress, 0, len(has.CIDRs))
	for _, cidr := range has.CIDRs {
		all = append(all, v1alpha1.RequiredEgress{CIDR: cidr, Endpoint: e.Endpoint, Ports: ports, Reason: e.Reason})
	}
	return all
}

// target is where an opening leads, in words.
func target(e v1alpha1.RequiredEgress) string {
	if e.Endpoint == "" {
		return e.CIDR
	}
	return e.Endpoint + " at " + e.CIDR
}
