package reference

import (
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Pilots finds the networks in spec.pilotNetworks of an app that will never complete a new
// version. Until they are fixed, nobody but the pilot networks begins one.
func Pilots(app string, pilots []string, known *resolution.Networks) []string {
	var faults []string
	for i, pilot := range pilots {
		if fault := pilotFault(app, pilot, known); fault != "" {
			faults = append(faults, fmt.Sprintf("spec.pilotNetworks[%d]: %s", i, fault))
		}
	}
	return faults
}

// pilotFault says why a pilot network can't go first, and what to do; empty where it can.
func pilotFault(app, pilot string, known *resolution.Networks) string {
	network, heir := known.Named(pilot), known.Heir(pilot) // who stands in its place now
	switch {
	case network == nil:
		return fmt.Sprintf("there is no Network %q: name one that proposes %s, or take it out", pilot, app)
	case heir == "":
		return fmt.Sprintf("Network %s has ended or is being deleted, and nobody took its place: name one that proposes %s, or take it out", pilot, app)
	case heir != pilot && proposes(known.Named(heir), app):
		return fmt.Sprintf("Network %s was handed over to Network %s, and proposes nothing any longer: name that one, or take it out", pilot, heir)
	case heir != pilot:
		return fmt.Sprintf("Network %s was handed over to Network %s, which does not propose %s: name one that does, or take it out", pilot, heir, app)
	case !proposes(network, app):
		return fmt.Sprintf("Network %s does not propose %s: add it to spec.apps of that Network, name one that proposes it, or take it out", pilot, app)
	}
	return ""
}

func proposes(n *v1alpha1.Network, app string) bool {
	return n != nil && n.Spec.Proposal(app) != nil
}
