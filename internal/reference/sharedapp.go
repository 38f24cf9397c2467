package reference

import (
	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
)

// AppFaults are what is wrong in the spec of an app.
type AppFaults struct {
	// Requirements keep a version from being newly installed, by its number.
	Requirements map[string][]condition.Outcome
	// Channels offer nothing. The versions are as available as without.
	Channels []condition.Outcome
}

// SharedApp finds what is wrong in the spec of an app, which need not be among those that are known. Its
// pilot networks are another matter: see country.PilotFaults.
func SharedApp(app *catalogue.App, k Known) AppFaults {
	return AppFaults{Requirements: requirements(app, k), Channels: channels(app)}
}

// channels finds the channels that offer what is withdrawn.
func channels(app *catalogue.App) []condition.Outcome {
	var faults []condition.Outcome
	for _, channel := range app.Object.Spec.Channels {
		if app.IsWithdrawn(channel.Version) {
			faults = append(faults, stalled(v1alpha1.ReasonInvalidSpec,
				"spec.channels[%s].version: %s is Withdrawn, so the channel offers nothing: point it at another version", channel.Name, channel.Version))
		}
	}
	return faults
}
