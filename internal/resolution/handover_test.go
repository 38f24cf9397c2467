package resolution_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

func proposes(obligation v1alpha1.Obligation, channel string) func(*v1alpha1.Network) {
	return func(n *v1alpha1.Network) {
		n.Spec.Apps = []v1alpha1.Proposal{{Name: "svarut", Channel: channel, Obligation: obligation, Stages: []v1alpha1.Stage{v1alpha1.StageProduction}}}
	}
}

// within puts the municipality into those of the networks that it belongs to.
func within(list ...v1alpha1.Network) func(*resolution.Input) {
	return func(in *resolution.Input) {
		in.Networks = resolution.NewNetworks(list, in.Now).Of(in.Municipality)
	}
}

// TestHandingOver shows what becomes of vinje, where digi-tv has brought 2.4.1.
func TestHandingOver(t *testing.T) {
	here := installed("2.4.1", "sha256:24", v1alpha1.LevelNetwork, "digi-tv")
	higher := installed("2.5.0", "sha256:25", v1alpha1.LevelNetwork, "digi-tv")
	recommended, pilot := proposes(v1alpha1.ObligationRecommended, "stable"), proposes(v1alpha1.ObligationRecommended, "pilot")
	vinje := members("vinje")
	cases := []struct {
		reason string
		in     resolution.Input
		// want is "action version digest why level/name group lost".
		want string
	}{
		{"it is in force", world(here, within(named("digi-tv", vinje, recommended))), "Install 2.4.1 sha256:24  Network/digi-tv digi-tv []"},
		{"vinje leaves it", world(here, within(named("digi-tv", recommended))), "Keep 2.4.1 sha256:24 Unrequested / no group []"},
		{"it is gone", world(here, within()), "Keep 2.4.1 sha256:24 Unrequested / no group []"},
		{"it is on its way out", world(here, within(named("digi-tv", vinje, recommended, goes))), "Keep 2.4.1 sha256:24 Unrequested / no group []"},
		{"it has ended", world(here, within(named("digi-tv", vinje, recommended, ends(before)))), "Keep 2.4.1 sha256:24 Unrequested / no group []"},
		{"it will end", world(here, within(named("digi-tv", vinje, recommended, ends(tomorrow), succeededBy("digi-sor")), named("digi-sor", recommended))),
			"Install 2.4.1 sha256:24  Network/digi-tv digi-tv []"},
		{"it hands over to one that offers the same: the same stays", world(here, within(named("digi-tv", vinje, recommended, succeededBy("digi-sor")), named("digi-sor", recommended))),
			"Install 2.4.1 sha256:24  Network/digi-sor digi-sor []"},
		{"it ended, and its successor offers the same", world(here, within(named("digi-tv", vinje, recommended, ends(before), succeededBy("digi-sor")), named("digi-sor", recommended))),
			"Install 2.4.1 sha256:24  Network/digi-sor digi-sor []"},
		{"it is on its way out, and its successor offers the same", world(here, within(named("digi-tv", vinje, recommended, goes, succeededBy("digi-sor")), named("digi-sor", recommended))),
			"Install 2.4.1 sha256:24  Network/digi-sor digi-sor []"},
		{"the successor offers a higher one", world(here, within(named("digi-tv", vinje, recommended, succeededBy("digi-sor")), named("digi-sor", pilot))),
			"Install 2.5.0 sha256:25  Network/digi-sor digi-sor []"},
		{"the successor offers a lower one: never lowered", world(higher, within(named("digi-tv", vinje, pilot, succeededBy("digi-sor")), named("digi-sor", recommended))),
			"Keep 2.5.0 sha256:25 Ahead Network/digi-tv digi-sor []"},
		{"the successor does not propose the app", world(here, within(named("digi-tv", vinje, recommended, succeededBy("digi-sor")), named("digi-sor"))),
			"Keep 2.4.1 sha256:24 Unrequested / no group []"},
		{"what the municipality declined it declines there too", world(within(named("digi-tv", vinje, recommended, succeededBy("digi-sor")), named("digi-sor", recommended)),
			says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline})), "Nothing   Declined Municipality/vinje digi-sor []"},

		{"nested: the inner and the outer propose, the stronger decides", world(within(
			named("inner", vinje, recommended), named("outer", holds("inner"), proposes(v1alpha1.ObligationMandatory, "pilot")),
		)), "Install 2.5.0 sha256:25  Network/outer outer [{inner Obligation}]"},
		{"overlapping in many ways: one installation, all others have lost", world(within(
			named("inner", vinje, recommended), named("outer", holds("inner"), recommended), named("old", vinje, pilot, succeededBy("new")), named("new", recommended), named("county", selects("40"), recommended),
			named("elsewhere", selects("03"), recommended),
		)), "Install 2.4.1 sha256:24  Network/county county [{inner Name} {new Name} {outer Name}]"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			v := one(t, tc.in)
			got := fmt.Sprintf("%s %s %s %s %s/%s %s %v", v.Action, v.Version, v.Digest, v.Why, v.DecidedBy.Level, v.DecidedBy.Name, v.Group, v.Lost)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// checkMembership compares who belongs where with the rules as they are documented, followed
// step by step until nothing is added any longer.
func checkMembership(t *testing.T, networks []v1alpha1.Network, in resolution.Input) {
	t.Helper()
	all := resolution.NewNetworks(networks, in.Now)
	shuffled := slices.Clone(networks)
	slices.Reverse(shuffled)
	other := resolution.NewNetworks(shuffled, in.Now)
	var got []string
	circle := false
	for _, n := range all.Of(in.Municipality) {
		got = append(got, n.Name)
	}
	if diff := cmp.Diff(namesOf(all.Of(in.Municipality)), namesOf(other.Of(in.Municipality))); diff != "" {
		t.Errorf("the order changes the networks of %s:\n%s", in.Municipality.Name, diff)
	}
	for i := range networks {
		name := networks[i].Name
		if diff := cmp.Diff(all.Faults(name), other.Faults(name)); diff != "" {
			t.Errorf("the order changes the faults of %s:\n%s", name, diff)
		}
		circle = circle || strings.Contains(strings.Join(all.Faults(name), ""), "circle")
	}
	for _, name := range got {
		if heir := all.Heir(name); heir != name {
			t.Errorf("a member of %s, whose successor is %q", name, heir)
		}
	}
	if want := stepByStep(networks, in.Municipality, all.Heir); !circle && !slices.Equal(want, got) {
		t.Errorf("a member of %v, want %v: %+v", got, want, networks)
	}
}

// stepByStep are the networks that a municipality belongs to, where there is no circle.
func stepByStep(networks []v1alpha1.Network, m *v1alpha1.Municipality, heir func(string) string) []string {
	belongs := map[string]bool{}
	for i := range networks {
		if slices.Contains(networks[i].Spec.Members.Names, m.Name) {
			belongs[heir(networks[i].Name)] = true
		}
	}
	for before := -1; before != len(belongs); {
		before = len(belongs)
		for i := range networks {
			for _, inner := range networks[i].Spec.Members.Networks {
				if belongs[heir(inner)] && heir(inner) != "" {
					belongs[heir(networks[i].Name)] = true
				}
			}
		}
	}
	delete(belongs, "")
	names := make([]string, 0, len(belongs))
	for name := range belongs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
