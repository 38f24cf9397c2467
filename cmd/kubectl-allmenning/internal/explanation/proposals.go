package explanation

import (
	"fmt"
	"slices"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/resolution"
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

	var first, rest []string
	for _, n := range p.tenant.Networks {
		asked := n.Spec.Proposal(p.name)
		switch {
		case asked == nil:
		case n.Name == p.verdict.Network:
			first = append(first, asks(n, asked)+heldBack(n))
		default:
			rest = append(rest, asks(n, asked)+" "+p.lost(n, asked))
		}
	}

	if len(first)+len(rest) == 0 {
		return []string{fmt.Sprintf("None of its networks proposes %s.", p.name)}
	}
	return append(first, rest...)
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

// lost says why a proposal is not followed, as the verdict has it. Where there is no verdict, nobody asks
// for the app: it is merely offered, and not adopted.
func (p *place) lost(n *v1alpha1.Network, asked *v1alpha1.Proposal) string {
	at := slices.IndexFunc(p.verdict.Lost, func(l resolution.Loss) bool { return l.Network == n.Name })
	switch {
	case !asked.For(p.environment.Stage):
		return fmt.Sprintf("That leaves out %s.", p.environment.Stage)
	case at < 0:
		return fmt.Sprintf("It is not followed, as %s does not adopt it.", p.municipality.Name)
	}

	return fmt.Sprintf("It is not followed: %s.", p.winsBy(n, p.verdict.Lost[at].Reason))
}

// winsBy is in words why another proposal is followed than that of a network, or none.
func (p *place) winsBy(n *v1alpha1.Network, reason resolution.LossReason) string {
	name := p.verdict.Network
	switch reason {
	case resolution.LostToNobody:
		return fmt.Sprintf("%s names %s, which does not propose it here", p.municipality.Name, p.said().Network)
	case resolution.LostByChoice:
		text := fmt.Sprintf("%s names %s", p.municipality.Name, p.said().Network)
		if p.said().Network != name {
			text += ", whose place " + name + " has taken"
		}
		return text
	case resolution.LostByObligation:
		return fmt.Sprintf("%s of %s is stronger", p.country.Network(name).Spec.Proposal(p.name).Obligation, name)
	case resolution.LostByPriority:
		return fmt.Sprintf("%s has the greater priority, %d against %d", name, priority(p.country.Network(name)), priority(n))
	case resolution.LostByAge:
		return name + " is the older network"
	case resolution.LostByName, resolution.LostByStage:
	}

	return fmt.Sprintf("of equals %s comes first by name", name)
}

func priority(n *v1alpha1.Network) int32 { return ptr.Deref(n.Spec.Priority, 0) }
