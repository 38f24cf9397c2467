package rollup

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/resolution"
)

// maxSkew is how many versions of an app the status of a Network lists.
const maxSkew = 16

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
		apps = append(apps, networkApp(seen, proposed, places, &sum))
	}
	return v1alpha1.NetworkStatus{
		Running:    sum.ofCounted(sum.running),
		UpToDate:   sum.ofCounted(sum.upToDate),
		Apps:       bounded(apps),
		Conditions: appsReady(n.Status.Conditions, sum.outcome("member apps"), n.Generation, now),
	}
}

// networkApp is how one proposed app stands.
func networkApp(seen observedNetwork, proposed v1alpha1.Proposal, places [][]place, sum *summary) v1alpha1.NetworkApp {
	offer := seen.country.apps[proposed.Name]
	version, _ := seen.country.offered().Of(proposed.Name).Points(proposed.Channel)
	app := v1alpha1.NetworkApp{
		Name: proposed.Name, Version: version,
		Message: cut(seen.country.offered().Of(proposed.Name).Proposal(proposed).Message),
	}
	if r := seen.country.rollouts[subject{resolution.Group{Network: seen.network.Name}, proposed.Name}]; r != nil {
		app.Rollout, app.Phase = r.Name, r.Status.Phase
	}
	installed := map[string]int32{}
	for i := range seen.members {
		m := seen.members[i].municipality
		one := memberOf(m, placesIn(places[i], m, proposed), offer, func(p *place) v1alpha1.Decider { return otherDecider(seen.network, m, p) })
		addMember(&app, sum, one)
		for _, version := range one.versions {
			installed[version]++
		}
	}
	app.Versions = skew(installed)
	return app
}

// skew is who has which version, the most frequent first; nil where nobody has any.
func skew(installed map[string]int32) []v1alpha1.VersionUsage {
	if len(installed) == 0 {
		return nil
	}
	all := make([]v1alpha1.VersionUsage, 0, len(installed))
	for _, version := range slices.Sorted(maps.Keys(installed)) {
		all = append(all, v1alpha1.VersionUsage{Version: version, Installations: installed[version]})
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.VersionUsage) int { return cmp.Compare(b.Installations, a.Installations) })
	return all[:min(len(all), maxSkew)]
}

// placesIn are a member's places of a proposed app, in the stages that it is proposed for.
func placesIn(all []place, m *v1alpha1.Municipality, proposed v1alpha1.Proposal) []*place {
	var here []*place
	for i := range all {
		if all[i].verdict.App == proposed.Name && slices.Contains(proposed.Stages, m.Spec.StageOf(all[i].verdict.Environment)) {
			here = append(here, &all[i])
		}
	}
	return here
}

// member is how one app of a group stands at one member, all its environments taken together.
type member struct {
	name string
	// place is the worst of the environments in which this group decides.
	// It is nil where there is none.
	place *place
	// elsewhere says who decides instead, in an environment where somebody else does.
	elsewhere v1alpha1.Decider
	// excuse is why it does not take part, in the first environment in which it does not; its
	// code is empty where there is none.
	excuse v1alpha1.MemberNote
	// versions are installed, where nobody else decides.
	versions []string
}

// memberOf takes the environments of a member together. Who decides elsewhere is for the
// group to say.
func memberOf(m *v1alpha1.Municipality, places []*place, offer *v1alpha1.SharedApp, elsewhere func(*place) v1alpha1.Decider) member {
	out := member{name: m.Name}
	for _, p := range places {
		if decider := elsewhere(p); decider != (v1alpha1.Decider{}) {
			out.elsewhere = decider
			continue
		}
		if p.shown.Version != "" {
			out.versions = append(out.versions, p.shown.Version)
		}
		if code, why := excuseOf(m, p, offer); code != "" {
			if out.excuse.Reason == "" {
				out.excuse = v1alpha1.MemberNote{Name: m.Name, Reason: code, Message: condition.Within(why, maxNote)}
			}
			continue
		}
		if out.place == nil || urgency(p) < urgency(out.place) {
			out.place = p
		}
	}
	return out
}

// excuseOf says why a place does not take part, as a rollout sees it: what the municipality
// decided, and what stands in the way of this place alone. What stands in everybody's way is
// no excuse.
func excuseOf(m *v1alpha1.Municipality, p *place, offer *v1alpha1.SharedApp) (code, why string) {
	v := p.verdict
	everybody := v.Target == (v1alpha1.Release{}) || offer == nil || ptr.Deref(offer.Spec.Suspend, false)
	switch {
	case decidedAgainst(v), v.Why == resolution.Ahead, v.Why == resolution.Unrequested, v.Why == resolution.Blocked && !everybody && !p.ready:
		return string(v.Why), cmp.Or(v.Message, v.DecidedBy.Reason)
	case suspended(m) && !p.ready:
		return v1alpha1.ReasonSuspended, takeOut(m)
	}
	return "", ""
}

// decidedAgainst says whether the municipality has asked to be left alone for now.
func decidedAgainst(v resolution.Verdict) bool {
	return v.Why == resolution.Declined || v.Why == resolution.Deferred || v.Why == resolution.Held
}

// otherDecider says who decides where it is not this network; nothing where it is.
func otherDecider(n *v1alpha1.Network, m *v1alpha1.Municipality, p *place) v1alpha1.Decider {
	switch {
	case p.verdict.Network != "" && p.verdict.Network != n.Name:
		return v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: p.verdict.Network}
	case decidedAgainst(p.verdict):
		return v1alpha1.Decider{}
	case p.verdict.Network == "", p.verdict.Why == resolution.Ahead && p.verdict.Group.Network != n.Name, namesItself(m, p):
		return v1alpha1.Decider{Level: v1alpha1.LevelMunicipality, Name: m.Name}
	}
	return v1alpha1.Decider{}
}

// namesItself says whether a municipality adopted a version or a channel of its own choice.
func namesItself(m *v1alpha1.Municipality, p *place) bool {
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
	case m.place != nil:
		app.Members++
		if m.place.ready {
			app.UpToDate++
		}
		if m.place.settled {
			app.Running++
		} else if len(app.NotReady) < maxNames {
			app.NotReady = append(app.NotReady, m.name)
		}
		sum.add(m.place, app.Name+" at "+m.name)
	case m.excuse.Reason != "":
		app.Excused++
		if len(app.ExcusedMembers) < maxNames {
			app.ExcusedMembers = append(app.ExcusedMembers, m.excuse)
		}
	case m.elsewhere != (v1alpha1.Decider{}):
		app.Elsewhere++
		if len(app.DecidedElsewhere) < maxNames {
			app.DecidedElsewhere = append(app.DecidedElsewhere, v1alpha1.ElsewhereNote{Name: m.name, DecidedBy: m.elsewhere})
		}
	}
}

// sameNetwork says whether the rollup's part of a live status is already as it should be.
func sameNetwork(live, next v1alpha1.NetworkStatus) bool {
	return live.Running == next.Running && live.UpToDate == next.UpToDate &&
		equality.Semantic.DeepEqual(live.Apps, next.Apps) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
