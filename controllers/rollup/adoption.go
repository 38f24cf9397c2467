package rollup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

const (
	// maxAdoptions is how many networks the status of a SharedApp lists.
	maxAdoptions = 100
	// direct stands for those who take an app directly. No network can have this name.
	direct = "direct"
)

// adoptions tells how each network that proposes the app stands, and those who take it
// directly: first those that are not done, then by name.
func adoptions(seen observedSharedApp, places [][]place, now time.Time) []v1alpha1.NetworkAdoption {
	var all []v1alpha1.NetworkAdoption
	belonging := resolution.NewNetworks(seen.country.networks, now)
	for i := range seen.country.networks {
		n := &seen.country.networks[i]
		if belonging.Heir(n.Name) != n.Name {
			continue
		}
		for _, proposed := range n.Spec.Apps {
			all = append(all, adoptionOf(seen, n, proposed, places, belonging.Members(n.Name)))
		}
	}
	if own, found := directAdoption(seen, places); found {
		all = append(all, own)
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.NetworkAdoption) int {
		return cmp.Or(cmp.Compare(done(a), done(b)), cmp.Compare(a.Name, b.Name))
	})
	return all[:min(len(all), maxAdoptions)]
}

// done ranks an adoption at which every member is ready behind the others.
func done(a v1alpha1.NetworkAdoption) int {
	if ready, members, _ := strings.Cut(a.UpToDate, "/"); ready == members {
		return 1
	}
	return 0
}

// adoptionOf is how one network stands, as its own status tells it too.
func adoptionOf(seen observedSharedApp, n *v1alpha1.Network, proposed v1alpha1.Proposal, places [][]place, belongs func(*v1alpha1.Municipality) bool) v1alpha1.NetworkAdoption {
	own := observedNetwork{country: seen.country, network: n}
	var theirs [][]place
	for i := range seen.tenants {
		if belongs(seen.tenants[i].municipality) {
			own.members = append(own.members, seen.tenants[i])
			theirs = append(theirs, places[i])
		}
	}
	app := networkApp(own, proposed, theirs, &summary{})
	return v1alpha1.NetworkAdoption{
		Name: n.Name, Version: app.Version, Running: ofMembers(app.Running, &app), UpToDate: ofMembers(app.UpToDate, &app),
		Excused: app.Excused, Phase: app.Phase,
	}
}

// ofMembers is a number of the members that should have an app, as "38/42".
func ofMembers(number int32, app *v1alpha1.NetworkApp) string {
	return fmt.Sprintf("%d/%d", number, app.Members)
}

// directAdoption is how those stand who take the app directly: who follow a channel, or
// named a version. It is false where nobody does.
func directAdoption(seen observedSharedApp, places [][]place) (v1alpha1.NetworkAdoption, bool) {
	out := v1alpha1.NetworkAdoption{Name: direct, Phase: directPhase(seen)}
	var counted v1alpha1.NetworkApp
	versions := map[string]bool{}
	for i := range seen.tenants {
		one := memberOf(seen.tenants[i].municipality, directPlaces(places[i]), seen.app, func(*place) v1alpha1.Decider { return v1alpha1.Decider{} })
		if one.place != nil {
			versions[one.place.shown.Wanted] = true
			out.Version = one.place.shown.Wanted
		}
		addMember(&counted, &summary{}, one)
	}
	if len(versions) > 1 {
		out.Version = "" // they follow different channels, or named their own
	}
	out.Running, out.UpToDate, out.Excused = ofMembers(counted.Running, &counted), ofMembers(counted.UpToDate, &counted), counted.Excused
	return out, counted.Members+counted.Excused > 0
}

func directPlaces(all []place) []*place {
	var own []*place
	for i := range all {
		if takesDirectly(all[i].verdict) {
			own = append(own, &all[i])
		}
	}
	return own
}

// takesDirectly says whether a municipality takes an app by its own decision.
func takesDirectly(v resolution.Verdict) bool {
	if v.Group == (resolution.Group{}) {
		return v.Action == resolution.Install && v.DecidedBy.Level == v1alpha1.LevelMunicipality
	}
	return v.Group.Channel != ""
}

// directPhase is that of the rollout to direct adopters which is furthest from its end.
func directPhase(seen observedSharedApp) v1alpha1.RolloutPhase {
	furthest := []v1alpha1.RolloutPhase{
		v1alpha1.RolloutHalted, v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutCompleted,
	}
	var phase v1alpha1.RolloutPhase
	for of, r := range seen.country.rollouts {
		if of.app != seen.app.Name || of.group.Channel == "" {
			continue
		}
		at := slices.Index(furthest, r.Status.Phase)
		if at >= 0 && (phase == "" || at < slices.Index(furthest, phase)) {
			phase = r.Status.Phase
		}
	}
	return phase
}
