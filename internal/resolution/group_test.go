package resolution_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

func TestGroup(t *testing.T) {
	recommended := network("digi-tv", v1alpha1.ObligationRecommended, "stable")
	optional := network("digi-tv", v1alpha1.ObligationOptional, "pilot")
	adopts := func(d v1alpha1.AppDecision) func(*resolution.Input) {
		d.Decision = v1alpha1.DecisionAdopt
		return says(d)
	}
	declines, defers := says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer})
	hold := &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end"}
	cases := []struct {
		reason string
		in     resolution.Input
		// want is "action why group target".
		want string
	}{
		{"a network moves its members", world(recommended), "Install , digi-tv, 2.4.1 sha256:24"},
		{"also those that take up what it merely offers", world(optional, adopts(v1alpha1.AppDecision{})), "Install , digi-tv, 2.5.0 sha256:25"},
		{"who adopts outside any network follows stable", world(adopts(v1alpha1.AppDecision{})), "Install , direct adopters of channel stable, 2.4.1 sha256:24"},
		{"who names a channel follows it", world(recommended, adopts(v1alpha1.AppDecision{Channel: "pilot"})), "Install , direct adopters of channel pilot, 2.5.0 sha256:25"},
		{"who names a version moves by itself", world(recommended, adopts(v1alpha1.AppDecision{Version: "2.3.0"})), "Install , no group, 2.3.0 sha256:23"},
		{"a suspended network keeps its group", world(network("digi-tv", v1alpha1.ObligationRecommended, "stable", func(n *v1alpha1.Network) { n.Spec.Suspend = new(true) })), "Install , digi-tv, 2.4.1 sha256:24"},

		{"held: the network excuses it, and what it brings is known", world(recommended, says(v1alpha1.AppDecision{Hold: hold}), installed("2.3.0", "sha256:23", v1alpha1.LevelNetwork, "digi-tv")), "Keep Held, digi-tv, 2.4.1 sha256:24"},
		{"held with nothing there: the municipality installs, the network excuses", world(recommended, says(v1alpha1.AppDecision{Hold: hold})), "Install Held, digi-tv, 2.4.1 sha256:24"},
		{"held by one that follows a channel", world(adopts(v1alpha1.AppDecision{Channel: "pilot", Hold: hold})), "Install Held, direct adopters of channel pilot, 2.5.0 sha256:25"},
		{"held by one that named a version", world(adopts(v1alpha1.AppDecision{Version: "2.4.1", Hold: hold})), "Install Held, no group, 2.4.1 sha256:24"},
		{"deferred", world(recommended, defers), "Nothing Deferred, digi-tv, 2.4.1 sha256:24"},
		{"declined", world(recommended, declines), "Nothing Declined, digi-tv, 2.4.1 sha256:24"},
		{"declined, though merely offered: the network is said", world(optional, declines), "Nothing Declined, digi-tv, 2.5.0 sha256:25"},
		{"declined with nothing to follow", world(declines), "Nothing Declined, no group,  "},
		{"declined in one environment by one that follows a channel", world(adopts(v1alpha1.AppDecision{Channel: "pilot",
			Environments: []v1alpha1.EnvironmentDecision{{Name: "prod", Decision: v1alpha1.DecisionDecline}}})), "Nothing Declined, direct adopters of channel pilot, 2.5.0 sha256:25"},
		{"kept above what the network offers", world(recommended, installed("2.5.0", "sha256:25", v1alpha1.LevelNetwork, "digi-old")), "Keep Ahead, digi-tv, 2.4.1 sha256:24"},
		{"kept as nobody asks for it", world(installed("2.4.1", "sha256:24", v1alpha1.LevelNetwork, "digi-tv")), "Keep Unrequested, no group,  "},
		{"kept as nobody asks for it, though it is offered", world(optional, installed("2.4.1", "sha256:24", v1alpha1.LevelNetwork, "digi-old")), "Keep Unrequested, no group,  "},
		{"a zone stands in the way of one place, not of the group", world(recommended, app(func(a *v1alpha1.SharedApp) {
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
			}
		})), "Nothing Blocked, digi-tv, 2.4.1 sha256:24"},
		{"what can't be had is no target", world(recommended, withdrawn(1)), "Nothing Blocked, digi-tv,  "},
		{"nor is what nobody has checked", world(recommended, app(func(a *v1alpha1.SharedApp) { a.Status.Versions = nil })), "Nothing Blocked, digi-tv,  "},
		{"nor a channel that does not exist", world(network("digi-tv", v1alpha1.ObligationRecommended, "beta")), "Nothing Blocked, digi-tv,  "},
		{"a network that is named and not there moves nobody", world(recommended, adopts(v1alpha1.AppDecision{Network: "nowhere"})), "Nothing Blocked, no group,  "},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			v := one(t, tc.in)
			if diff := cmp.Diff(tc.want, fmt.Sprintf("%s %s, %s, %s %s", v.Action, v.Why, v.Group, v.Target.Version, v.Target.Digest)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhoBroughtIt shows that only who brought a version may take it back, not who decided last: a
// municipality that takes up an offer is the decider before and after its network changes.
func TestWhoBroughtIt(t *testing.T) {
	brought := func(network, channel string) func(*resolution.Input) {
		return func(in *resolution.Input) {
			installed("2.5.0", "sha256:25", v1alpha1.LevelMunicipality, "vinje")(in)
			in.Installed[resolution.Place{App: "svarut", Environment: "prod"}].Spec.Move = &v1alpha1.Move{Network: network, Channel: channel}
		}
	}
	optional := network("digi-sor", v1alpha1.ObligationOptional, "stable")
	tookOver := func(in *resolution.Input) {
		in.Installed[resolution.Place{App: "svarut", Environment: "prod"}].Spec.DecidedBy = v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: "digi-sor"}
	}
	adopts := says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt})
	cases := []struct {
		reason string
		in     resolution.Input
		want   string
	}{
		{"a network takes back its own", world(optional, adopts, brought("digi-sor", "")), "Install 2.4.1"},
		{"not what another brought", world(optional, adopts, brought("digi-tv", "")), "Keep 2.5.0"},
		{"nor one whose name it begins with", world(optional, adopts, brought("digi-sor2", "")), "Keep 2.5.0"},
		{"a network that took it over as it was, and offered the same, brought nothing",
			world(network("digi-sor", v1alpha1.ObligationRecommended, "stable"), brought("digi-tv", ""), tookOver), "Keep 2.5.0"},
		{"a channel's own adopters go back with it", world(adopts, brought("", "stable")), "Install 2.4.1"},
		{"not from what a network brought", world(adopts, brought("digi-tv", "")), "Keep 2.5.0"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			v := one(t, tc.in)
			if diff := cmp.Diff(tc.want, fmt.Sprintf("%s %s", v.Action, v.Version)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
