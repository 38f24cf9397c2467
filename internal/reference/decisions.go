package reference

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
)

// decisions finds what a person must fix in a municipality's own decisions, in the order of the
// spec, given the verdicts on its apps. Such a decision counts for little or nothing, and apps
// go on as if it were not there. What is wrong with what others offer, such as a withdrawn
// version, is no fault of the decision.
func decisions(m *v1alpha1.Municipality, verdicts []resolution.Verdict, all Known) []string {
	var faults []string
	for i := range m.Spec.Apps {
		own, field := &m.Spec.Apps[i], fmt.Sprintf("spec.apps[%d]", i)
		app := all.Apps.Of(own.Name)
		if !app.Exists() {
			faults = append(faults, fmt.Sprintf("%s.name: %s: correct the name, or take the decision out until it is offered", field, app.Unlisted("")))
			continue
		}

		here := slices.DeleteFunc(slices.Clone(verdicts), func(v resolution.Verdict) bool { return v.App != own.Name })
		faults = append(faults, notFollowed(own, field, m.Name, here, all.Networks), noChannel(app, field, here), noVersion(app, own.Version, field+".version"))
		for _, v := range here {
			said := resolution.SaidOf(own, v.Environment, all.Now)
			faults = append(faults, noReason(own, field, v, said), noHold(app, field, v, said))
		}
	}
	return distinct(faults)
}

// distinct leaves out what is empty, and what another environment has too.
func distinct(faults []string) []string {
	var once []string
	for _, f := range faults {
		if f != "" && !slices.Contains(once, f) {
			once = append(once, f)
		}
	}
	return once
}

// notFollowed says why a network that the municipality names decides nowhere.
func notFollowed(own *v1alpha1.AppDecision, field, municipality string, here []resolution.Verdict, networks *resolution.Networks) string {
	heir := networks.Heir(own.Network)
	follows := func(v resolution.Verdict) bool { return v.Network == own.Network || (heir != "" && v.Network == heir) }
	if own.Network == "" || slices.ContainsFunc(here, follows) {
		return ""
	}
	named := networks.Named(own.Network)
	why := fmt.Sprintf("Network %s proposes %s to none of the environments of %s, or does not have it as a member", own.Network, own.Name, municipality)
	switch {
	case named == nil:
		why = fmt.Sprintf("there is no Network %q", own.Network)
	case named.Spec.Proposal(own.Name) == nil:
		why = fmt.Sprintf("Network %s does not propose %s", own.Network, own.Name)
	}
	return fmt.Sprintf("%s.network: %s: name another network, or a channel", field, why)
}

// noChannel says that the municipality follows a channel which the app does not have: one
// that it names, or the default.
func noChannel(app *catalogue.App, field string, here []resolution.Verdict) string {
	for _, v := range here {
		if v.Group.Channel == "" {
			continue
		}
		if _, fault := app.Points(v.Group.Channel); fault != nil {
			return fmt.Sprintf("%s.channel: %s: name another, or a version", field, fault)
		}
	}

	return ""
}

// noVersion says that a version which is named is none of the app's.
func noVersion(app *catalogue.App, version, field string) string {
	fault := app.Unlisted(version)
	if version == "" || fault == nil || fault.Reason != catalogue.UnknownVersion {
		return ""
	}

	return fmt.Sprintf("%s: %s", field, fault)
}

// noReason says that a decline does not count, as it has no reason.
func noReason(own *v1alpha1.AppDecision, field string, v resolution.Verdict, said resolution.Said) string {
	if !v.NeedsReason {
		return ""
	}
	if said.OwnDecision {
		field = fmt.Sprintf("%s.environments[%d]", field, said.At)
	}
	return fmt.Sprintf("%s.reason: to decline %s takes a reason, as Network %s has made it Mandatory: give one; until then the decline does not count",
		field, own.Name, v.Network)
}

// noHold says that a hold which is in force names a version that is none of the app's.
func noHold(app *catalogue.App, field string, v resolution.Verdict, said resolution.Said) string {
	if !v.OnHold || said.Hold == nil {
		return ""
	}
	if said.OwnHold {
		field = fmt.Sprintf("%s.environments[%d]", field, said.At)
	}
	return noVersion(app, said.Hold.Version, field+".hold.version")
}
