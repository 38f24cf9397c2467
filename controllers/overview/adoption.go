package overview

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// maxAdoptions is how many networks the status of a SharedApp lists.
const maxAdoptions = 100

// adoptions says how the app is doing in each network that proposes it, and with those who take it
// directly: first those that are not done, then by name.
func adoptions(seen observedSharedApp) []v1alpha1.NetworkAdoption {
	var behind, done []v1alpha1.NetworkAdoption // each sorted by name, as the country has them
	for adoption := range seen.country.Adoptions(seen.app.Name) {
		var one v1alpha1.NetworkAdoption
		switch {
		case adoption.Asked:
			one = adoptionOf(adoption, proposedVersion(seen, adoption.Network), phase(seen, adoption.Network))
		case adoption.Network == country.Direct && adoption.Counted+adoption.OptedOut() > 0:
			one = adoptionOf(adoption, adoption.Wanted(), directPhase(seen))
		default:
			continue
		}
		if adoption.UpToDate == adoption.Counted {
			done = append(done, one)
		} else {
			behind = append(behind, one)
		}
	}
	all := slices.Concat(behind, done)
	return all[:min(len(all), maxAdoptions)]
}

func adoptionOf(adoption *country.Adoption, version string, phase v1alpha1.RolloutPhase) v1alpha1.NetworkAdoption {
	ofMembers := func(number int) string { return fmt.Sprintf("%d/%d", number, adoption.Counted) }
	return v1alpha1.NetworkAdoption{
		Name: adoption.Network, Wanted: version, Running: ofMembers(adoption.Running), UpToDate: ofMembers(adoption.UpToDate),
		OptedOut: count(adoption.OptedOut()), Phase: phase,
	}
}

// proposedVersion is the version that the channel which a network proposes points at.
func proposedVersion(seen observedSharedApp, network string) string {
	s := seen.country.Subject(resolution.Group{Network: network}, seen.app.Name)
	if s == nil {
		return ""
	}
	version, _ := seen.app.Points(s.Channel)
	return version
}

// phase of a network's rollout; empty where there is none.
func phase(seen observedSharedApp, network string) v1alpha1.RolloutPhase {
	if r := seen.country.Subject(resolution.Group{Network: network}, seen.app.Name).Current(); r != nil {
		return r.Status.Phase
	}
	return ""
}

// directPhase is that of the rollout to those who take the app directly which is furthest from its end.
func directPhase(seen observedSharedApp) v1alpha1.RolloutPhase {
	furthest := []v1alpha1.RolloutPhase{
		v1alpha1.RolloutHalted, v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutCompleted,
	}
	at := len(furthest)
	for s := range seen.country.Channels(seen.app.Name) {
		if r := s.Current(); r != nil {
			if is := slices.Index(furthest, r.Status.Phase); is >= 0 {
				at = min(at, is)
			}
		}
	}
	if at == len(furthest) {
		return ""
	}
	return furthest[at]
}
