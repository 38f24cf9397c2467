package walls_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/walls"
)

// register is an endpoint at some ranges, at port 443.
func register(cidrs ...string) v1alpha1.PlatformSpec {
	return v1alpha1.PlatformSpec{Endpoints: []v1alpha1.Endpoint{{Name: "folkeregisteret", CIDRs: cidrs, Ports: ports(443), Owner: "Skatteetaten"}}}
}

func toEndpoint(name string, numbers ...int32) v1alpha1.RequiredEgress {
	return v1alpha1.RequiredEgress{Endpoint: name, Ports: ports(numbers...), Reason: "addresses of inhabitants"}
}

func TestEndpoints(t *testing.T) {
	at := func(cidr string, numbers ...int32) v1alpha1.RequiredEgress {
		return v1alpha1.RequiredEgress{CIDR: cidr, Endpoint: "folkeregisteret", Ports: ports(numbers...), Reason: "addresses of inhabitants"}
	}
	narrow := register("203.0.113.0/28")
	narrow.AllowedEgress = []v1alpha1.AllowedEgress{{CIDR: "198.51.100.0/24"}}
	for _, tc := range []struct {
		reason   string
		platform v1alpha1.PlatformSpec
		asks     v1alpha1.RequiredEgress
		open     []v1alpha1.RequiredEgress
		fault    string // empty where it may be opened
	}{
		{"all of its ranges, at its ports", register("203.0.113.0/28", "2001:db8:7::/64"), toEndpoint("folkeregisteret"), []v1alpha1.RequiredEgress{at("203.0.113.0/28", 443), at("2001:db8:7::/64", 443)}, ""},
		{"who lists it allows it", narrow, toEndpoint("folkeregisteret"), []v1alpha1.RequiredEgress{at("203.0.113.0/28", 443)}, ""},
		{"a private range by itself", register("10.7.0.0/24"), toEndpoint("folkeregisteret"), []v1alpha1.RequiredEgress{at("10.7.0.0/24", 443)}, ""},
		{"one that reaches beyond it is a slip", register("203.0.113.0/28", "10.0.0.0/7"), toEndpoint("folkeregisteret"), nil, "10.0.0.0/7 reaches into the private range 10.0.0.0/8 and beyond"},
		{"everything, too", register("0.0.0.0/0"), toEndpoint("folkeregisteret"), nil, "and beyond"},
		{"a port that it has", register("203.0.113.0/28"), toEndpoint("folkeregisteret", 443), []v1alpha1.RequiredEgress{at("203.0.113.0/28", 443)}, ""},
		{"a port that it does not have", register("203.0.113.0/28"), toEndpoint("folkeregisteret", 22), nil, "folkeregisteret (TCP 22) is not what endpoint folkeregisteret (TCP 443) of Platform default has"},
		{"a name that is misspelt", register("203.0.113.0/28"), toEndpoint("folkeregistret"), nil, `Platform default has no endpoint "folkeregistret", but folkeregisteret: name one`},
		{"a platform that says nothing", v1alpha1.PlatformSpec{}, toEndpoint("folkeregisteret"), nil, "or have a platform operator add it"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			bounds, requires := walls.BoundsOf(tc.platform), &v1alpha1.Requirements{Egress: []v1alpha1.RequiredEgress{tc.asks}}
			if diff := cmp.Diff(tc.open, bounds.Of(requires).Egress); diff != "" {
				t.Errorf("open (-want +got):\n%s", diff)
			}
			text := ""
			for _, f := range bounds.Faults(requires) {
				text += f.Of("1.0.0")
			}
			if (text == "") != (tc.fault == "") || !strings.Contains(text, tc.fault) || (text != "" && !strings.HasPrefix(text, "spec.versions[1.0.0].requires.egress[0].endpoint: ")) {
				t.Errorf("faults %q, want %q", text, tc.fault)
			}
		})
	}
}

func TestEndpointFaults(t *testing.T) {
	got := walls.BoundsOf(register("203.0.113.0/28", "0.0.0.0/0")).EndpointFaults()
	want := []string{"spec.endpoints[0].cidrs[1]: endpoint folkeregisteret: 0.0.0.0/0 reaches into the private range 10.0.0.0/8 and beyond: list the addresses that are meant; it is closed until then"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What opens and closes where an endpoint moves is said by its name.
func TestAnEndpointThatMoves(t *testing.T) {
	requires := &v1alpha1.Requirements{Egress: []v1alpha1.RequiredEgress{toEndpoint("folkeregisteret")}}
	got := walls.Compare(walls.BoundsOf(register("203.0.113.0/28")).Of(requires), walls.BoundsOf(register("198.51.100.7/32")).Of(requires))
	want := walls.Change{
		Opens:  []string{"egress to folkeregisteret at 198.51.100.7/32 (TCP 443): addresses of inhabitants"},
		Closes: []string{"egress to folkeregisteret at 203.0.113.0/28 (TCP 443): addresses of inhabitants"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
