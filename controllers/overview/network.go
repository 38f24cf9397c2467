package overview

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// maxSkew is how many versions of an app the status of a Network lists.
const maxSkew = 16

// networkStatus is the overview's part of a Network's status.
func networkStatus(seen observedNetwork) v1alpha1.NetworkStatus {
	n := seen.network
	var sum summary
	apps := make([]v1alpha1.NetworkApp, 0, len(n.Spec.Apps))
	for _, proposed := range n.Spec.Apps {
		adoption := seen.country.Adoption(proposed.Name, n.Name)
		sum.addAll(&adoption.Tally, proposed.Name+" at ")
		apps = append(apps, networkApp(seen, proposed, adoption))
	}
	return v1alpha1.NetworkStatus{
		Running:    sum.ofCounted(sum.running),
		UpToDate:   sum.ofCounted(sum.upToDate),
		Apps:       bounded(apps),
		Conditions: appsReady(seen.live.Status.Conditions, sum.outcome("member apps"), n.Generation, seen.country.Now),
	}
}

// networkApp is how one proposed app is doing.
func networkApp(seen observedNetwork, proposed v1alpha1.Proposal, adoption *country.Adoption) v1alpha1.NetworkApp {
	offer := seen.country.Apps.Of(proposed.Name)
	version, _ := offer.Points(proposed.Channel)
	app := v1alpha1.NetworkApp{
		Name: proposed.Name, Wanted: version, Message: cut(offer.Proposal(proposed).Message),
		Members: count(adoption.Counted), Running: count(adoption.Running), UpToDate: count(adoption.UpToDate),
		OptedOut: count(adoption.OptedOut()), Elsewhere: count(adoption.Elsewhere()),
		NotReady: first(adoption.Behind), Versions: skew(adoption),
	}

	if r := seen.country.Subject(resolution.Group{Network: seen.network.Name}, proposed.Name).Current(); r != nil {
		app.Rollout, app.Phase = r.Name, r.Status.Phase
	}

	for note := range adoption.OptedOutMembers {
		if len(app.OptedOutMembers) == maxNames {
			break
		}
		note.Message = condition.Within(note.Message, maxNote)
		app.OptedOutMembers = append(app.OptedOutMembers, note)
	}

	for name, by := range adoption.DecidedElsewhere {
		if len(app.DecidedElsewhere) == maxNames {
			break
		}
		app.DecidedElsewhere = append(app.DecidedElsewhere, v1alpha1.ElsewhereNote{Name: name, DecidedBy: by})
	}
	return app
}

// count as the API has it.
func count(number int) int32 { return int32(number) } //nolint:gosec // an API server holds far fewer objects

// first are the first of names, as many as a status lists.
func first(names func(func(string) bool)) []string {
	var all []string
	for name := range names {
		if len(all) == maxNames {
			break
		}
		all = append(all, name)
	}
	return all
}

// skew is who has which version, the most frequent first; nil where nobody has any.
func skew(adoption *country.Adoption) []v1alpha1.VersionUsage {
	var all []v1alpha1.VersionUsage
	for version, number := range adoption.Versions {
		all = append(all, v1alpha1.VersionUsage{Version: version, Installations: count(number)})
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.VersionUsage) int { return cmp.Compare(b.Installations, a.Installations) })
	return all[:min(len(all), maxSkew)]
}

// sameNetwork says whether the overview's part of a live status is already as it should be.
func sameNetwork(live, next v1alpha1.NetworkStatus) bool {
	return live.Running == next.Running && live.UpToDate == next.UpToDate &&
		equality.Semantic.DeepEqual(live.Apps, next.Apps) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
