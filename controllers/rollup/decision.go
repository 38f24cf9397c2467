package rollup

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// misdecided tells what a person must mend in a municipality's own decisions, each fault with
// the field and the fix, in the order of the spec. Such a decision counts for little or
// nothing, and would be silent otherwise: apps go on as if it were not there. What is wrong
// with what others offer, as that a version is withdrawn, is told of each place alone.
func (c country) misdecided(m *v1alpha1.Municipality, places []place, now time.Time) []string {
	var faults []string
	for i := range m.Spec.Apps {
		said, field := &m.Spec.Apps[i], fmt.Sprintf("spec.apps[%d]", i)
		app := c.apps[said.Name]
		if app == nil {
			faults = append(faults, fmt.Sprintf("%s.name: there is no SharedApp %q: mend the name, or take the decision out until it is offered", field, said.Name))
			continue
		}
		here := verdictsOn(said.Name, places)
		faults = append(faults, c.notFollowed(said, field, m.Name, here), noChannel(app, field, here), noVersion(app, said.Version, field+".version"))
		for _, v := range here {
			faults = append(faults, noReason(said, field, v), noHold(app, said, field, v, now))
		}
	}
	return distinct(faults)
}

func verdictsOn(app string, places []place) []resolution.Verdict {
	var own []resolution.Verdict
	for i := range places {
		if places[i].verdict.App == app {
			own = append(own, places[i].verdict)
		}
	}
	return own
}

// distinct leaves out what is empty, and what was told of another environment.
func distinct(faults []string) []string {
	var told []string
	for _, f := range faults {
		if f != "" && !slices.Contains(told, f) {
			told = append(told, f)
		}
	}
	return told
}

// notFollowed says why a network that the municipality names decides nowhere.
func (c country) notFollowed(said *v1alpha1.AppDecision, field, municipality string, here []resolution.Verdict) string {
	follows := func(v resolution.Verdict) bool { return v.Network == said.Network }
	if said.Network == "" || slices.ContainsFunc(here, follows) {
		return ""
	}
	at := slices.IndexFunc(c.networks, func(n v1alpha1.Network) bool { return n.Name == said.Network })
	proposes := func(p v1alpha1.Proposal) bool { return p.Name == said.Name }
	why := fmt.Sprintf("Network %s proposes %s to none of the environments of %s, or does not have it as a member", said.Network, said.Name, municipality)
	switch {
	case at < 0:
		why = fmt.Sprintf("there is no Network %q", said.Network)
	case !slices.ContainsFunc(c.networks[at].Spec.Apps, proposes):
		why = fmt.Sprintf("Network %s does not propose %s", said.Network, said.Name)
	}
	return fmt.Sprintf("%s.network: %s: name another network, or a channel", field, why)
}

// noChannel says that the municipality follows a channel which the app does not have: one
// that it names, or the default.
func noChannel(app *v1alpha1.SharedApp, field string, here []resolution.Verdict) string {
	var names []string
	for _, channel := range app.Spec.Channels {
		names = append(names, channel.Name)
	}
	for _, v := range here {
		if followed := v.Group.Channel; followed != "" && !slices.Contains(names, followed) {
			return fmt.Sprintf("%s.channel: SharedApp %s has no channel %q: name %s", field, app.Name, followed,
				strings.Join(append(names, "a version"), " or "))
		}
	}
	return ""
}

// noVersion says that a version which is named is none of the app's.
func noVersion(app *v1alpha1.SharedApp, version, field string) string {
	listed := func(v v1alpha1.Version) bool { return v.Version == version }
	if version == "" || slices.ContainsFunc(app.Spec.Versions, listed) {
		return ""
	}
	return fmt.Sprintf("%s: SharedApp %s has no version %s: name one of its spec.versions", field, app.Name, version)
}

// noReason says that a decline does not count, as it has no reason.
func noReason(said *v1alpha1.AppDecision, field string, v resolution.Verdict) string {
	if !v.NeedsReason {
		return ""
	}
	if j, here := override(said, v.Environment); here != nil && here.Decision == v1alpha1.DecisionDecline {
		field = fmt.Sprintf("%s.environments[%d]", field, j)
	}
	return fmt.Sprintf("%s.reason: to decline %s takes a reason, as Network %s has made it Mandatory: give one; until then the decline does not count",
		field, said.Name, v.Network)
}

// noHold says that a hold which is in force names a version that is none of the app's.
func noHold(app *v1alpha1.SharedApp, said *v1alpha1.AppDecision, field string, v resolution.Verdict, now time.Time) string {
	hold := said.Hold
	if j, here := override(said, v.Environment); here != nil && inForce(here.Hold, now) {
		hold, field = here.Hold, fmt.Sprintf("%s.environments[%d]", field, j)
	}
	if !v.OnHold || !inForce(hold, now) {
		return ""
	}
	return noVersion(app, hold.Version, field+".hold.version")
}

func inForce(hold *v1alpha1.Hold, now time.Time) bool {
	return hold != nil && (hold.Until == nil || now.Before(hold.Until.Time))
}

// override is the decision for one environment, and its index; nil where there is none.
func override(said *v1alpha1.AppDecision, environment string) (int, *v1alpha1.EnvironmentDecision) {
	for j := range said.Environments {
		if said.Environments[j].Name == environment {
			return j, &said.Environments[j]
		}
	}
	return -1, nil
}
