package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxNamed is how many introductions are named to those who wait for them.
const maxNamed = 5

// QueueEntry is one rollout of a group, which has or awaits one of the places in which the group introduces apps.
type QueueEntry struct {
	Input
	// Priority of the app within the group: the greater goes first.
	Priority int32
	// Planned is what was planned before of the same Input, but for its place in the queue; nil
	// where it has to be planned.
	Planned *Planned
}

// PlanAll works out the next steps of all introductions of one group, in the order given.
// Those that have begun go on. Of those that could begin, only so many do that the group
// carries no more at once than it may, by priority and name. Security fixes do not wait.
// What was planned before is planned again only where its place in the queue changes.
func PlanAll(all []QueueEntry, atOnce int) []*Planned {
	plans := make([]*Planned, len(all))
	free := atOnce
	var could []int
	var carried []string
	for i := range all {
		plans[i] = all[i].alone()
		switch step := &plans[i].Step; {
		case step.Carried, step.Begins && all[i].SecurityFix:
			free--
			carried = append(carried, all[i].Rollout.Spec.App)
		case step.Begins:
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
			if all[i].Planned != nil {
				plans[i] = NewPlanned(all[i].Input) // it begins now, not when it came into the queue
			}
			continue
		}
		queued++
		plans[i] = all[i].inQueue(plans[i], fmt.Sprintf("%s carries at most %d at once (rollout.maxIntroductions): %s; this one is number %d in the queue",
			all[i].Group, atOnce, strings.Join(carried[:min(len(carried), maxNamed)], ", "), queued))
	}

	return plans
}

// alone is the plan of an introduction as if there were no other.
func (i *QueueEntry) alone() *Planned {
	switch {
	case i.Planned == nil:
		return NewPlanned(i.Input)
	case i.Planned.free != nil:
		return i.Planned.free
	}
	return i.Planned
}

// inQueue is the plan of an introduction that waits in the queue.
func (i *QueueEntry) inQueue(alone *Planned, waitsFor string) *Planned {
	if before := i.Planned; before != nil && before.free != nil && before.queued == waitsFor {
		return before
	}
	in := i.Input
	in.Gates.Queued = waitsFor
	plan := NewPlanned(in)
	plan.queued, plan.free = waitsFor, alone
	return plan
}
