// Package proposal says whether what a network proposes can be had. It is pure.
package proposal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// Check says what a proposal comes to, given the SharedApp of its name, which is nil
// where there is none. The message of a fault names the field, and what to do; it is
// empty where all is well.
func Check(p v1alpha1.Proposal, app *v1alpha1.SharedApp) condition.Outcome {
	if app == nil {
		return stalled("UnknownApp", "spec.apps[%s]: there is no SharedApp of that name: correct the name, or take the proposal out", p.Name)
	}
	field := fmt.Sprintf("spec.apps[%s].channel %q", p.Name, p.Channel)
	version := VersionOf(p, app)
	if version == "" {
		return stalled("UnknownChannel", "%s: SharedApp %s has %s", field, app.Name, cmp.Or(channels(app), "no channels: ask its owner for one"))
	}
	offered := slices.IndexFunc(app.Spec.Versions, func(v v1alpha1.Version) bool { return v.Version == version })
	if offered < 0 {
		return stalled("UnknownVersion", "%s points at version %s, which is not in spec.versions of SharedApp %s", field, version, app.Name)
	}
	if app.Spec.Versions[offered].State == v1alpha1.VersionWithdrawn {
		return stalled("VersionWithdrawn", "%s: version %s of SharedApp %s is withdrawn: follow another channel, or wait until this one points at another version",
			field, version, app.Name)
	}
	return availability(field, version, app)
}

// VersionOf is the version that the proposal's channel points at, or nothing where
// the app has no such channel.
func VersionOf(p v1alpha1.Proposal, app *v1alpha1.SharedApp) string {
	if app == nil {
		return ""
	}
	for _, c := range app.Spec.Channels {
		if c.Name == p.Channel {
			return c.Version
		}
	}
	return ""
}

func availability(field, version string, app *v1alpha1.SharedApp) condition.Outcome {
	for _, s := range app.Status.Versions {
		switch {
		case s.Version != version:
		case s.Available:
			return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady}
		case s.Message != "":
			return stalled("VersionNotAvailable", "%s: version %s of SharedApp %s is not available: %s", field, version, app.Name, s.Message)
		}
	}
	return condition.Outcome{
		State: condition.Progressing, Reason: v1alpha1.ReasonProgressing,
		Message: fmt.Sprintf("%s: the catalogue has not checked version %s of SharedApp %s yet", field, version, app.Name),
	}
}

func channels(app *v1alpha1.SharedApp) string {
	names := make([]string, 0, len(app.Spec.Channels))
	for _, c := range app.Spec.Channels {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

func stalled(reason, format string, args ...any) condition.Outcome {
	return condition.Outcome{State: condition.Stalled, Reason: reason, Message: fmt.Sprintf(format, args...)}
}
