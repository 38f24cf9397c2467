package network

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/proposal"
	"github.com/allmenning/allmenning/internal/resolution"
)

// maxNames keeps a status small.
const maxNames = 50

// planned is what the network comes to.
type planned struct {
	members int32
	// unknown are names in the spec that no Municipality has, sorted, all of them.
	unknown []string
	outcome condition.Outcome
}

// plan counts the members, and finds what is wrong with the spec.
func plan(seen observed) planned {
	var out planned
	isMember := resolution.Membership(&seen.network)
	known := make(map[string]bool, len(seen.municipalities))
	for i := range seen.municipalities {
		known[seen.municipalities[i].Name] = true
		if isMember(&seen.municipalities[i]) {
			out.members++
		}
	}
	for _, name := range seen.network.Spec.Members.Names {
		if !known[name] {
			out.unknown = append(out.unknown, name)
		}
	}
	slices.Sort(out.unknown)
	out.outcome = outcome(seen, out)
	return out
}

// outcome tells all faults at once, so that nobody mends one only to find the next.
func outcome(seen observed, out planned) condition.Outcome {
	all := make([]condition.Outcome, 0, len(seen.network.Spec.Apps)+1)
	all = append(all, selectorFault(seen.network.Spec.Members.Selector))
	for _, p := range seen.network.Spec.Apps {
		all = append(all, proposal.Check(p, seen.apps[p.Name]))
	}
	worst := condition.Worst(well(seen.network, out), all...)
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

func selectorFault(selector *metav1.LabelSelector) condition.Outcome {
	if _, err := metav1.LabelSelectorAsSelector(selector); err != nil {
		return condition.Outcome{
			State: condition.Stalled, Reason: v1alpha1.ReasonInvalidSpec,
			Message: fmt.Sprintf("spec.members.selector: %v: mend the selector; until then it picks nobody", err),
		}
	}
	return condition.Outcome{}
}

// well is the message of a network that nothing is wrong with. A member that does
// not exist yet may come; it is shown, and stops nobody.
func well(network v1alpha1.Network, out planned) string {
	message := fmt.Sprintf("%s, %s", count(int(out.members), "member"), count(len(network.Spec.Apps), "app"))
	if len(out.unknown) == 0 {
		return message
	}
	shown, more := out.unknown[:min(len(out.unknown), maxNames)], ""
	if left := len(out.unknown) - len(shown); left > 0 {
		more = fmt.Sprintf(" and %d more", left)
	}
	return fmt.Sprintf("%s; no Municipality is named %s%s (spec.members.names)", message, strings.Join(shown, ", "), more)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
