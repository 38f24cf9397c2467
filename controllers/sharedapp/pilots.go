package sharedapp

import (
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
)

// planPilots says what is wrong with the networks that go first; nil where nothing is.
func planPilots(seen observed) *condition.Outcome {
	found := country.PilotFaults(seen.country, seen.app.Name, seen.app.Spec.PilotNetworks)
	if len(found) == 0 {
		return nil
	}

	faults := make([]string, 0, len(found))
	for _, fault := range found {
		faults = append(faults, fault.String())
	}
	return stalled(v1alpha1.ReasonInvalidSpec, strings.Join(faults, "; ")+"; until then nobody but the pilot networks begins a new version")
}
