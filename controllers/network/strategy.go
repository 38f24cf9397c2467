package network

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/rollout"
)

const (
	// maxShared is how many members that two waves share are named.
	maxShared = 3
	// shortDigest is what of a digest is shown: sha256: and twelve digits.
	shortDigest = 19
)

// checkStrategy finds what is wrong with spec.rollout. Faults are what a person must mend.
// Where there are none, notes are what may well be meant, such as a wave for members that are
// still to come; they stop nobody. What a schema can tell, admission has refused.
func checkStrategy(n *v1alpha1.Network, members []*v1alpha1.Municipality, apps map[string]*v1alpha1.SharedApp) (faults []condition.Outcome, notes []string) {
	s := n.Spec.Rollout
	if s == nil {
		return nil, nil
	}
	compiled, misread := rollout.Compile(s)
	for _, f := range misread {
		faults = append(faults, invalid("spec.rollout.%s", f))
	}
	picked := waves{list: s.Waves, compiled: compiled.Waves}
	faults = append(faults, picked.overlaps(members)...)
	faults = append(faults, digestFaults(n, apps)...)
	if len(faults) == 0 && len(members) > 0 {
		notes = append(picked.empty(members), picked.strangers(members)...)
	}
	return faults, notes
}

// waves are those that the network lists, as they stand there and compiled.
type waves struct {
	list     []v1alpha1.Wave
	compiled []rollout.Wave
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

// of is the wave that a member goes with: the first that matches it, else the last.
func (w waves) of(m *v1alpha1.Municipality) int {
	for i := range w.list {
		if w.matches(i, m) {
			return i
		}
	}
	return len(w.list) - 1
}

// overlaps tells of members that two waves reach for, so that which one they go with is
// nobody's decision. It is one where an earlier wave takes a member by name out of what a
// later one selects: that is how a pilot is picked.
func (w waves) overlaps(members []*v1alpha1.Municipality) []condition.Outcome {
	shared := map[[2]int][]string{}
	for _, m := range members {
		first := w.of(m)
		for i := first + 1; i < len(w.list); i++ {
			if w.matches(i, m) && (!w.names(first, m) || w.names(i, m)) {
				shared[[2]int{first, i}] = append(shared[[2]int{first, i}], m.Name)
			}
		}
	}
	faults := make([]condition.Outcome, 0, len(shared))
	for _, pair := range slices.SortedFunc(maps.Keys(shared), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }) {
		first, later := w.list[pair[0]].Name, w.list[pair[1]].Name
		faults = append(faults, invalid("spec.rollout.waves[%d].members: waves %s and %s overlap at %s, who go with %s, the first: let one of them leave these out",
			pair[1], first, later, listed(slices.Sorted(slices.Values(shared[pair])), maxShared), first))
	}
	return faults
}

// empty tells of waves that no member goes with.
func (w waves) empty(members []*v1alpha1.Municipality) []string {
	size := make([]int, len(w.list))
	for _, m := range members {
		if i := w.of(m); i >= 0 {
			size[i]++
		}
	}
	var notes []string
	for i := range w.list {
		if size[i] == 0 && w.list[i].Members != nil {
			notes = append(notes, fmt.Sprintf("wave %s is empty: no member of the network goes with it (spec.rollout.waves[%d].members)", w.list[i].Name, i))
		}
	}
	return notes
}

// strangers tells of names in waves that are no members.
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
			notes = append(notes, fmt.Sprintf("wave %s names who is no member: %s (spec.rollout.waves[%d].members.names)", w.list[i].Name, listed(names, maxNames), i))
		}
	}
	return notes
}

// digestFaults tells of approvals and retries that can't match any version, as their app has
// none with that digest. Those of past versions are history, and stay as long as one likes.
func digestFaults(n *v1alpha1.Network, apps map[string]*v1alpha1.SharedApp) []condition.Outcome {
	var faults []condition.Outcome
	check := func(field, app, digest string) {
		if apps[app] != nil && !mayHave(apps[app], digest) {
			faults = append(faults, invalid("spec.rollout.%s.digest %s...: no version of SharedApp %s has it: copy spec.digest of the Rollout that is meant, or take the entry out",
				field, digest[:min(len(digest), shortDigest)], app))
		}
	}
	for i, a := range n.Spec.Rollout.Approvals {
		check(fmt.Sprintf("approvals[%d]", i), a.App, a.Digest)
	}
	for i, r := range n.Spec.Rollout.Retries {
		check(fmt.Sprintf("retries[%d]", i), r.App, r.Digest)
	}
	return faults
}

// mayHave says whether a version of the app has the digest, or one may turn out to have it:
// the digest of a bundle that the catalogue has not read yet is not known.
func mayHave(app *v1alpha1.SharedApp, digest string) bool {
	known := make(map[string]string, len(app.Status.Versions))
	for _, s := range app.Status.Versions {
		known[s.Version] = s.Digest
	}
	for _, v := range app.Spec.Versions {
		has := known[v.Version]
		if v.Source.OCI != nil {
			has = v.Source.OCI.Digest
		}
		if has == "" || has == digest {
			return true
		}
	}
	return false
}

// listed names some of many.
func listed(names []string, most int) string {
	shown := strings.Join(names[:min(len(names), most)], ", ")
	if left := len(names) - most; left > 0 {
		return fmt.Sprintf("%s and %d more", shown, left)
	}
	return shown
}
