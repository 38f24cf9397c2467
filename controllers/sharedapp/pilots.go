package sharedapp

import (
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
)

// planPilots says what is wrong with the networks that go first; nil where nothing is.
func planPilots(seen observed) *condition.Outcome {
	var faults []string
	for _, fault := range country.PilotFaults(seen.country, seen.app.Name, seen.app.Spec.PilotNetworks) {
		faults = append(faults, fault.String())
	}
	if len(faults) == 0 {
		return nil
	}
	return stalled(v1alpha1.ReasonInvalidSpec, strings.Join(faults, "; ")+"; until then nobody but the pilot networks begins a new version")
}
