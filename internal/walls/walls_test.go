package walls_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/walls"
)

func ports(numbers ...int32) []v1alpha1.Port {
	var all []v1alpha1.Port
	for _, n := range numbers {
		all = append(all, v1alpha1.Port{Port: n, Protocol: v1alpha1.ProtocolTCP})
	}
	return all
}

func to(cidr string, numbers ...int32) v1alpha1.RequiredEgress {
	return v1alpha1.RequiredEgress{CIDR: cidr, Ports: ports(numbers...), Reason: "post"}
}

func TestEgressWithinTheBounds(t *testing.T) {
	allow := func(entries ...v1alpha1.AllowedEgress) v1alpha1.PlatformSpec {
		return v1alpha1.PlatformSpec{AllowedEgress: entries}
	}
	entry := func(cidr string, numbers ...int32) v1alpha1.AllowedEgress {
		return v1alpha1.AllowedEgress{CIDR: cidr, Ports: ports(numbers...)}
	}
	own := v1alpha1.PlatformSpec{PrivateCIDRs: []string{"198.51.100.0/24"}}
	for _, tc := range []struct {
		reason   string
		platform v1alpha1.PlatformSpec
		asks     v1alpha1.RequiredEgress
		want     string // empty where it may be opened
	}{
		{"a public address, of a platform that says nothing", v1alpha1.PlatformSpec{}, to("203.0.113.0/24", 443), ""},
		{"every port of it", v1alpha1.PlatformSpec{}, to("203.0.113.0/24"), ""},
		{"a public address of IPv6", v1alpha1.PlatformSpec{}, to("2001:db8::/32", 443), ""},
		{"a private one", v1alpha1.PlatformSpec{}, to("10.20.0.0/16", 443), "private range 10.0.0.0/8"},
		{"one that holds a private range", v1alpha1.PlatformSpec{}, to("0.0.0.0/0", 443), "private range 10.0.0.0/8"},
		{"that of carriers", v1alpha1.PlatformSpec{}, to("100.64.0.0/10"), "private range 100.64.0.0/10"},
		{"the metadata of a cloud", v1alpha1.PlatformSpec{}, to("169.254.169.254/32", 80), "private range 169.254.0.0/16"},
		{"the host of a virtual machine, at a public address", v1alpha1.PlatformSpec{}, to("168.63.129.16/32", 80), "private range 168.63.129.16/32"},
		{"protocol assignments", v1alpha1.PlatformSpec{}, to("192.0.0.192/32", 80), "private range 192.0.0.0/24"},
		{"a unique local address", v1alpha1.PlatformSpec{}, to("fd00:ec2::254/128"), "private range fc00::/7"},
		{"a private address in the clothes of IPv6", v1alpha1.PlatformSpec{}, to("::ffff:10.0.0.0/104"), "private range ::ffff:0.0.0.0/96"},
		{"or translated", v1alpha1.PlatformSpec{}, to("64:ff9b::a00:0/104"), "private range 64:ff9b::/96"},
		{"the host itself", v1alpha1.PlatformSpec{}, to("127.0.0.1/32"), "private range 127.0.0.0/8"},
		{"bits behind the length say nothing", v1alpha1.PlatformSpec{}, to("11.0.0.1/7"), "private range 10.0.0.0/8"},
		{"a range that the platform itself calls private", own, to("198.51.100.7/32"), "private range 198.51.100.0/24"},
		{"what it calls private does not make the usual ones public", own, to("10.1.0.0/16"), "private range 10.0.0.0/8"},
		{"a private range that is listed", allow(entry("10.20.0.0/16", 443)), to("10.20.0.0/16", 443), ""},
		{"a part of it", allow(entry("10.20.0.0/16", 443, 8443)), to("10.20.1.0/24", 443), ""},
		{"another port of it", allow(entry("10.20.0.0/16", 443)), to("10.20.1.0/24", 22), "{cidr: 10.20.1.0/24, ports: [{port: 22}], reason: ...}"},
		{"every port, where one is listed", allow(entry("10.20.0.0/16", 443)), to("10.20.1.0/24"), "every port"},
		{"the same number of another protocol", allow(entry("10.20.0.0/16", 53)), v1alpha1.RequiredEgress{CIDR: "10.20.0.1/32", Ports: []v1alpha1.Port{{Port: 53, Protocol: v1alpha1.ProtocolUDP}}}, "{port: 53, protocol: UDP}"},
		{"a protocol that is left out is TCP", allow(entry("10.20.0.0/16", 443)), v1alpha1.RequiredEgress{CIDR: "10.20.0.1/32", Ports: []v1alpha1.Port{{Port: 443}}}, ""},
		{"more than what is listed", allow(entry("10.20.0.0/16", 443)), to("10.0.0.0/8", 443), "private range"},
		{"a list limits public addresses, too", allow(entry("10.20.0.0/16", 443)), to("203.0.113.0/24", 443), "is not within what the Platform allows"},
		{"a wide entry stands for the public addresses in it", allow(entry("0.0.0.0/0", 443)), to("203.0.113.0/24", 443), ""},
		{"and not for the private ones", allow(entry("0.0.0.0/0", 443)), to("10.20.0.0/16", 443), "private range"},
		{"nor for itself", allow(entry("0.0.0.0/0")), to("0.0.0.0/0"), "private range"},
		{"two entries don't add up", allow(entry("203.0.113.0/25"), entry("203.0.113.128/25")), to("203.0.113.0/24"), "is not within"},
		{"no range", v1alpha1.PlatformSpec{}, to("post.example.org"), "is no address range"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			bounds, requires := walls.BoundsOf(tc.platform), &v1alpha1.Requirements{Egress: []v1alpha1.RequiredEgress{tc.asks}}
			faults := bounds.Faults(requires)
			if (len(faults) == 0) != (tc.want == "") || (len(faults) > 0 && !strings.Contains(faults[0].Message, tc.want)) {
				t.Errorf("faults %v, want %q", faults, tc.want)
			}
			if open := bounds.Of(requires); (len(open.Egress)+len(open.Ingress) == 0) != (tc.want != "") {
				t.Errorf("open is %+v: what may not be asked for is never open", open)
			}
		})
	}
}

