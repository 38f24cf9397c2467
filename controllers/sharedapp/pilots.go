package sharedapp

import (
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/resolution"
)

// planPilots says what is wrong with the networks that go first, nil where nothing is, and
// how long until a network ends, which may change that; 0 where none will. An app that names
// none rests on no network.
func planPilots(seen observed, now time.Time) (fault *condition.Outcome, again time.Duration) {
	if len(seen.app.Spec.PilotNetworks) == 0 {
		return nil, 0
	}
	known := resolution.NewNetworks(seen.networks, now)
	if change := known.NextChange(); !change.IsZero() {
		again = change.Sub(now)
	}
	faults := reference.Pilots(seen.app.Name, seen.app.Spec.PilotNetworks, seen.networks, known)
	if len(faults) == 0 {
		return nil, again
	}
	return stalled(v1alpha1.ReasonInvalidSpec, strings.Join(faults, "; ")+"; until then nobody but the pilot networks begins a new version"), again
}
