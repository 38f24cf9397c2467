package resolution

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// proposal is one network's wish for one app.
type proposal struct {
	network *v1alpha1.Network
	asked   v1alpha1.Proposal
}

func (p *proposal) mandatory() bool {
	return p != nil && p.asked.Obligation == v1alpha1.ObligationMandatory
}

func (p *proposal) optional() bool {
	return p != nil && p.asked.Obligation == v1alpha1.ObligationOptional
}

// proposals of an app for environments of a stage, the strongest first: by
// obligation, then priority, then the older network, then the name.
func proposals(in Input, stage v1alpha1.Stage, app string) []proposal {
	var all []proposal
	for _, n := range in.Networks {
		for _, asked := range n.Spec.Apps {
			if asked.Name == app && slices.Contains(asked.Stages, stage) {
				all = append(all, proposal{network: n, asked: asked})
			}
		}
	}
	strength := []v1alpha1.Obligation{v1alpha1.ObligationMandatory, v1alpha1.ObligationRecommended, v1alpha1.ObligationOptional}
	slices.SortFunc(all, func(a, b proposal) int {
		return cmp.Or(
			cmp.Compare(slices.Index(strength, a.asked.Obligation), slices.Index(strength, b.asked.Obligation)),
			cmp.Compare(priority(b.network), priority(a.network)),
			a.network.CreationTimestamp.Compare(b.network.CreationTimestamp.Time),
			cmp.Compare(a.network.Name, b.network.Name),
		)
	})
	return all
}

func priority(n *v1alpha1.Network) int32 {
	if n.Spec.Priority == nil {
		return 0
	}
	return *n.Spec.Priority
}

// follow picks the proposal that holds: the one of the network that the municipality names, or of
// the one that took over from it, else the strongest. The fault is what is wrong with the name; the
// strongest is followed then, so far as the municipality says no.
func follow(in Input, all []proposal, own decision) (followed *proposal, fault string) {
	if own.network != "" {
		name := in.heir(own.network)
		for i := range all {
			if all[i].network.Name == name {
				return &all[i], ""
			}
		}
		fault = fmt.Sprintf("spec.apps[].network %q: the municipality is no member of a Network of that name which proposes this app for this stage; "+
			"name another network, or a channel", own.network)
	}
	if len(all) == 0 {
		return nil, fault
	}

	return &all[0], fault
}

// heir is the network that took over from another one, which may be itself.
func (in Input) heir(name string) string {
	if in.All == nil {
		return name
	}

	return cmp.Or(in.All.Heir(name), name)
}

// losers are the networks that propose an app, for any stage, and are not followed.
func losers(networks []*v1alpha1.Network, app string, followed *proposal) []string {
	var names []string
	for _, n := range networks {
		if n.Spec.Proposal(app) != nil && (followed == nil || followed.network.Name != n.Name) {
			names = append(names, n.Name)
		}
	}
	slices.Sort(names)
	return names
}
