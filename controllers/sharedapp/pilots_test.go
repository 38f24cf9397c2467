package sharedapp

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
)

// network is one that proposes some apps to a municipality of its own, which has its name.
func network(name string, apps ...string) v1alpha1.Network {
	n := v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Spec.Members.Names = []string{name}
	for _, app := range apps {
		n.Spec.Apps = append(n.Spec.Apps, v1alpha1.Proposal{
			Name: app, Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageProduction},
		})
	}
	return n
}

// town is a municipality with one environment.
func town(name string) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.MunicipalitySpec{Number: name, Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction}}},
	}
}

func of(n v1alpha1.Network, members ...string) v1alpha1.Network {
	n.Spec.Members.Names = members
	return n
}

func optional(n v1alpha1.Network) v1alpha1.Network {
	n.Spec.Apps[0].Obligation = v1alpha1.ObligationOptional
	return n
}

func ending(n v1alpha1.Network, at time.Time) v1alpha1.Network {
	n.Spec.Ends = new(metav1.NewTime(at))
	return n
}

func succeededBy(n v1alpha1.Network, successor string) v1alpha1.Network {
	n.Spec.Successor = successor
	return n
}

func deleting(n v1alpha1.Network) v1alpha1.Network {
	n.DeletionTimestamp = new(metav1.NewTime(today))
	return n
}

func TestPlanPilots(t *testing.T) {
	const until = "; until then nobody but the pilot networks begins a new version"
	for _, tc := range []struct {
		reason   string
		pilots   []string
		networks []v1alpha1.Network
		want     string
	}{
		{reason: "an app that names none rests on no network",
			networks: []v1alpha1.Network{ending(network("pa"), today.Add(time.Hour))}},
		{reason: "those that propose the app can go first",
			pilots: []string{"pa", "pb"}, networks: []v1alpha1.Network{network("pa", "post", "svarut"), network("pb", "svarut")}},
		{reason: "one that nobody knows never goes",
			pilots: []string{"nosuch"},
			want:   `spec.pilotNetworks[0]: there is no Network "nosuch": name one that proposes svarut, or take it out` + until},
		{reason: "one that does not propose the app never goes first, and its index is reported",
			pilots: []string{"pb", "pa"}, networks: []v1alpha1.Network{network("pa", "post"), network("pb", "svarut")},
			want: "spec.pilotNetworks[1]: Network pa does not propose svarut: add it to spec.apps of that Network, name one that proposes it, or take it out" + until},
		{reason: "all faults are reported at once",
			pilots: []string{"nosuch", "pb", "pa"}, networks: []v1alpha1.Network{network("pa"), network("pb", "svarut")},
			want: `spec.pilotNetworks[0]: there is no Network "nosuch": name one that proposes svarut, or take it out; ` +
				"spec.pilotNetworks[2]: Network pa does not propose svarut: add it to spec.apps of that Network, name one that proposes it, or take it out" + until},
		{reason: "one that will end can go first until then",
			pilots: []string{"pa"}, networks: []v1alpha1.Network{ending(network("pa", "svarut"), today.Add(time.Hour))}},
		{reason: "one that has ended proposes nothing",
			pilots: []string{"pa"}, networks: []v1alpha1.Network{ending(network("pa", "svarut"), today)},
			want: "spec.pilotNetworks[0]: Network pa has ended or is being deleted, and nobody took its place: name one that proposes svarut, or take it out" + until},
		{reason: "one that is being deleted proposes nothing",
			pilots: []string{"pa"}, networks: []v1alpha1.Network{deleting(network("pa", "svarut"))},
			want: "spec.pilotNetworks[0]: Network pa has ended or is being deleted, and nobody took its place: name one that proposes svarut, or take it out" + until},
		{reason: "of one that was handed over, its last successor is named",
			pilots: []string{"pa"}, networks: []v1alpha1.Network{succeededBy(network("pa", "svarut"), "pb"), succeededBy(network("pb"), "pc"), network("pc", "svarut")},
			want: "spec.pilotNetworks[0]: Network pa was handed over to Network pc, and proposes nothing any longer: name that one, or take it out" + until},
		{reason: "a successor that does not propose the app is no way out",
			pilots: []string{"pa"}, networks: []v1alpha1.Network{succeededBy(network("pa", "svarut"), "pb"), network("pb")},
			want: "spec.pilotNetworks[0]: Network pa was handed over to Network pb, which does not propose svarut: name one that does, or take it out" + until},
		{reason: "one without members never goes",
			pilots: []string{"pa"}, networks: []v1alpha1.Network{of(network("pa", "svarut"), "nobody")},
			want: "spec.pilotNetworks[0]: no member of Network pa takes svarut from it: give it members that do, or take it out" + until},
		{reason: "nor does one whose members don't take the app",
			pilots: []string{"pa"}, networks: []v1alpha1.Network{optional(network("pa", "svarut"))},
			want: "spec.pilotNetworks[0]: no member of Network pa takes svarut from it: give it members that do, or take it out" + until},
		{reason: "a successor whose time has not come changes nothing yet",
			pilots:   []string{"pa"},
			networks: []v1alpha1.Network{succeededBy(ending(network("pa", "svarut"), today.Add(time.Minute)), "pb"), network("pb", "svarut")}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			seen := see()
			seen.app.Spec.PilotNetworks = tc.pilots
			fault := planPilots(in(country.Objects{Networks: tc.networks, Municipalities: []*v1alpha1.Municipality{town("pa"), town("pb")}}, seen))
			switch {
			case tc.want == "" && fault != nil:
				t.Errorf("got %+v, want no fault", *fault)
			case tc.want != "" && (fault == nil || *fault != *stalled(v1alpha1.ReasonInvalidSpec, tc.want)):
				t.Errorf("got %+v\nwant %s", fault, tc.want)
			}
		})
	}
}

// TestAPilotsFaultHoldsUpNoBundle is about what goes on beside the fault.
func TestAPilotsFaultHoldsUpNoBundle(t *testing.T) {
	found := &bundle.Bundle{Digest: digestOf("a")}
	seen := see(seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"), bundle: found})
	seen.app.Spec.PilotNetworks = []string{"nosuch"}
	todo := plan(seen, today)
	if todo.fault != nil || todo.versions[0].store != found || todo.versions[0].outcome.State != condition.Ready {
		t.Errorf("the version must be stored as without the fault: %+v", todo)
	}
	seen.app.Status = status(seen, todo, applied{}, today)
	if !seen.app.Status.Versions[0].Available {
		t.Errorf("the version must be available: %+v", seen.app.Status)
	}
	if later := today.Add(time.Minute); !sameStatus(seen.app.Status, status(seen, plan(seen, later), applied{}, later)) {
		t.Error("a second look at the same fault must not write")
	}
}
