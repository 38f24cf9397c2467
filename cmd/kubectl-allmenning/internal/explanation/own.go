package explanation

import (
	"cmp"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// own is what the municipality says.
func (p *place) own() []string {
	all := p.ownDecisions()
	if said := p.said(); said != nil && isTrue(said.Immediate) {
		all = append(all, "What it names itself comes to every environment at once (immediate): without stages, soak, its windows and freezes, and without a return.")
	}
	all = append(all, p.ownHolds()...)
	if until, why := p.tenant.Calendar.Frozen(p.now); !until.IsZero() {
		all = append(all, fmt.Sprintf("%s is frozen until %s%s.", p.municipality.Name, stamp(until), because(why)))
	}
	if isTrue(p.municipality.Spec.Pause) {
		all = append(all, fmt.Sprintf("%s is paused (spec.pause): nothing else of it is moved.", p.municipality.Name))
	}
	switch suspend := p.municipality.Spec.Suspend; {
	case suspend.IsFrozen():
		all = append(all, fmt.Sprintf("%s is frozen (spec.suspend: Freeze): no version comes to it or returns, and its people and accounts change nothing.", p.municipality.Name))
	case suspend.IsSuspended():
		all = append(all, fmt.Sprintf("%s is suspended (spec.suspend): nothing of it is changed.", p.municipality.Name))
	}
	return all
}

// ownDecisions are what it decided for this environment and, where it decided nothing for that which is in
// force, for all.
func (p *place) ownDecisions() []string {
	var all []string
	said, force := p.said(), p.inForce()
	if here := force.Override; here != nil && here.Decision != "" {
		reason := here.Reason
		if force.OwnDecision {
			reason = force.Reason
		}
		all = append(all, fmt.Sprintf("For %s: %s", p.environment.Name, p.says(here.Decision, follows(said), reason, here.Until, !force.OwnDecision)))
	}
	if said != nil && said.Decision != "" && !force.OwnDecision {
		all = append(all, p.says(said.Decision, follows(said), force.Reason, said.Until, force.Decision == ""))
	}
	if len(all) == 0 {
		return []string{p.municipality.Name + " has not decided for itself."}
	}

	return all
}

// ownHolds are the hold in this environment and, where that has none which is in force, the one in all. A
// hold of what is declined says nothing.
func (p *place) ownHolds() []string {
	var all []string
	said, force := p.said(), p.inForce()
	if said == nil || p.verdict.Why == resolution.Declined {
		return nil
	}
	if here := force.Override; here != nil && here.Hold != nil {
		all = append(all, fmt.Sprintf("For %s: %s", p.environment.Name, p.holds(here.Hold, !force.OwnHold)))
	}
	if said.Hold != nil && !force.OwnHold {
		all = append(all, p.holds(said.Hold, force.Hold == nil))
	}

	return all
}

// said is what the municipality decided on the app; nil where it decided nothing.
func (p *place) said() *v1alpha1.AppDecision { return p.municipality.Spec.Decision(p.name) }

// inForce is what of that is in force here.
func (p *place) inForce() resolution.Said {
	return resolution.SaidOf(p.said(), p.environment.Name, p.now)
}

// follows is what an Adopt names.
func follows(said *v1alpha1.AppDecision) string {
	switch {
	case said.Network != "":
		return " as Network " + said.Network + " proposes it"
	case said.Channel != "":
		return " in channel " + said.Channel + ", whatever networks say"
	case said.Version != "":
		return " at version " + said.Version + ", whatever channels say"
	}
	return ""
}

func (s subject) says(decision v1alpha1.Decision, follows, reason string, until *metav1.Time, over bool) string {
	name := s.municipality.Name
	switch decision {
	case v1alpha1.DecisionAdopt:
		return fmt.Sprintf("%s adopts it%s%s.", name, follows, because(reason))
	case v1alpha1.DecisionDecline:
		return fmt.Sprintf("%s declines it%s.", name, because(reason))
	case v1alpha1.DecisionDefer:
	}
	switch {
	case until == nil:
		return fmt.Sprintf("%s defers it%s.", name, because(reason))
	case over:
		return fmt.Sprintf("%s deferred it until %s, which has passed%s.", name, stamp(until.Time), because(reason))
	}
	return fmt.Sprintf("%s defers it until %s%s.", name, stamp(until.Time), because(reason))
}

func (p *place) holds(hold *v1alpha1.Hold, over bool) string {
	name, what, rest := p.municipality.Name, cmp.Or(hold.Version, "what is installed"), ""
	switch {
	case over:
	case hold.Version != "" && p.installed != nil && p.installed.Spec.Version != hold.Version:
		what = p.installed.Spec.Version + ", which is installed,"
		rest = fmt.Sprintf(" The hold names %s, and moves nothing.", hold.Version)
	case hold.Version == "" && p.installed == nil:
		rest = " That is nothing here."
	}
	switch {
	case over:
		return fmt.Sprintf("%s held %s until %s, which has passed%s.", name, what, stamp(hold.Until.Time), because(hold.Reason))
	case hold.Until == nil:
		return fmt.Sprintf("%s holds %s%s.", name, strings.TrimSuffix(what, ","), because(hold.Reason)) + rest
	}
	return fmt.Sprintf("%s holds %s until %s%s.", name, what, stamp(hold.Until.Time), because(hold.Reason)) + rest
}
