package country

import (
	"cmp"
	"slices"

	"github.com/tidwall/btree"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Direct is the name of the municipalities that follow a channel by their own decision, where a
// group is named. No network can have this name.
const Direct = "direct"

// Subject is one app that one group wants, or wanted once. It is never changed: another takes
// its place.
type Subject struct {
	Group resolution.Group
	App   string
	// Channel of the app that the group follows.
	Channel string
	// Priority of the app within the group: the greater goes first.
	Priority int32
	// Asked says that the group asks for the app now.
	Asked bool
	// Records are the Rollouts of the app to the group, sorted by name.
	Records []*v1alpha1.Rollout
	// Revision changes whenever anything does that the plan of the subject rests on.
	Revision uint64
	// Turned is the revision in which a Rollout of it came, went or reached another wave or phase:
	// what its members wait for may be another thing since.
	Turned uint64

	// members by name.
	members btree.Map[string, *planner.Member]
	// moved are the installations that a rollout of the subject moved last, wherever they are
	// now, by the names of municipality and environment.
	moved btree.Map[string, *v1alpha1.AppInstallation]
}

func (s *Subject) key() subjectKey { return subjectKey{s.Group, s.App} }

// copy is a subject that may be changed without changing this one.
func (s *Subject) copy() *Subject {
	next := *s
	next.members, next.moved = *s.members.Copy(), *s.moved.Copy()
	return &next
}

// asks says whether there is anything to do about a subject: somebody asks for it, or once did.
func (s *Subject) asks() bool { return s.Asked || len(s.Records) > 0 }

// empty says whether nothing is left to report of a subject.
func (s *Subject) empty() bool { return !s.asks() && s.members.Len() == 0 && s.moved.Len() == 0 }

// Current is the Rollout that goes on, or that completed last; nil where there is none.
func (s *Subject) Current() *v1alpha1.Rollout {
	if s == nil {
		return nil
	}
	return planner.Choose(s.Records, planner.Wish{Asked: true}).Current
}

// Members of the group that the app is for, sorted by name, those included that are excused.
func (s *Subject) Members() []planner.Member {
	all := make([]planner.Member, 0, s.members.Len())
	s.members.Scan(func(_ string, m *planner.Member) bool {
		all = append(all, *m)
		return true
	})
	return all
}

// record finds a Rollout by name; nil where there is none.
func (s *Subject) record(name string) *v1alpha1.Rollout {
	at, found := slices.BinarySearchFunc(s.Records, name, byName)
	if !found {
		return nil
	}
	return s.Records[at]
}

func byName(r *v1alpha1.Rollout, name string) int { return cmp.Compare(r.Name, name) }

// setRecord puts a Rollout in the place of the one of its name, and returns that; nil takes it out.
func (s *Subject) setRecord(name string, r *v1alpha1.Rollout) (was *v1alpha1.Rollout) {
	at, found := slices.BinarySearchFunc(s.Records, name, byName)
	all := slices.Clone(s.Records)
	if found {
		was = all[at]
		all = slices.Delete(all, at, at+1)
	}
	if r != nil {
		all = slices.Insert(all, at, r)
	}
	s.Records = all
	return was
}

// left are the municipalities that a rollout moved and that are no members any longer.
func (s *Subject) left(r *v1alpha1.Rollout) []planner.Left {
	gone := s.movedBy(r, func(name, _ string) bool {
		_, stays := s.members.Get(name)
		return !stays
	})
	for _, m := range r.Status.Memory { // whose installations went with them
		_, known := gone[m.Name]
		_, stays := s.members.Get(m.Name)
		if !known && m.Reason == v1alpha1.MemoryFailed && !stays {
			gone[m.Name] = planner.Left{Name: m.Name, Wave: m.Wave, Failed: true}
		}
	}
	return inOrder(gone)
}

// elsewhere are the members of which a rollout moved a place that follows the group no longer. They matter where
// its status says nothing.
func (s *Subject) elsewhere(r *v1alpha1.Rollout) []planner.Left {
	if r.Status.Phase != "" {
		return nil
	}
	return inOrder(s.movedBy(r, func(name, environment string) bool {
		m, stays := s.members.Get(name)
		return stays && !slices.ContainsFunc(m.Places, func(p planner.MemberPlace) bool { return p.Environment == environment })
	}))
}

// movedBy are the municipalities that a rollout moved, each with those of its places that are asked for, by name.
func (s *Subject) movedBy(r *v1alpha1.Rollout, asked func(name, environment string) bool) map[string]planner.Left {
	all := map[string]planner.Left{}
	s.moved.Scan(func(_ string, i *v1alpha1.AppInstallation) bool {
		name, place, _ := installation.PlaceOf(i)
		if i.Spec.Move.Rollout != r.Name || i.Spec.Move.Wave == "" || !asked(name, place.Environment) {
			return true
		}
		if i.Spec.State == v1alpha1.InstallationAbsent && !failedBefore(r, i) {
			return true // it is uninstalled, which is no failure of the version
		}
		l := all[name]
		l.Name, l.Wave = name, max(l.Wave, i.Spec.Move.Wave) // of two, where waves were edited, always the same
		l.Failed = l.Failed || failedForGood(i)              //guard:failed-and-left-counts
		l.Places = append(l.Places, planner.MemberPlace{
			Environment: place.Environment, Stage: i.Spec.Tenant.Stage, Installed: planner.Observe(i),
		})
		all[name] = l
		return true
	})
	return all
}

func inOrder(left map[string]planner.Left) []planner.Left {
	all := make([]planner.Left, 0, len(left))
	for _, name := range sortedKeys(left) {
		all = append(all, left[name])
	}
	return all
}

// failedForGood says whether nothing that an installation of who failed and left does undoes that: it went back,
// or is uninstalled, as its other places may be, so that it is healthy no longer.
func failedForGood(i *v1alpha1.AppInstallation) bool {
	return i.Spec.Move.Outcome == v1alpha1.OutcomeReturned || i.Spec.State == v1alpha1.InstallationAbsent
}

// failedBefore says whether an installation that is uninstalled now had failed in a rollout. One that
// could not go back may have recovered, which nothing but the rollout's memory shows by now.
func failedBefore(r *v1alpha1.Rollout, i *v1alpha1.AppInstallation) bool {
	if i.Spec.Move.Outcome != v1alpha1.OutcomeStuck || r.Status.Phase == "" {
		return i.Spec.Move.Outcome != ""
	}
	municipality, _, _ := installation.PlaceOf(i)
	return slices.ContainsFunc(r.Status.Memory, func(m v1alpha1.MemberMemory) bool {
		return m.Name == municipality && m.Reason == v1alpha1.MemoryFailed
	})
}

// hasMoved says whether an installation records a move of a rollout.
func (s *Subject) hasMoved(name string) bool {
	return s.recorded(func(move *v1alpha1.Move) bool { return move.Rollout == name })
}

// hasBegun says whether an installation records that a rollout moved it in a wave.
func (s *Subject) hasBegun(name string) bool {
	return s.recorded(func(move *v1alpha1.Move) bool { return move.Rollout == name && move.Wave != "" })
}

// recorded says whether an installation records a move that is of a kind.
func (s *Subject) recorded(is func(*v1alpha1.Move) bool) bool {
	found := false
	s.moved.Scan(func(_ string, i *v1alpha1.AppInstallation) bool {
		found = is(i.Spec.Move)
		return !found
	})
	return found
}

// attempts at a release that installations report, by their latest move, in order.
func (s *Subject) attempts(wanted *v1alpha1.Release) []planner.Moved {
	if wanted == nil {
		return nil
	}
	last := map[int32]planner.Moved{}
	s.moved.Scan(func(_ string, i *v1alpha1.AppInstallation) bool {
		move := i.Spec.Move
		if move.Target.Version == wanted.Version && !last[move.Attempt].At.After(move.MovedAt.Time) {
			last[move.Attempt] = planner.Moved{Attempt: move.Attempt, At: move.MovedAt.Time}
		}
		return true
	})

	all := make([]planner.Moved, 0, len(last))
	for _, moved := range last {
		all = append(all, moved)
	}
	slices.SortFunc(all, func(a, b planner.Moved) int { return cmp.Compare(a.Attempt, b.Attempt) })
	return all
}
