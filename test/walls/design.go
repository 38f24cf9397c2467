package walls

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// End is where a connection begins or ends: a pod of a tenant, another pod, or what is no pod.
type End struct {
	// Name in the matrix.
	Name string
	// Municipality and Environment of a tenant's pod; empty for others. An app's own namespace is its environment's.
	Municipality, Environment string
	// App and Version of a pod that belongs to an app; empty for what a tenant runs itself.
	App, Version string
	// Namespace of a pod, with its labels and the pod's own.
	Namespace       string
	NamespaceLabels map[string]string
	Labels          map[string]string
	// Address of the end. The design does not go by that of a pod.
	Address netip.Addr
	// Node says that it is the node, which reaches the pods that it runs.
	Node bool
}

func (e End) isPod() bool    { return e.Namespace != "" }
func (e End) isTenant() bool { return e.Municipality != "" }

// Target is an end with a port.
type Target struct {
	End
	Port int32
	// PortName is how the pod names the port, if it does.
	PortName string
	Protocol v1alpha1.Protocol
}

// Design is what people wrote, of what walls are made.
type Design struct {
	Platform       v1alpha1.PlatformSpec
	Municipalities []v1alpha1.Municipality
	Apps           []v1alpha1.SharedApp
	// Networks whose members are listed by name.
	Networks []v1alpha1.Network
}

// Open says whether a connection is let through, and by which sentence of the design. It has to pass the wall
// around where it begins and the one around where it ends; only namespaces of tenants and of the operator have walls.
func (d Design) Open(from End, to Target) (reason string, open bool) {
	out, leaves := d.leaves(from, to)
	in, enters := d.enters(from, to)
	switch {
	case !leaves || !enters:
		return "", false
	case out == "" && in == "":
		return "no wall", true
	case out == "" || out == in:
		return in, true
	case in == "":
		return out, true
	}
	return out + "; " + in, true
}

// leaves says whether the wall around where it begins lets it out. The reason is empty where there is no wall.
//
//  1. The pods of an environment meet, those in the namespaces that apps have for themselves among them; but those of an app
//     reach those of another app only where its version requires that app.
//  2. Every pod may ask the platform's DNS servers.
//  3. In an Open environment a pod may reach every address that is not private.
//  4. A pod of an app may reach what its version requires, at those ports, as far as the platform allows it: an endpoint that
//     the platform names, or an address range.
//  5. A pod may go through a door to another municipality: see door.
func (d Design) leaves(from End, to Target) (string, bool) {
	switch {
	case !from.isTenant():
		return "", true
	case sameEnvironment(from, to.End) && d.connects(from, to.End):
		return "the same environment", true
	case d.isDNS(to):
		return "DNS", true
	case !to.isPod() && !d.private(to.Address) && d.zone(from) == v1alpha1.ZoneOpen:
		return "an Open zone reaches the internet", true
	}
	for _, e := range d.requires(from).Egress {
		reaches := func(cidr string) bool { return !to.isPod() && contains(cidr, to.Address) }
		cidrs, ports := d.granted(e)
		if slices.ContainsFunc(cidrs, reaches) && atPort(ports, to) {
			return fmt.Sprintf("%s %s requires it: %s", from.App, from.Version, e.Reason), true
		}
	}
	door := d.door(from, to)
	return door, door != ""
}

// granted is where an opening leads that a version requires: nowhere where the platform does not allow it.
func (d Design) granted(e v1alpha1.RequiredEgress) ([]string, []v1alpha1.Port) {
	if e.Endpoint == "" {
		if !d.allows(e) {
			return nil, nil
		}
		return []string{e.CIDR}, e.Ports
	}
	for _, named := range d.Platform.Endpoints {
		switch {
		case named.Name != e.Endpoint:
		case len(e.Ports) == 0:
			return named.CIDRs, named.Ports
		case portsWithin(e.Ports, named.Ports):
			return named.CIDRs, e.Ports
		}
	}
	return nil, nil
}

// enters says whether the wall around where it ends lets it in. The reason is empty where there is no wall.
//
//  1. The pods of an environment meet.
//  2. The node reaches the pods that it runs: it asks how they are.
//  3. Into an Open environment the platform's ingress controllers may come.
//  4. To the pods of an app comes who its version lets in, at those ports; a tenant never, but through a door: see door.
//  5. The operator is asked for metrics, by namespaces that the platform has labelled for that.
func (d Design) enters(from End, to Target) (string, bool) {
	switch {
	case !to.isTenant() && to.Namespace != operatorNamespace:
		return "", true
	case from.Node:
		return "the node and its pods", true
	case to.Namespace == operatorNamespace:
		return "metrics", from.NamespaceLabels["allmenning.dev/metrics"] == "true" && to.Port == 8443 && isTCP(to)
	case sameEnvironment(from, to.End):
		return "the same environment", true
	case d.zone(to.End) == v1alpha1.ZoneOpen && d.isIngress(from):
		return "ingress controllers enter an Open zone", true
	}
	for _, in := range d.requires(to.End).Ingress {
		byRange := in.CIDR != "" && !from.isPod() && contains(in.CIDR, from.Address)
		byLabels := in.CIDR == "" && from.isPod() && !from.isTenant() && carries(from.NamespaceLabels, in.NamespaceLabels)
		if (byRange || byLabels) && atPort(in.Ports, to) {
			return fmt.Sprintf("%s %s lets it in: %s", to.App, to.Version, in.Reason), true
		}
	}
	door := d.door(from, to)
	return door, door != ""
}

const operatorNamespace = "allmenning-system"

func sameEnvironment(a, b End) bool {
	return a.isTenant() && a.Municipality == b.Municipality && a.Environment == b.Environment
}

