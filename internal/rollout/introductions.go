package rollout

import (
	"cmp"
	"fmt"
	"slices"
)

// Introduction is one app that a group introduces.
type Introduction struct {
	Input
	// Priority of the app within the group: the greater goes first.
	Priority int32
}

// PlanAll works out the next steps of all introductions of one group, in the order given.
// Those that have begun go on. Of those that could begin, only so many do that the group
// carries no more at once than it may: security fixes first, then by priority and name.
func PlanAll(all []Introduction, atOnce int) []Step {
	steps := make([]Step, len(all))
	free := atOnce
	var could []int
	for i := range all {
		steps[i] = Plan(all[i].Input)
		switch {
		case steps[i].Carried:
			free--
		case steps[i].Begins:
			could = append(could, i)
		}
	}
	slices.SortStableFunc(could, func(a, b int) int {
		return cmp.Or(
			cmp.Compare(urgent(all[b]), urgent(all[a])),
			cmp.Compare(all[b].Priority, all[a].Priority),
			cmp.Compare(all[a].Rollout.Spec.App, all[b].Rollout.Spec.App),
		)
	})
	for n, i := range could {
		if n < free {
			continue
		}
		in := all[i].Input
		in.Gates.Queued = fmt.Sprintf("%s carries %d introductions at once (rollout.maxIntroductions), and this one is number %d in the queue", in.Group, atOnce, n-max(free, 0)+1)
		steps[i] = Plan(in)
	}
	return steps
}

func urgent(i Introduction) int {
	if i.Emergency {
		return 1
	}
	return 0
}
