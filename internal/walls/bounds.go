package walls

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Private are the address ranges that are private where the Platform lists none of its own.
func Private() []string {
	return []string{
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
		"100.64.0.0/10",               // RFC 6598
		"169.254.0.0/16", "fe80::/10", // link-local: RFC 3927 and 4291; cloud metadata lives there
		"fc00::/7",         // RFC 4193
		"192.0.0.0/24",     // IETF protocol assignments, RFC 6890: some clouds keep metadata there
		"168.63.129.16/32", // the host of a virtual machine in Azure, at a public address
		"64:ff9b::/96",     // RFC 6052: IPv4 addresses, private ones too, behind a NAT64
	}
}

// disguised are ranges that lead to the host itself, or in which IPv4 addresses are written as IPv6: what
// would be private can hide there.
func disguised() []string {
	return []string{"0.0.0.0/8", "127.0.0.0/8", "::/96", "::ffff:0:0/96", "64:ff9b:1::/48", "2002::/16"}
}

// everywhere is what is allowed where the Platform lists nothing.
func everywhere() []v1alpha1.AllowedEgress {
	return []v1alpha1.AllowedEgress{{CIDR: "0.0.0.0/0"}, {CIDR: "::/0"}}
}

// Bounds are what versions may ask to have opened.
type Bounds struct {
	private   []netip.Prefix
	allowed   []allowed
	endpoints []v1alpha1.Endpoint
}

// allowed is an entry of spec.allowedEgress.
type allowed struct {
	prefix netip.Prefix
	ports  []v1alpha1.Port
	// private says that the entry is private itself: it stands for private addresses, and a wider one does not.
	private bool
}

// BoundsOf are the bounds that a Platform sets; the zero spec sets those that hold without one.
func BoundsOf(p v1alpha1.PlatformSpec) Bounds {
	b := Bounds{endpoints: p.Endpoints}
	for _, cidr := range slices.Concat(Private(), disguised(), p.PrivateCIDRs) {
		if prefix, err := parse(cidr); err == nil {
			b.private = append(b.private, prefix)
		}
	}
	entries := p.AllowedEgress
	if len(entries) == 0 {
		entries = everywhere()
	}
	for _, e := range entries {
		if prefix, err := parse(e.CIDR); err == nil {
			within := slices.ContainsFunc(b.private, func(p netip.Prefix) bool { return contains(p, prefix) })
			b.allowed = append(b.allowed, allowed{prefix: prefix, ports: e.Ports, private: within})
		}
	}
	return b
}

// parse reads an address range. Bits behind its length say nothing.
func parse(cidr string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(cidr)
	return prefix.Masked(), err
}

func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// touches is a private range that shares an address with a prefix; false where none does.
func (b Bounds) touches(prefix netip.Prefix) (netip.Prefix, bool) {
	for _, p := range b.private {
		if p.Overlaps(prefix) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// egress is why a version may not ask for an opening; empty where it may. It is the one rule of
// spec.allowedEgress: range and ports lie within one entry, and private addresses within a private one.
func (b Bounds) egress(e v1alpha1.RequiredEgress) string {
	if e.Endpoint != "" {
		return b.endpoint(e)
	}
	prefix, err := parse(e.CIDR)
	if err != nil {
		return fmt.Sprintf("%q is no address range: write one such as 203.0.113.0/24", e.CIDR)
	}
	private, isPrivate := b.touches(prefix)
	for _, a := range b.allowed {
		if contains(a.prefix, prefix) && covers(a.ports, e.Ports) && (a.private || !isPrivate) {
			return ""
		}
	}
	why := "is not within what the Platform allows"
	if isPrivate {
		why = fmt.Sprintf("reaches into the private range %s, which the Platform does not allow", private)
	}
	return fmt.Sprintf("%s %s: require another range, or have a platform operator add {cidr: %s, %sreason: ...} to spec.allowedEgress of Platform %s",
		opening(e.CIDR, e.Ports), why, e.CIDR, flow(e.Ports), v1alpha1.PlatformName)
}

// ingress is why a version may not ask for an opening; empty where it may.
func (b Bounds) ingress(in v1alpha1.RequiredIngress) string {
	if in.CIDR == "" {
		return selector(in.NamespaceLabels)
	}
	prefix, err := parse(in.CIDR)
	if err != nil {
		return fmt.Sprintf("%q is no address range: write one such as 203.0.113.0/24", in.CIDR)
	}
	if private, isPrivate := b.touches(prefix); isPrivate {
		return fmt.Sprintf("%s reaches into the private range %s, in which pods of tenants may have their addresses: name the caller's namespace by namespaceLabels",
			in.CIDR, private)
	}
	return ""
}

// selector is why labels can't select the namespaces of callers; empty where they can.
func selector(labels map[string]string) string {
	if _, names := labels[v1alpha1.LabelMunicipality]; names {
		return fmt.Sprintf("the label %s is on namespaces of municipalities alone, and these are never let in: name the caller's namespace by another label", v1alpha1.LabelMunicipality)
	}
	if faults := metav1validation.ValidateLabels(labels, field.NewPath("namespaceLabels")); len(faults) > 0 {
		return faults.ToAggregate().Error() + ": write a label as Kubernetes does"
	}
	return ""
}

// covers says whether ports hold all others; none are every port.
func covers(ports, others []v1alpha1.Port) bool {
	if len(ports) == 0 {
		return true
	}
	for _, p := range others {
		if !slices.ContainsFunc(ports, func(has v1alpha1.Port) bool { return named(has) == named(p) }) {
			return false
		}
	}
	return len(others) > 0
}

// named is a port with its protocol.
func named(p v1alpha1.Port) v1alpha1.Port {
	p.Protocol = cmp.Or(p.Protocol, v1alpha1.ProtocolTCP)
	return p
}

// flow is ports as they stand in an entry of YAML, with a comma behind; empty for every port.
func flow(ports []v1alpha1.Port) string {
	if len(ports) == 0 {
		return ""
	}
	all := make([]string, 0, len(ports))
	for _, p := range ports {
		text := fmt.Sprintf("{port: %d}", p.Port)
		if p = named(p); p.Protocol != v1alpha1.ProtocolTCP {
			text = fmt.Sprintf("{port: %d, protocol: %s}", p.Port, p.Protocol)
		}
		all = append(all, text)
	}
	return "ports: [" + strings.Join(all, ", ") + "], "
}

// Fault is one thing that a version requires and may not have.
type Fault struct {
	// Field within the requirements, such as egress[0].cidr.
	Field string
	// Message says what is wrong, and the fix.
	Message string
}

// Of is the fault of a version, with its field in the SharedApp.
func (f Fault) Of(version string) string {
	return fmt.Sprintf("spec.versions[%s].requires.%s: %s", version, f.Field, f.Message)
}

// Faults are what of a version's requirements may not be opened, in their order.
func (b Bounds) Faults(r *v1alpha1.Requirements) []Fault {
	if r == nil {
		return nil
	}
	var all []Fault
	for i, e := range r.Egress {
		name := "cidr"
		if e.Endpoint != "" {
			name = "endpoint"
		}
		if why := b.egress(e); why != "" {
			all = append(all, Fault{Field: fmt.Sprintf("egress[%d].%s", i, name), Message: why})
		}
	}
	for i, in := range r.Ingress {
		name := "cidr"
		if in.CIDR == "" {
			name = "namespaceLabels"
		}
		if why := b.ingress(in); why != "" {
			all = append(all, Fault{Field: fmt.Sprintf("ingress[%d].%s", i, name), Message: why})
		}
	}
	return all
}
