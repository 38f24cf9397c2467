package reference

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// claimant is a Municipality with domains that was made some minutes after the first one.
func claimant(name string, minute int, domains ...string) v1alpha1.Municipality {
	m := v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(time.Unix(1700000000, 0).Add(time.Duration(minute) * time.Minute))}}
	m.Spec.Domains = domains
	return m
}

func TestDomainsTaken(t *testing.T) {
	cases := []struct {
		reason string
		m      v1alpha1.Municipality
		other  v1alpha1.Municipality
		taken  []string
		says   []string
	}{
		{"nobody has any", claimant("vinje", 1, "vinje.kommune.no"), claimant("tokke", 0), nil, nil},
		{"others have others", claimant("vinje", 1, "vinje.kommune.no"), claimant("tokke", 0, "tokke.kommune.no"), nil, nil},
		{"an older one has it", claimant("vinje", 1, "vinje.no", "vinje.kommune.no"), claimant("tokke", 0, "vinje.kommune.no"), []string{"vinje.kommune.no"},
			[]string{"spec.domains", "take vinje.kommune.no out", "Municipality tokke"}},
		{"a younger one asks for it", claimant("vinje", 0, "vinje.kommune.no"), claimant("tokke", 1, "vinje.kommune.no"), nil, nil},
		{"of one second the name decides", claimant("vinje", 0, "vinje.kommune.no"), claimant("tokke", 0, "vinje.kommune.no"), []string{"vinje.kommune.no"}, nil},
		{"one below another's is within it", claimant("vinje", 1, "a.b.tokke.kommune.no"), claimant("tokke", 0, "tokke.kommune.no"), []string{"a.b.tokke.kommune.no"}, []string{"tokke.kommune.no"}},
		{"one above another's would take its names", claimant("vinje", 1, "kommune.no"), claimant("tokke", 0, "tokke.kommune.no"), []string{"kommune.no"}, []string{"tokke.kommune.no"}},
		{"an end that is alike is no part", claimant("vinje", 1, "nye-tokke.kommune.no"), claimant("tokke", 0, "tokke.kommune.no"), nil, nil},
		{"its own may lie within each other", claimant("vinje", 1, "vinje.no", "a.vinje.no"), claimant("tokke", 0, "tokke.no"), nil, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			var taken []string
			text := ""
			for _, refused := range DomainsTaken(&tc.m, []v1alpha1.Municipality{tc.other}) {
				taken, text = append(taken, refused.Domain), text+refused.Message
			}
			if !slices.Equal(taken, tc.taken) {
				t.Errorf("taken are %v, want %v", taken, tc.taken)
			}
			for _, part := range tc.says {
				if !strings.Contains(text, part) {
					t.Errorf("%q does not say %q", text, part)
				}
			}
			found := slices.ContainsFunc(OverlapKeys(&tc.m), func(key string) bool { return slices.Contains(DomainKeys(&tc.other), key) })
			back := slices.ContainsFunc(OverlapKeys(&tc.other), func(key string) bool { return slices.Contains(DomainKeys(&tc.m), key) })
			if found != back || (len(taken) > 0 && !found) {
				t.Errorf("they find each other by their keys: %v, %v", found, back)
			}
		})
	}
}
