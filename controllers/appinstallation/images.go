package appinstallation

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
)

// planImages decides about images that the Platform does not allow, or no longer. What was sent with them as it is wished now
// runs on, is corrected as ever, and is said; nothing else is sent.
func (p *planned) planImages(seen observed, found []contract.Finding) {
	if len(found) == 0 {
		return
	}
	i := &seen.installation
	if p.runs(seen, found) {
		p.disallowed = stalled(v1alpha1.ReasonImageNotAllowed, fmt.Sprintf("%s %s runs on, with images that the Platform does not allow: %s", i.Spec.App, i.Spec.Version, contract.Text(found)))
		return
	}
	p.outcome = stalled(v1alpha1.ReasonImageNotAllowed, fmt.Sprintf("%s %s, as it is built for %s, has images that the Platform does not allow: %s. What is installed stays as it is",
		i.Spec.App, i.Spec.Version, seen.home(), contract.Text(found)))
}

// runs says whether the objects that findings are about were sent as they are wished.
func (p *planned) runs(seen observed, found []contract.Finding) bool {
	if !isApplied(seen) {
		return false
	}
	known := inventory(seen.previous())
	return !slices.ContainsFunc(p.objects, func(o object) bool {
		concerned := slices.ContainsFunc(found, func(f contract.Finding) bool { return f.Object == contract.Name(o.desired) })
		return concerned && known[o.ref].Sent != o.sent
	})
}

// lacks is what an app that is healthy has to say of itself all the same; nil where that is nothing.
func lacks(seen observed, todo planned, done applied) *condition.Outcome {
	blind, _ := autoscalers(todo, done, seen.now)
	return firstOf(todo.foreign, todo.disallowed, blind, outgrown(seen))
}
