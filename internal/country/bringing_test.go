package country_test

import (
	"fmt"
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
)

// TestBringing has digi-tv and the direct adopters of stable, who want 2.5.0 of svarut, each with a Rollout of it.
func TestBringing(t *testing.T) {
	stable := func(version string) change {
		return onApp(func(a *v1alpha1.SharedApp) { a.Spec.Channels[0].Version = version })
	}
	without := func(o *country.Objects) { o.Rollouts = o.Rollouts[1:] }
	completed := func(o *country.Objects) {
		for _, r := range o.Rollouts {
			r.Status.Phase = v1alpha1.RolloutCompleted
		}
	}
	cases := []struct {
		reason  string
		version string
		changes []change
		want    []string
	}{
		{"both are on it", target.Version, nil, []string{"direct adopters of channel stable: direct.svarut.stable.2.5.0.1", "digi-tv: " + running}},
		{"one has yet to make its Rollout", target.Version, []change{without}, []string{"direct adopters of channel stable: direct.svarut.stable.2.5.0.1", "digi-tv: about to begin"}},
		{"a network without members makes none", target.Version, []change{without, onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Members.Names = nil })},
			[]string{"direct adopters of channel stable: direct.svarut.stable.2.5.0.1"}},
		{"who was promoted to another version has gone on", target.Version, []change{completed, stable(other.Version)},
			[]string{"direct adopters of channel stable: direct.svarut.stable.2.5.0.1, gone on to 2.6.0", "digi-tv: " + running + ", gone on to 2.6.0"}},
		{"and is about to begin with that", other.Version, []change{completed, stable(other.Version)}, []string{"direct adopters of channel stable: about to begin", "digi-tv: about to begin"}},
		{"nobody wants it", before.Version, nil, nil},
		{"nobody asks for the app any longer: what was is still so", target.Version, []change{completed, onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Apps = nil })},
			[]string{"direct adopters of channel stable: direct.svarut.stable.2.5.0.1", "digi-tv: " + running}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			var got []string
			for _, b := range country.GroupsBringing(country.Compile(world(tc.changes...), now), "svarut", tc.version) {
				said := "about to begin"
				if b.Rollout != nil {
					said = b.Rollout.Name
				}
				if b.GoneOn != "" {
					said += ", gone on to " + b.GoneOn
				}
				got = append(got, fmt.Sprintf("%s: %s", b.Group, said))
			}
			diff(t, tc.reason, "groups", got, tc.want)
		})
	}
}
