package strategycheck

import (
	"fmt"
	"maps"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

const (
	// maxShared is how many members that two waves share are named.
	maxShared = 3
	// maxNames is how many names that nobody has are listed of a wave.
	maxNames = 50
)

// waves are those that a strategy lists, as they are written and compiled.
type waves struct {
	list     []v1alpha1.Wave
	compiled []planner.Wave
	// noun for whom they divide; see Input.Noun.
	noun string
}

// matches says whether a wave names or selects a member. A wave without members takes
// who is left, and so matches nobody.
func (w waves) matches(i int, m *v1alpha1.Municipality) bool {
	return w.compiled[i].Matches(m.Name, m.Labels)
}

// names says whether a wave names a member.
func (w waves) names(i int, m *v1alpha1.Municipality) bool {
	return w.list[i].Members != nil && slices.Contains(w.list[i].Members.Names, m.Name)
}

// of is the wave that a member goes with; -1 where there are none.
func (w waves) of(m *v1alpha1.Municipality) int {
	return planner.WaveOf(w.compiled[:len(w.list)], m.Name, m.Labels)
}

// overlaps reports members that two waves reach for, so that which one they go with is
// nobody's decision. It is one where an earlier wave takes a member by name out of what a
// later one selects: that is how a pilot is picked.
func (w waves) overlaps(members []*v1alpha1.Municipality) []string {
	shared := map[[2]int][]string{}
	for _, m := range members {
		first := w.of(m)
		for i := first + 1; i < len(w.list); i++ {
			if w.matches(i, m) && (!w.names(first, m) || w.names(i, m)) {
				shared[[2]int{first, i}] = append(shared[[2]int{first, i}], m.Name)
			}
		}
	}
	faults := make([]string, 0, len(shared))
	for _, pair := range slices.SortedFunc(maps.Keys(shared), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }) {
		first, later := w.list[pair[0]].Name, w.list[pair[1]].Name
		faults = append(faults, fmt.Sprintf("spec.rollout.waves[%d].members: waves %s and %s overlap at %s, who go with %s, the first: let one of them leave these out",
			pair[1], first, later, Names(slices.Sorted(slices.Values(shared[pair])), maxShared), first))
	}
	return faults
}

// empty reports waves that no member goes with, and that the first of them has a stand-in.
func (w waves) empty(members []*v1alpha1.Municipality) []string {
	size := make([]int, len(w.list))
	for _, m := range members {
		if i := w.of(m); i >= 0 {
			size[i]++
		}
	}
	var notes []string
	for i := range w.list {
		if size[i] > 0 || w.list[i].Members == nil {
			continue
		}
		notes = append(notes, fmt.Sprintf("wave %s is empty: no %s goes with it%s (spec.rollout.waves[%d].members)", w.list[i].Name, w.noun, w.standIn(i), i))
	}
	return notes
}

// standIn says what follows where a wave is empty: the first of several has somebody all the same.
func (w waves) standIn(wave int) string {
	if wave == 0 && len(w.list) > 1 {
		return ", so somebody else stands in"
	}
	return ""
}

// strangers reports names in waves that no member has.
func (w waves) strangers(members []*v1alpha1.Municipality) []string {
	isMember := make(map[string]bool, len(members))
	for _, m := range members {
		isMember[m.Name] = true
	}
	var notes []string
	for i := range w.list {
		if w.list[i].Members == nil {
			continue
		}
		names := slices.DeleteFunc(slices.Sorted(slices.Values(w.list[i].Members.Names)), func(name string) bool { return isMember[name] })
		if len(names) > 0 {
			notes = append(notes, fmt.Sprintf("wave %s names who is no %s: %s (spec.rollout.waves[%d].members.names)", w.list[i].Name, w.noun, Names(names, maxNames), i))
		}
	}
	return notes
}