func TestIngressIsNeverATenant(t *testing.T) {
	from := func(labels map[string]string) v1alpha1.RequiredIngress {
		return v1alpha1.RequiredIngress{NamespaceLabels: labels}
	}
	for _, tc := range []struct {
		reason string
		asks   v1alpha1.RequiredIngress
		want   string
	}{
		{"a namespace of the platform", from(map[string]string{"role": "edge"}), ""},
		{"a municipality's, by the label that these alone have", from(map[string]string{v1alpha1.LabelMunicipality: "vinje"}), "never let in"},
		{"no label at all", from(map[string]string{"-": "x"}), "write a label"},
		{"a public address", v1alpha1.RequiredIngress{CIDR: "203.0.113.0/24"}, ""},
		{"one that a pod of a tenant may have", v1alpha1.RequiredIngress{CIDR: "10.0.0.0/8"}, "pods of tenants"},
		{"also within everything", v1alpha1.RequiredIngress{CIDR: "0.0.0.0/0"}, "pods of tenants"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			bounds := walls.BoundsOf(v1alpha1.PlatformSpec{AllowedEgress: []v1alpha1.AllowedEgress{{CIDR: "10.0.0.0/8"}}})
			faults := bounds.Faults(&v1alpha1.Requirements{Ingress: []v1alpha1.RequiredIngress{tc.asks}})
			if (len(faults) == 0) != (tc.want == "") || (len(faults) > 0 && !strings.Contains(faults[0].Message, tc.want)) {
				t.Errorf("faults %v, want %q", faults, tc.want)
			}
		})
	}
}

func TestFaultsNameTheField(t *testing.T) {
	faults := walls.BoundsOf(v1alpha1.PlatformSpec{}).Faults(&v1alpha1.Requirements{
		Egress:  []v1alpha1.RequiredEgress{to("203.0.113.0/24"), to("10.20.0.0/16", 443)},
		Ingress: []v1alpha1.RequiredIngress{{NamespaceLabels: map[string]string{v1alpha1.LabelMunicipality: "vinje"}}},
	})
	if len(faults) != 2 || !strings.HasPrefix(faults[1].Of("2.5.0"), "spec.versions[2.5.0].requires.ingress[0].namespaceLabels: ") {
		t.Fatalf("got %v", faults)
	}
	want := "spec.versions[2.5.0].requires.egress[1].cidr: 10.20.0.0/16 (TCP 443) reaches into the private range 10.0.0.0/8, which the Platform does not allow: " +
		"require another range, or have a platform operator add {cidr: 10.20.0.0/16, ports: [{port: 443}], reason: ...} to spec.allowedEgress of Platform default"
	if got := faults[0].Of("2.5.0"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCompare(t *testing.T) {
	open := func(egress ...v1alpha1.RequiredEgress) *v1alpha1.Requirements {
		return &v1alpha1.Requirements{Egress: egress}
	}
	edge := v1alpha1.RequiredIngress{NamespaceLabels: map[string]string{"role": "edge"}, Ports: ports(8080), Reason: "the portal"}
	for _, tc := range []struct {
		reason   string
		from, to *v1alpha1.Requirements
		want     walls.Change
	}{
		{"nothing", nil, nil, walls.Change{}},
		{"the same in another order", open(to("203.0.113.0/24", 443), to("198.51.100.0/24", 443)), open(to("198.51.100.0/24", 443), to("203.0.113.0/24", 443)), walls.Change{}},
		{"a port more", open(to("203.0.113.0/24", 443)), open(to("203.0.113.0/24", 443, 8443)), walls.Change{Opens: []string{"egress to 203.0.113.0/24 (TCP 8443): post"}}},
		{"one port in the place of all", open(to("203.0.113.0/24")), open(to("203.0.113.0/24", 443)), walls.Change{Closes: []string{"egress to 203.0.113.0/24 (every port): post"}}},
		{"a part of what was open", open(to("203.0.113.0/24", 443)), open(to("203.0.113.8/32", 443)), walls.Change{Closes: []string{"egress to 203.0.113.0/24 (TCP 443): post"}}},
		{"who may come in", nil, &v1alpha1.Requirements{Ingress: []v1alpha1.RequiredIngress{edge}}, walls.Change{Opens: []string{"ingress from namespaces with role=edge (TCP 8080): the portal"}}},
		{"what is not allowed does not open", nil, open(to("10.0.0.0/8", 443)), walls.Change{}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			bounds := walls.BoundsOf(v1alpha1.PlatformSpec{})
			if diff := cmp.Diff(tc.want, walls.Compare(bounds.Of(tc.from), bounds.Of(tc.to))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
