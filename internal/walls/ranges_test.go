package walls_test

import (
	"strings"
	"testing"

	"github.com/allmenning/allmenning/internal/walls"
)

func TestRangesOfTheClusterArePrivate(t *testing.T) {
	for _, tc := range []struct {
		reason  string
		private []string
		seen    []walls.Range
		want    []string // none where all are covered
	}{
		{"nothing is known of the cluster", walls.Private(), nil, nil},
		{"the usual ranges are", walls.Private(), []walls.Range{{"10.244.0.0/16", "pods"}, {"10.96.0.0/12", "Services"}, {"192.168.1.7", "node a"}, {"fd00:10:244::/56", "pods"}}, nil},
		{"pods with public addresses", walls.Private(), []walls.Range{{"11.0.0.0/16", "pods of node a"}}, []string{"pods of node a (11.0.0.0/16)", "add 11.0.0.0/16, or a range that holds it", "beside those that are private now: 10.0.0.0/8"}},
		{"of IPv6", walls.Private(), []walls.Range{{"2001:db8:1::/64", "Services"}}, []string{"Services (2001:db8:1::/64)"}},
		{"one address", walls.Private(), []walls.Range{{"203.0.113.9", "the API server"}}, []string{"the API server (203.0.113.9)", "add 203.0.113.9/32"}},
		{"an address of IPv4 in the clothes of IPv6", walls.Private(), []walls.Range{{"::ffff:203.0.113.9", "the API server"}}, []string{"add 203.0.113.9/32"}},
		{"a range that reaches beyond a private one", []string{"10.0.0.0/9"}, []walls.Range{{"10.0.0.0/8", "pods"}}, []string{"pods (10.0.0.0/8)"}},
		{"two halves hold the whole", []string{"10.128.0.0/9", "10.0.0.0/9"}, []walls.Range{{"10.0.0.0/8", "pods"}}, nil},
		{"of IPv6, too", []string{"2001:db8::/34", "2001:db8:4000::/34", "2001:db8:8000::/33"}, []walls.Range{{"2001:db8::/32", "pods"}}, nil},
		{"a hole in the middle", []string{"10.0.0.0/10", "10.128.0.0/9"}, []walls.Range{{"10.0.0.0/8", "pods"}}, []string{"pods (10.0.0.0/8)"}},
		{"a list that leaves out what it replaces", []string{"172.16.0.0/12"}, []walls.Range{{"10.244.0.0/16", "pods"}}, []string{"pods (10.244.0.0/16)"}},
		{"of one version nothing follows for the other", []string{"10.0.0.0/8"}, []walls.Range{{"fd00::/8", "pods"}}, []string{"pods (fd00::/8)"}},
		{"what a pod reaches at its own address is itself", walls.Private(), []walls.Range{{"127.0.0.1", "the API server"}, {"::1", "the API server"}}, nil},
		{"what is no address says nothing", walls.Private(), []walls.Range{{"node-a.example.org", "node a"}}, nil},
		{"many are cut", walls.Private(), []walls.Range{{"11.0.0.1", "a"}, {"11.0.0.2", "b"}, {"11.0.0.3", "c"}, {"11.0.0.4", "d"}, {"11.0.0.5", "e"}, {"11.0.0.6", "f"}, {"11.0.0.7", "g"}}, []string{"e (11.0.0.5) and 2 more"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := walls.NotPrivate(tc.private, tc.seen)
			if (got == "") != (len(tc.want) == 0) {
				t.Fatalf("it says %q", got)
			}
			for _, word := range tc.want {
				if !strings.Contains(got, word) {
					t.Errorf("it says %q, without %q", got, word)
				}
			}
		})
	}
}
