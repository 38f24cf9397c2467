package explanation

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// proposals are what the networks say, the one first that is followed.
func (p *place) proposals() []string {
	if len(p.tenant.Networks) == 0 {
		if slices.Contains(p.world.Unread, world.Networks) {
			return nil
		}
		if observed := p.observed(); len(observed) > 0 {
			return []string{fmt.Sprintf("%s is a member of no network. It observes %s, and gets no apps by that.", p.municipality.Name, list(observed))}
		}
		return []string{fmt.Sprintf("%s is in no network.", p.municipality.Name)}
	}
	followed := p.followed()
	var first, rest []string
	for _, n := range p.tenant.Networks {
		for i := range n.Spec.Apps {
			asked := &n.Spec.Apps[i]
			switch {
			case asked.Name != p.name:
			case n.Name == p.verdict.Network:
				first = append(first, asks(n, asked)+heldBack(n))
			default:
				rest = append(rest, asks(n, asked)+" "+p.lost(n, asked, followed))
			}
		}
	}
	if len(first)+len(rest) == 0 {
		return []string{fmt.Sprintf("None of its networks proposes %s.", p.name)}
	}
	return append(first, rest...)
}

func (p *place) followed() *v1alpha1.Network {
	for _, n := range p.tenant.Networks {
		if n.Name == p.verdict.Network {
			return n
		}
	}
	return nil
}

func asks(n *v1alpha1.Network, asked *v1alpha1.Proposal) string {
	verb := map[v1alpha1.Obligation]string{
		v1alpha1.ObligationMandatory: "makes it Mandatory", v1alpha1.ObligationRecommended: "recommends it (Recommended)",
		v1alpha1.ObligationOptional: "offers it (Optional: to those who adopt it)",
	}[asked.Obligation]
	stages := make([]string, len(asked.Stages))
	for i, s := range asked.Stages {
		stages[i] = string(s)
	}
	return fmt.Sprintf("Network %s %s in channel %s, for %s.", n.Name, verb, asked.Channel, list(stages))
}

// heldBack is what holds a whole network back.
func heldBack(n *v1alpha1.Network) string {
	var text string
	if isTrue(n.Spec.Pause) {
		text += " It is paused (spec.pause): nobody else is moved."
	}
	if isTrue(n.Spec.Suspend) {
		text += " It is suspended (spec.suspend): its members stay at the versions they have."
	}
	if n.Spec.Ends != nil {
		text += fmt.Sprintf(" It ends at %s%s.", stamp(n.Spec.Ends.Time), successor(n))
	}
	return text
}

func successor(n *v1alpha1.Network) string {
	if n.Spec.Successor == "" {
		return ""
	}
	return ", and Network " + n.Spec.Successor + " takes its members over"
}

// lost says why a proposal is not followed.
func (p *place) lost(n *v1alpha1.Network, asked *v1alpha1.Proposal, followed *v1alpha1.Network) string {
	if !slices.Contains(asked.Stages, p.environment.Stage) {
		return fmt.Sprintf("That leaves out %s.", p.environment.Stage)
	}
	if followed == nil {
		return fmt.Sprintf("It is not followed, as %s does not adopt it.", p.municipality.Name)
	}
	if said := p.said(); said != nil && said.Decision == v1alpha1.DecisionAdopt && said.Network == followed.Name {
		return fmt.Sprintf("It is not followed: %s names %s.", p.municipality.Name, followed.Name)
	}
	winner := followed.Spec.Proposal(p.name)
	switch {
	case winner.Obligation != asked.Obligation:
		return fmt.Sprintf("It is not followed: %s of %s is stronger.", winner.Obligation, followed.Name)
	case priority(followed) != priority(n):
		return fmt.Sprintf("It is not followed: %s has the greater priority, %d against %d.", followed.Name, priority(followed), priority(n))
	case !followed.CreationTimestamp.Equal(&n.CreationTimestamp):
		return fmt.Sprintf("It is not followed: %s is the older network.", followed.Name)
	}
	return fmt.Sprintf("It is not followed: of equals %s comes first by name.", followed.Name)
}

func priority(n *v1alpha1.Network) int32 {
	if n.Spec.Priority == nil {
		return 0
	}
	return *n.Spec.Priority
}