// connects says whether two pods of an environment are of one app, or the one may use the other's.
func (d Design) connects(from, to End) bool {
	return from.App == "" || to.App == "" || from.App == to.App ||
		slices.ContainsFunc(d.requires(from).Apps, func(a v1alpha1.RequiredApp) bool { return a.Name == to.App })
}

// zone is what the spec of a tenant says.
func (d Design) zone(of End) v1alpha1.Zone { return d.environment(of).Zone }

// environment is what the spec of a tenant says of it.
func (d Design) environment(of End) v1alpha1.Environment {
	for _, e := range d.municipality(of.Municipality).Spec.Environments {
		if e.Name == of.Environment {
			return e
		}
	}
	return v1alpha1.Environment{}
}

// requires is what the version of an app requires that a pod belongs to.
func (d Design) requires(of End) v1alpha1.Requirements {
	if v := d.version(of); v.Requires != nil {
		return *v.Requires
	}
	return v1alpha1.Requirements{}
}

// version is the one of an app that a pod belongs to; an empty one where it belongs to none.
func (d Design) version(of End) v1alpha1.Version {
	for _, app := range d.Apps {
		for _, v := range app.Spec.Versions {
			if of.App != "" && app.Name == of.App && v.Version == of.Version {
				return v
			}
		}
	}
	return v1alpha1.Version{}
}

// isDNS says whether a target is one of the platform's DNS servers, at their port.
func (d Design) isDNS(to Target) bool {
	servers := d.Platform.DNS
	if len(servers) == 0 {
		servers = []v1alpha1.DNSServer{
			{Namespace: "kube-system", PodLabels: map[string]string{"k8s-app": "kube-dns"}},
			{CIDR: "169.254.20.10/32"},
		}
	}
	return to.Port == 53 && slices.ContainsFunc(servers, func(s v1alpha1.DNSServer) bool {
		if s.CIDR != "" {
			return !to.isPod() && contains(s.CIDR, to.Address)
		}
		return to.Namespace == s.Namespace && carries(to.Labels, s.PodLabels)
	})
}

// isIngress says whether a pod is one of the platform's ingress controllers.
func (d Design) isIngress(from End) bool {
	controllers := d.Platform.Ingress
	if len(controllers) == 0 {
		controllers = []v1alpha1.IngressController{{NamespaceLabels: map[string]string{"allmenning.dev/ingress": "true"}}}
	}
	return from.isPod() && slices.ContainsFunc(controllers, func(c v1alpha1.IngressController) bool {
		here := from.Namespace == c.Namespace || c.Namespace == "" && carries(from.NamespaceLabels, c.NamespaceLabels)
		return here && carries(from.Labels, c.PodLabels)
	})
}

// builtInPrivate are the private ranges where the platform lists none.
func builtInPrivate() []string {
	return []string{
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fe80::/10", "fc00::/7",
		"192.0.0.0/24", "168.63.129.16/32", "64:ff9b::/96",
	}
}

func (d Design) private(address netip.Addr) bool {
	ranges := d.Platform.PrivateCIDRs
	if len(ranges) == 0 {
		ranges = builtInPrivate()
	}
	return slices.ContainsFunc(ranges, func(cidr string) bool { return contains(cidr, address) })
}

// allows says whether the platform lets versions ask for an opening. A private range has to be listed as such.
func (d Design) allows(asked v1alpha1.RequiredEgress) bool {
	entries := d.Platform.AllowedEgress
	if len(entries) == 0 {
		entries = []v1alpha1.AllowedEgress{{CIDR: "0.0.0.0/0"}, {CIDR: "::/0"}}
	}
	touched := slices.DeleteFunc(slices.Concat(builtInPrivate(), d.Platform.PrivateCIDRs), func(cidr string) bool { return !overlap(cidr, asked.CIDR) })
	return slices.ContainsFunc(entries, func(e v1alpha1.AllowedEgress) bool {
		entryIsPrivate := slices.ContainsFunc(touched, func(cidr string) bool { return within(e.CIDR, cidr) })
		return within(asked.CIDR, e.CIDR) && (len(touched) == 0 || entryIsPrivate) && portsWithin(asked.Ports, e.Ports)
	})
}

func portsWithin(asked, listed []v1alpha1.Port) bool {
	if len(listed) == 0 {
		return true
	}
	return len(asked) > 0 && !slices.ContainsFunc(asked, func(p v1alpha1.Port) bool { return !slices.ContainsFunc(listed, same(p)) })
}

func same(p v1alpha1.Port) func(v1alpha1.Port) bool {
	return func(q v1alpha1.Port) bool {
		return p.Port == q.Port && cmp.Or(p.Protocol, v1alpha1.ProtocolTCP) == cmp.Or(q.Protocol, v1alpha1.ProtocolTCP)
	}
}

// atPort says whether a target's port is among some; none are every port.
func atPort(ports []v1alpha1.Port, to Target) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, same(v1alpha1.Port{Port: to.Port, Protocol: to.Protocol}))
}

func isTCP(to Target) bool { return cmp.Or(to.Protocol, v1alpha1.ProtocolTCP) == v1alpha1.ProtocolTCP }

func carries(labels, some map[string]string) bool {
	for key, value := range some {
		if labels[key] != value {
			return false
		}
	}
	return true
}

func contains(cidr string, address netip.Addr) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && prefix.Contains(address)
}

func within(inner, outer string) bool {
	i, err1 := netip.ParsePrefix(inner)
	o, err2 := netip.ParsePrefix(outer)
	return err1 == nil && err2 == nil && o.Bits() <= i.Bits() && o.Contains(i.Addr())
}

func overlap(a, b string) bool {
	p, err1 := netip.ParsePrefix(a)
	q, err2 := netip.ParsePrefix(b)
	return err1 == nil && err2 == nil && p.Overlaps(q)
}
