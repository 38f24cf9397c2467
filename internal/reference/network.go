package reference

import (
	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/strategycheck"
)

// Network finds what each part of the spec of a network comes to, given its members, and notes what may be
// meant. Of a network that is over only its ties to others are looked at: what it would have proposed
// concerns nobody.
func Network(n *v1alpha1.Network, k Known, members []*v1alpha1.Municipality) (parts []condition.Outcome, notes []string) {
	if fault := memberSelector(n); fault != "" {
		parts = append(parts, invalid(fault))
	}
	for _, fault := range k.Networks.Faults(n.Name) {
		parts = append(parts, invalid(fault))
	}
	if k.Networks.Heir(n.Name) != n.Name {
		return parts, nil
	}
	for _, p := range n.Spec.Apps {
		if !k.NoApps {
			parts = append(parts, k.Apps.Of(p.Name).Proposal(p))
		}
	}
	faults, notes := k.strategy(strategycheck.Input{
		Said: n.Spec.Rollout, General: k.General, Members: members, Noun: "member", Proposed: n.Spec.Apps,
	})
	for _, fault := range faults {
		parts = append(parts, invalid(fault))
	}
	return parts, notes
}
