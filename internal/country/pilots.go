package country

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// PilotFault says why a network in spec.pilotNetworks of an app will never complete a new version. Until
// that is fixed, nobody but the pilot networks begins one.
type PilotFault struct {
	// Index in spec.pilotNetworks.
	Index int
	// Why it can't go first, and the Fix, besides taking it out of the list.
	Why, Fix string
	// Memberless says that nobody in the network takes the app from it.
	Memberless bool
}

// String is the fault for people, with its field.
func (f PilotFault) String() string {
	return fmt.Sprintf("spec.pilotNetworks[%d]: %s: %s, or take it out", f.Index, f.Why, f.Fix)
}

// PilotFaults are those of the networks that an app names, in their order.
func PilotFaults(c *Country, app string, pilots []string) []PilotFault {
	var faults []PilotFault
	for i, pilot := range pilots {
		if fault := (planning{c}).pilotFault(app, pilot); fault.Why != "" {
			fault.Index = i
			faults = append(faults, fault)
		}
	}
	return faults
}

// pilotFault says why a pilot network can't go first; zero where it can.
func (p planning) pilotFault(app, pilot string) PilotFault {
	network, heir := p.networks[pilot], p.Networks.Heir(pilot) // who stands in its place now
	switch {
	case network == nil:
		return PilotFault{Why: fmt.Sprintf("there is no Network %q", pilot), Fix: "name one that proposes " + app}
	case heir == "":
		return PilotFault{Why: fmt.Sprintf("Network %s has ended or is being deleted, and nobody took its place", pilot), Fix: "name one that proposes " + app}
	case heir != pilot && proposes(p.networks[heir], app):
		return PilotFault{Why: fmt.Sprintf("Network %s was handed over to Network %s, and proposes nothing any longer", pilot, heir), Fix: "name that one"}
	case heir != pilot:
		return PilotFault{Why: fmt.Sprintf("Network %s was handed over to Network %s, which does not propose %s", pilot, heir, app), Fix: "name one that does"}
	case !proposes(network, app):
		return PilotFault{Why: fmt.Sprintf("Network %s does not propose %s", pilot, app), Fix: "add it to spec.apps of that Network, name one that proposes it"}
	case p.Subject(resolution.Group{Network: pilot}, app).memberless():
		return PilotFault{Why: fmt.Sprintf("no member of Network %s takes %s from it", pilot, app), Fix: "give it members that do", Memberless: true}
	}
	return PilotFault{}
}

func proposes(n *v1alpha1.Network, app string) bool {
	return n != nil && n.Spec.Proposal(app) != nil
}

// memberless says whether nobody takes the app from the group.
func (s *Subject) memberless() bool { return s == nil || s.members.Len() == 0 }

// pilots are the pilot networks of an app, as others see them.
func (p planning) pilots(app *v1alpha1.SharedApp) []planner.Pilot {
	all := make([]planner.Pilot, 0, len(app.Spec.PilotNetworks))
	for _, name := range app.Spec.PilotNetworks {
		pilot, s := planner.Pilot{Network: name}, p.Subject(resolution.Group{Network: name}, app.Name)
		if s != nil {
			pilot.Records = s.Records
		}
		if fault := p.pilotFault(app.Name, name); fault.Why != "" {
			pilot.Absent, pilot.Fix = fault.Why, fault.Fix
		} else {
			pilot.Wanted = offered(p.Apps.Of(app.Name), s.Channel)
			pilot.Next = planner.Choose(s.Records, p.wish(s, p.strategies[name])).Create
		}
		all = append(all, pilot)
	}
	return all
}

// opensPilot says whether a subject is that of a pilot network for which others wait, and is another to
// them than before: they wait for another reason, or wait no longer.
func (m *Model) opensPilot(key subjectKey, s *Subject) bool {
	app := m.country.Apps.Of(key.app).Object
	if app == nil || key.group.Network == "" || !slices.Contains(app.Spec.PilotNetworks, key.group.Network) {
		return false
	}
	before, _ := m.country.subjects.Get(key.text())
	if before.memberless() != s.memberless() {
		m.changed.AppSpecs[key.app] = true
		return true
	}
	return before == nil || before.Asked != s.Asked || before.Channel != s.Channel || !slices.EqualFunc(before.Records, s.Records, sameCourse)
}
