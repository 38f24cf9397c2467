package network

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func municipalities(names ...string) []*v1alpha1.Municipality {
	all := make([]*v1alpha1.Municipality, 0, len(names))
	for _, name := range names {
		all = append(all, &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1alpha1.LabelCounty: "40"}}})
	}
	return all
}

func svarut() map[string]*v1alpha1.SharedApp {
	return map[string]*v1alpha1.SharedApp{"svarut": {
		ObjectMeta: metav1.ObjectMeta{Name: "svarut"},
		Spec: v1alpha1.SharedAppSpec{
			Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}, {Name: "pilot", Version: "2.5.0"}},
			Versions: []v1alpha1.Version{{Version: "2.4.1"}, {Version: "2.5.0"}},
		},
		Status: v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{{Version: "2.4.1", Available: true}}},
	}}
}

// in is a network as it is seen in a country, of which it is the only one where that has none.
func in(o country.Objects, n v1alpha1.Network) observed {
	if o.Networks == nil {
		o.Networks = []v1alpha1.Network{n}
	}
	return observed{network: n, country: country.Compile(o, now)}
}

func proposing(channel ...string) []v1alpha1.Proposal {
	all := make([]v1alpha1.Proposal, 0, len(channel))
	for _, c := range channel {
		all = append(all, v1alpha1.Proposal{Name: "svarut", Channel: c})
	}
	return all
}

// look is one reconcile, without its writes.
func look(t *testing.T, seen observed, now time.Time) v1alpha1.NetworkStatus {
	t.Helper()
	todo, err := plan(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	return status(seen, todo, nil, now)
}

func TestStatus(t *testing.T) {
	county := &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: "40"}}
	cases := []struct {
		reason  string
		members v1alpha1.Members
		apps    []v1alpha1.Proposal
		count   int32
		unknown []string
		want    string
	}{
		{"selected and named members count once", v1alpha1.Members{Selector: county, Names: []string{"vinje"}}, proposing("stable"), 2, nil,
			"Ready=True: 2 members, 1 app"},
		{"a name that nobody has is shown, and stops nobody", v1alpha1.Members{Names: []string{"vinje", "vinnje", "atlantis"}}, nil, 1, []string{"atlantis", "vinnje"},
			"Ready=True: 1 member, 0 apps; no Municipality is named atlantis, vinnje (spec.members.names)"},
		{"a channel that does not exist stalls", v1alpha1.Members{Names: []string{"vinje"}}, proposing("beta"), 1, nil,
			`Ready=False: spec.apps[svarut].channel "beta": SharedApp svarut has no channel "beta": it has stable, pilot`},
		{"all faults are reported at once", v1alpha1.Members{Names: []string{"vinje"}}, append(proposing("beta"), v1alpha1.Proposal{Name: "svrut", Channel: "stable"}), 1, nil,
			`Ready=False: spec.apps[svarut].channel "beta": SharedApp svarut has no channel "beta": it has stable, pilot; spec.apps[svrut]: there is no SharedApp "svrut": correct the name, or take the proposal out`},
		{"a version that is being checked is waited for", v1alpha1.Members{Names: []string{"vinje"}}, proposing("pilot"), 1, nil,
			`Ready=False: spec.apps[svarut].channel "pilot": version 2.5.0 of SharedApp svarut is not available yet: the catalogue has not checked it`},
		{"a selector that does not parse stalls and picks nobody", v1alpha1.Members{Names: []string{"tokke"}, Selector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "county", Operator: metav1.LabelSelectorOpIn}},
		}}, nil, 1, nil,
			"Ready=False: spec.members.selector: values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty: correct the selector; until then it picks nobody"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := in(country.Objects{Municipalities: municipalities("tokke", "vinje"), Apps: svarut()}, v1alpha1.Network{
				ObjectMeta: metav1.ObjectMeta{Name: "digi-tv", Generation: 3},
				Spec:       v1alpha1.NetworkSpec{Members: tc.members, Apps: tc.apps},
			})
			got := look(t, seen, now)
			if diff := cmp.Diff(tc.unknown, got.UnknownMembers); diff != "" {
				t.Errorf("unknown members (-want +got):\n%s", diff)
			}
			if *got.Members != tc.count || got.ObservedGeneration != 3 {
				t.Errorf("%d members at generation %d, want %d at 3", *got.Members, got.ObservedGeneration, tc.count)
			}
			ready := got.Conditions[0]
			if diff := cmp.Diff(tc.want, ready.Type+"="+string(ready.Status)+": "+ready.Message); diff != "" {
				t.Errorf("condition (-want +got):\n%s", diff)
			}
			seen.network.Status = got
			if again := look(t, seen, now.Add(time.Hour)); !sameStatus(got, again) {
				t.Errorf("a second look writes again:\n%s", cmp.Diff(got, again))
			}
		})
	}
}

