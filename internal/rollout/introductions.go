package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxNamed is how many introductions are named to those who wait for them.
const maxNamed = 5

// Introduction is one app that a group introduces.
type Introduction struct {
	Input
	// Priority of the app within the group: the greater goes first.
	Priority int32
}

// PlanAll works out the next steps of all introductions of one group, in the order given.
// Those that have begun go on. Of those that could begin, only so many do that the group
// carries no more at once than it may, by priority and name. Security fixes do not wait.
func PlanAll(all []Introduction, atOnce int) []Step {
	steps := make([]Step, len(all))
	free := atOnce
	var could []int
	var carried []string
	for i := range all {
		steps[i] = Plan(all[i].Input)
		switch {
		case steps[i].Carried, steps[i].Begins && all[i].Emergency:
			free--
			carried = append(carried, all[i].Rollout.Spec.App)
		case steps[i].Begins:
			could = append(could, i)
		}
	}
	slices.SortStableFunc(could, func(a, b int) int {
		return cmp.Or(
			cmp.Compare(all[b].Priority, all[a].Priority), //guard:priorities
			cmp.Compare(all[a].Rollout.Spec.App, all[b].Rollout.Spec.App),
		)
	})
	queued := 0
	for _, i := range could {
		if free > 0 {
			free--
			carried = append(carried, all[i].Rollout.Spec.App)
			continue
		}
		queued++
		in := all[i].Input
		in.Gates.Queued = fmt.Sprintf("%s carries at most %d at once (rollout.maxIntroductions): %s; this one is number %d in the queue",
			in.Group, atOnce, strings.Join(carried[:min(len(carried), maxNamed)], ", "), queued)
		steps[i] = Plan(in)
	}
	return steps
}
