package network

import (
	"fmt"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/expiry"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/strategycheck"
)

// maxNames keeps a status small.
const maxNames = 50

// planned is what the network comes to.
type planned struct {
	members int32
	// observers is how many municipalities observe it; nil where none does.
	observers *int32
	// unknown are names in the spec that no Municipality has, sorted, all of them.
	unknown      []string
	coordinators *v1alpha1.Coordinators
	access       grant
	outcome      condition.Outcome
	// again is how long until time alone changes the plan; 0 where it never does.
	again time.Duration
}

// plan counts the members, says who coordinates them, and finds what is wrong with the spec.
func plan(seen observed, now time.Time) (planned, error) {
	n := &seen.network
	out := planned{coordinators: coordinators(n.Spec.Access, now), again: expiry.Next(n.Spec.Access, now)}
	var withheld condition.Outcome
	if out.coordinators != nil && seen.unguarded != "" {
		out.coordinators = nil // their role lets them change any network: the policy alone narrows it
		withheld = condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonPolicyMissing, Message: "spec.access: its coordinators have no access meanwhile: " + seen.unguarded}
	}
	var err error
	if out.access, err = planGrant(n, out.coordinators, seen.binding); err != nil {
		return out, err
	}
	members := country.Municipalities(seen.country.Members(n.Name))
	out.members = size(members)
	if observers := size(country.Municipalities(seen.country.Observers(n.Name))); observers > 0 {
		out.observers = &observers
	}
	out.unknown = reference.UnknownMembers(n, func(name string) bool { return seen.country.Tenant(name).IsThere() })
	spec := outcome(seen, out, members)
	out.outcome = together(spec.Message, spec, withheld)
	return out, nil
}

func size(some []*v1alpha1.Municipality) int32 {
	return int32(len(some)) //nolint:gosec // an API server holds far fewer objects
}

// outcome is what the whole spec comes to.
func outcome(seen observed, out planned, members []*v1alpha1.Municipality) condition.Outcome {
	n := &seen.network
	known := reference.Known{Apps: seen.country.Apps, Networks: seen.country.Networks, General: seen.country.Platform.Rollout, Now: seen.country.Now}
	all, notes := reference.Network(n, known, members)
	switch heir := seen.country.Networks.Heir(n.Name); heir {
	case n.Name:
	case "":
		return together("it has ended, and proposes nothing: its members keep their apps (spec.ends)", all...)
	default:
		return together(fmt.Sprintf("it proposes nothing any longer: its members belong to Network %s (spec.successor)", heir), all...)
	}
	return together(strings.Join(append([]string{inForce(n, out)}, notes...), "; "), all...)
}

// together is the worst of some outcomes, with the messages of all that are as bad, so
// that nobody fixes one fault only to find the next.
func together(message string, all ...condition.Outcome) condition.Outcome {
	worst := condition.Worst(message, all...)
	if worst.State == condition.Ready {
		return worst
	}
	var messages []string
	for _, o := range all {
		if o.State == worst.State {
			messages = append(messages, o.Message)
		}
	}
	worst.Message = strings.Join(messages, "; ")
	return worst
}

// inForce is the message of a network that nothing is wrong with. A member that does
// not exist yet may come; it is shown, and stops nobody.
func inForce(n *v1alpha1.Network, out planned) string {
	message := fmt.Sprintf("%s, %s", count(int(out.members), "member"), count(len(n.Spec.Apps), "app"))
	if len(out.unknown) == 0 {
		return message
	}
	return fmt.Sprintf("%s; no Municipality is named %s (spec.members.names)", message, strategycheck.Names(out.unknown, maxNames))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