func TestStatusStaysSmall(t *testing.T) {
	const many = 500
	names := make([]string, 0, many)
	for i := range many {
		names = append(names, fmt.Sprintf("atlantis%03d", i))
	}
	seen := in(country.Objects{}, v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-tv"}, Spec: v1alpha1.NetworkSpec{Members: v1alpha1.Members{Names: names}}})
	got := look(t, seen, now)
	if len(got.UnknownMembers) != maxNames || len(got.Conditions[0].Message) > 1024 {
		t.Errorf("%d names, a message of %d", len(got.UnknownMembers), len(got.Conditions[0].Message))
	}
	if !strings.Contains(got.Conditions[0].Message, "and 450 more") {
		t.Errorf("message %q does not say how many are left out", got.Conditions[0].Message)
	}
}

func TestSuspendedKeepsWhatItSaid(t *testing.T) {
	before := v1alpha1.NetworkStatus{
		ObservedGeneration: 1, Members: new(int32(7)), Running: "7/7",
		Conditions: []metav1.Condition{
			{Type: "AppsReady", Status: "True", ObservedGeneration: 1},
			{Type: "Ready", Status: "True", ObservedGeneration: 1},
		},
	}
	seen := in(country.Objects{}, v1alpha1.Network{
		ObjectMeta: metav1.ObjectMeta{Generation: 2}, Spec: v1alpha1.NetworkSpec{Suspend: new(true)}, Status: before,
	})
	got := look(t, seen, now)
	want := v1alpha1.NetworkStatus{ObservedGeneration: 1, Members: new(int32(7)), Conditions: []metav1.Condition{
		{Type: "Ready", Status: "True", ObservedGeneration: 1},
		{
			Type: "Suspended", Status: "True", Reason: "Suspended", ObservedGeneration: 2, LastTransitionTime: metav1.NewTime(now),
			Message: "spec.suspend is set: nothing is changed until it is taken out",
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestNetworksAmongOthers(t *testing.T) {
	network := func(name string, change func(*v1alpha1.NetworkSpec)) v1alpha1.Network {
		n := v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.NetworkSpec{
			Members: v1alpha1.Members{Names: []string{"vinje"}}, Apps: proposing("beta"),
		}}
		change(&n.Spec)
		return n
	}
	ended := metav1.NewTime(now.Add(-time.Hour))
	all := []v1alpha1.Network{
		network("digi-sor", func(s *v1alpha1.NetworkSpec) {
			s.Members, s.Apps = v1alpha1.Members{Networks: []string{"vest-telmark", "vest-telemark"}}, nil
		}),
		network("ended", func(s *v1alpha1.NetworkSpec) { s.Ends = &ended }),
		network("handed", func(s *v1alpha1.NetworkSpec) { s.Successor = "vest-telemark" }),
		network("lost", func(s *v1alpha1.NetworkSpec) { s.Ends, s.Successor = &ended, "atlantis" }),
		network("vest-telemark", func(s *v1alpha1.NetworkSpec) {
			s.Members, s.Apps = v1alpha1.Members{Names: []string{"tokke"}}, proposing("stable")
		}),
	}
	want := map[string]string{
		"digi-sor": `2 members, Ready=False: spec.members.networks[0] "vest-telmark": there is no Network of that name: ` +
			`correct the name, or take it out; until then it adds nobody`,
		"ended":  "0 members, Ready=True: it has ended, and proposes nothing: its members keep their apps (spec.ends)",
		"handed": "0 members, Ready=True: it proposes nothing any longer: its members belong to Network vest-telemark (spec.successor)",
		"lost": `0 members, Ready=False: spec.successor "atlantis": there is no Network of that name: ` +
			`correct the name, or make that Network; until then nobody takes the members over`,
		"vest-telemark": "2 members, Ready=True: 2 members, 1 app",
	}
	for i := range all {
		seen := in(country.Objects{Networks: all, Municipalities: municipalities("tokke", "vinje"), Apps: svarut()}, all[i])
		s := look(t, seen, now)
		got := fmt.Sprintf("%d members, Ready=%s: %s", *s.Members, s.Conditions[0].Status, s.Conditions[0].Message)
		if diff := cmp.Diff(want[all[i].Name], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", all[i].Name, diff)
		}
	}
}

func TestObserversAreCountedApart(t *testing.T) {
	n := v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-tv"}, Spec: v1alpha1.NetworkSpec{
		Members: v1alpha1.Members{Names: []string{"vinje", "telemark"}, Observers: []string{"telemark"}},
	}}
	got := look(t, in(country.Objects{Municipalities: municipalities("vinje", "telemark", "oslo")}, n), now)
	if diff := cmp.Diff([]*int32{new(int32(1)), new(int32(1))}, []*int32{got.Members, got.Observers}); diff != "" {
		t.Errorf("a county that observes is no member, also where it is named as one: members and observers (-want +got):\n%s", diff)
	}
}
