package resolution

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/utils/ptr"

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

// proposals of an app for environments of a stage, the strongest first.
func proposals(in Input, stage v1alpha1.Stage, app string) []proposal {
	var all []proposal
	for _, n := range in.Networks {
		if asked := n.Spec.Proposal(app); asked.For(stage) {
			all = append(all, proposal{network: n, asked: *asked})
		}
	}
	slices.SortFunc(all, func(a, b proposal) int {
		order, _ := compare(&a, &b)
		return order
	})
	return all
}

// compare is negative where the first of two proposals is the stronger one, and says by what: by
// obligation, else priority, else the older network, else the name.
func compare(a, b *proposal) (order int, by LossReason) {
	strength := []v1alpha1.Obligation{v1alpha1.ObligationMandatory, v1alpha1.ObligationRecommended, v1alpha1.ObligationOptional}
	if order = cmp.Compare(slices.Index(strength, a.asked.Obligation), slices.Index(strength, b.asked.Obligation)); order != 0 {
		return order, LostByObligation
	}
	if order = cmp.Compare(ptr.Deref(b.network.Spec.Priority, 0), ptr.Deref(a.network.Spec.Priority, 0)); order != 0 {
		return order, LostByPriority
	}
	if order = a.network.CreationTimestamp.Compare(b.network.CreationTimestamp.Time); order != 0 {
		return order, LostByAge
	}

	return cmp.Compare(a.network.Name, b.network.Name), LostByName
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

// Loss is a network whose proposal of an app is not followed at a place, and why.
type Loss struct {
	Network string
	Reason  LossReason
}

// LossReason is why a proposal is not followed.
type LossReason string

// The reasons why a proposal is not followed.
const (
	// LostByStage means that it is not for environments of that stage.
	LostByStage LossReason = "Stage"
	// LostByChoice means that the municipality names the network that is followed, or one in whose
	// place that is now.
	LostByChoice LossReason = "Choice"
	// LostToNobody means that none is followed: the municipality names a network that does not
	// propose the app here.
	LostToNobody LossReason = "Nobody"
	// LostByObligation, LostByPriority, LostByAge and LostByName mean that the one that is followed is
	// stronger, and by what.
	LostByObligation LossReason = "Obligation"
	LostByPriority   LossReason = "Priority"
	LostByAge        LossReason = "Age"
	LostByName       LossReason = "Name"
)

// losses are the networks that propose an app, for any stage, and are not followed, sorted by name.
// What is followed may be chosen, or be the strongest.
func losses(in Input, stage v1alpha1.Stage, app string, followed *proposal, chosen bool) []Loss {
	var all []Loss
	for _, n := range in.Networks {
		asked := n.Spec.Proposal(app)
		if asked == nil || (followed != nil && followed.network.Name == n.Name) {
			continue
		}
		reason := LostByChoice
		switch {
		case !asked.For(stage):
			reason = LostByStage
		case followed == nil:
			reason = LostToNobody
		case !chosen:
			_, reason = compare(followed, &proposal{network: n, asked: *asked})
		}
		all = append(all, Loss{n.Name, reason})
	}
	slices.SortFunc(all, func(a, b Loss) int { return cmp.Compare(a.Network, b.Network) })

	return all
}
