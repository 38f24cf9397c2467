package rollup

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/proposal"
	"github.com/allmenning/allmenning/internal/resolution"
)

// observedNetwork is everything that the status of a Network may build on.
type observedNetwork struct {
	country country
	network *v1alpha1.Network
	// members sorted by name.
	members []tenant
}

// networkStatus is the rollup's part of a Network's status. The places are those of
// the members, in their order.
func networkStatus(seen observedNetwork, places [][]place, now time.Time) v1alpha1.NetworkStatus {
	n := seen.network
	var sum summary
	apps := make([]v1alpha1.NetworkApp, 0, len(n.Spec.Apps))
	for _, proposed := range n.Spec.Apps {
		app := v1alpha1.NetworkApp{
			Name: proposed.Name, Version: proposal.VersionOf(proposed, seen.country.apps[proposed.Name]),
			Message: cut(proposal.Check(proposed, seen.country.apps[proposed.Name]).Message),
		}
		for i := range seen.members {
			here := placesIn(places[i], seen.members[i].municipality, proposed)
			addMember(&app, &sum, memberOf(n, seen.members[i].municipality, here))
		}
		apps = append(apps, app)
	}
	return v1alpha1.NetworkStatus{
		AppsReady:  sum.String(),
		Apps:       apps,
		Conditions: appsReady(n.Status.Conditions, sum.outcome("member apps"), n.Generation, now),
	}
}

// placesIn are a member's places of a proposed app, in the stages that it is proposed for.
func placesIn(all []place, m *v1alpha1.Municipality, proposed v1alpha1.Proposal) []place {
	var here []place
	for i := range all {
		if all[i].verdict.App == proposed.Name && slices.Contains(proposed.Stages, stageOf(m, all[i].verdict.Environment)) {
			here = append(here, all[i])
		}
	}
	return here
}

func stageOf(m *v1alpha1.Municipality, environment string) v1alpha1.Stage {
	for i := range m.Spec.Environments {
		if m.Spec.Environments[i].Name == environment {
			return m.Spec.Environments[i].Stage
		}
	}
	return ""
}

// member is how one proposed app stands at one member, all its environments taken together.
type member struct {
	name string
	// place is the worst of the environments in which this network decides.
	place place
	// decided says whether there is any such environment.
	decided bool
	// elsewhere says who decides instead, in an environment where somebody else does.
	elsewhere string
	excused   bool
}

// memberOf takes the environments of a member together.
func memberOf(n *v1alpha1.Network, m *v1alpha1.Municipality, places []place) member {
	out := member{name: m.Name}
	for _, p := range places {
		if decider := otherDecider(n, m, p); decider != "" {
			out.elsewhere = decider
			continue
		}
		if excused(p.verdict) {
			out.excused = true
			continue
		}
		if !out.decided || urgency(p) < urgency(out.place) {
			out.place = p
		}
		out.decided = true
	}
	return out
}

// excused says whether the municipality has asked to be left alone for now.
func excused(v resolution.Verdict) bool {
	return v.Why == resolution.Declined || v.Why == resolution.Deferred || v.Why == resolution.Held
}

// otherDecider says who decides where it is not this network; nothing where it is.
func otherDecider(n *v1alpha1.Network, m *v1alpha1.Municipality, p place) string {
	switch {
	case p.verdict.Network != "" && p.verdict.Network != n.Name:
		return "Network " + p.verdict.Network
	case excused(p.verdict):
		return ""
	case p.verdict.Network == "", p.verdict.Why == resolution.Kept, namesItself(m, p):
		return "its own choice"
	}
	return ""
}

// namesItself says whether a municipality adopted a version or a channel of its own choice.
func namesItself(m *v1alpha1.Municipality, p place) bool {
	if p.verdict.DecidedBy.Level != v1alpha1.LevelMunicipality {
		return false
	}
	return slices.ContainsFunc(m.Spec.Apps, func(a v1alpha1.AppDecision) bool {
		return a.Name == p.verdict.App && (a.Version != "" || a.Channel != "")
	})
}

// addMember counts a member once: for what this network decides, else as excused,
// else as decided elsewhere.
func addMember(app *v1alpha1.NetworkApp, sum *summary, m member) {
	switch {
	case m.decided:
		app.Members++
		if m.place.ready {
			app.Ready++
		} else if len(app.NotReady) < maxNames {
			app.NotReady = append(app.NotReady, m.name)
		}
		sum.add(m.place, app.Name+" at "+m.name)
	case m.excused:
		app.Excused++
	case m.elsewhere != "":
		app.Elsewhere++
		if len(app.DecidedElsewhere) < maxNames {
			app.DecidedElsewhere = append(app.DecidedElsewhere, fmt.Sprintf("%s: %s", m.name, m.elsewhere))
		}
	}
}

// sameNetwork says whether the rollup's part of a live status is already as it should be.
func sameNetwork(live, next v1alpha1.NetworkStatus) bool {
	return live.AppsReady == next.AppsReady &&
		equality.Semantic.DeepEqual(live.Apps, next.Apps) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
