package truth

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Member is a municipality that a group's Rollouts of an app count.
type Member struct {
	Municipality *v1alpha1.Municipality
	Places       []Somewhere
	// Elsewhere are its environments that do not follow the group.
	Elsewhere []Key
}

// Somewhere is a place of a member.
type Somewhere struct {
	Key
	Says
	Stage v1alpha1.Stage
}

type followed struct {
	group Group
	app   string
}

// Followers of the group of a Rollout, sorted by name.
func (t *Truth) Followers(r *v1alpha1.Rollout) []Member {
	at := followed{groupOf(r), r.Spec.App}
	known, ok := t.followers[at]
	if ok {
		return known
	}
	for _, name := range t.Ledger.found.sorted(t.Municipalities) {
		if f := t.memberOf(t.Municipalities[name], at); len(f.Places) > 0 {
			known = append(known, f)
		}
	}
	t.followers[at] = known
	return known
}

func (t *Truth) memberOf(m *v1alpha1.Municipality, at followed) Member {
	f := Member{Municipality: m}
	if !m.DeletionTimestamp.IsZero() {
		return f
	}
	for i := range m.Spec.Environments {
		e := &m.Spec.Environments[i]
		k := Key{m.Name, e.Name, at.app}
		s := t.saidAt(m, k)
		if s.Group != at.group {
			f.Elsewhere = append(f.Elsewhere, k)
			continue
		}
		if f.Places == nil {
			f.Places = make([]Somewhere, 0, len(m.Spec.Environments)-i)
		}
		f.Places = append(f.Places, Somewhere{k, s.Says, e.Stage})
	}
	return f
}

// member of the group of a Rollout, by name.
func (t *Truth) member(r *v1alpha1.Rollout, name string) (Member, bool) {
	m := t.Municipalities[name]
	if m == nil {
		return Member{}, false
	}
	f := t.memberOf(m, followed{groupOf(r), r.Spec.App})
	return f, len(f.Places) > 0
}

// standing is how a member is doing in a Rollout.
type standing int

const (
	waiting standing = iota
	onTheWay
	verified
	failed
	excused
	away
	// unclear is a member of which the rules leave open how it is doing.
	unclear
)

func (s standing) String() string {
	return [...]string{"waiting", "on the way", "verified", "failed", "excused", "away", "unclear"}[s]
}

// at says whether a place is asked to have a release.
func (t *Truth) at(k Key, r v1alpha1.Release) bool {
	i := t.Present(k)
	return i != nil && releaseOf(i) == r
}

// record of a Rollout on a place; nil where another moved the place last.
func (t *Truth) record(k Key, r *v1alpha1.Rollout) *v1alpha1.Move {
	i := t.Present(k)
	if i == nil {
		return nil
	}
	return recordOn(i, r)
}

func recordOn(i *v1alpha1.AppInstallation, r *v1alpha1.Rollout) *v1alpha1.Move {
	if i.Spec.Move == nil || i.Spec.Move.Rollout != r.Name {
		return nil
	}
	return i.Spec.Move
}

// started says whether a Rollout has moved a member.
func (t *Truth) started(f Member, r *v1alpha1.Rollout) bool {
	return movedIn(t, f, r, func(wave string) bool { return wave != "" })
}

// movedIn says whether a Rollout has moved a member in a wave that is of a kind, also in a place that its group has lost
// since: that is followed to its end.
func movedIn(t *Truth, f Member, r *v1alpha1.Rollout, is func(wave string) bool) bool {
	moved := func(k Key) bool {
		s := t.record(k, r)
		return s != nil && is(s.Wave)
	}
	return slices.ContainsFunc(f.Places, func(p Somewhere) bool { return moved(p.Key) }) || (removal{t}).anyLost(f, r, moved)
}

// hasFailed says whether a Rollout took a member back, or left it unhealthy.
func (t *Truth) hasFailed(f Member, r *v1alpha1.Rollout, soak time.Duration) bool {
	moved, e := false, t.Ledger.of(r.Name)
	if len(e.unverified[f.Municipality.Name]) > 0 { // in an environment that was taken out, and deleted
		return true
	}
	failed := func(k Key) bool {
		i := t.Present(k)
		if i == nil {
			return false
		}
		s := recordOn(i, r)
		moved = moved || (s != nil && s.Wave != "") || releaseOf(i) == target(r) // not where it got what was there before
		return s != nil && s.Outcome != "" &&
			(s.Outcome == v1alpha1.OutcomeReturned || t.unseen(k, soak) || !t.Reality[k].Steady(target(r), soak, t.Now))
	}
	if slices.ContainsFunc(f.Places, func(p Somewhere) bool { return failed(p.Key) }) || (removal{t}).anyLost(f, r, failed) {
		e.failed[f.Municipality.Name] = true // also where that was forgotten, as the status was lost
		return true
	}
	before, known := e.failed[f.Municipality.Name]
	if moved && (!known || (before && !wentElsewhere(t, f, r))) { // it is healthy after all
		e.failed[f.Municipality.Name] = false
	}
	return e.failed[f.Municipality.Name] // it uninstalled the app afterwards
}

// wentElsewhere says whether a Rollout took a place of a member back that follows the group no longer, and that another
// moved since: what failed there stays failed. One that could not go back may recover.
func wentElsewhere(t *Truth, f Member, r *v1alpha1.Rollout) bool {
	return slices.ContainsFunc(f.Elsewhere, func(k Key) bool { return t.record(k, r) == nil && t.Ledger.of(r.Name).wentBack[k] })
}

// unseen says whether nobody could see, before the writes of this moment, that a place has been healthy for
// the soak: its status was lost and began again.
func (t *Truth) unseen(k Key, soak time.Duration) bool {
	i := cmp.Or(t.Before.Installation(k), t.Installation(k))
	since := i.Status.HealthySince
	return since == nil || since.Add(soak).After(t.Now)
}

// Stand is how a member is doing.
func (t *Truth) stand(f Member, r *v1alpha1.Rollout, wave Wave) standing {
	takes, doubt := false, false
	for _, p := range f.Places {
		takes, doubt = takes || p.Takes(), doubt || p.Unclear
	}
	e := t.Ledger.of(r.Name)
	switch {
	case t.hasFailed(f, r, wave.Soak):
		return failed
	case f.Municipality.Spec.Suspend.IsSuspended() || !takes:
		return excused
	case e.verified[f.Municipality.Name]:
		return verified
	case doubt, removal{t}.holdsBack(f, r, wave):
		return unclear
	}
	for _, stage := range stages {
		if at, stays := t.stage(f, r, wave, stage); stays {
			return at
		}
	}
	e.verified[f.Municipality.Name] = true
	return verified
}

// stage is how a member is doing in one stage, and whether it is not through with it. One that this
// Rollout has not moved waits for its turn, also where it has the version in part.
func (t *Truth) stage(f Member, r *v1alpha1.Rollout, wave Wave, stage v1alpha1.Stage) (at standing, stays bool) {
	gone, found, kept, started := false, false, false, t.started(f, r)
	for _, p := range f.Places {
		if !p.Takes() || p.Stage != stage {
			continue
		}
		switch t.placed(p.Key, r, wave) {
		case verified:
			continue
		case onTheWay:
			if started {
				return onTheWay, true
			}
			found = true
		case unclear:
			return unclear, true
		case away:
			gone = true
		case waiting, failed, excused:
			kept = kept || ptr.Deref(f.Municipality.Spec.Pause, false) || !t.startsSoon(f.Municipality, wave.Deadline)
		}
		stays = true
	}
	switch {
	case kept, gone && !found:
		return away, stays
	case started, found:
		return onTheWay, stays
	}
	return waiting, stays
}

// placed is how one place is doing.
func (t *Truth) placed(k Key, r *v1alpha1.Rollout, wave Wave) standing {
	there := t.at(k, target(r))
	i := t.Installation(k)
	suspended := i != nil && ptr.Deref(i.Spec.Suspend, false)
	switch {
	case t.Ledger.refused[k], there && i.Status.ObservedGeneration < 0, there && suspended && !t.seen(k):
		return unclear // nobody can see how it is doing, or it can't be written
	case there && (t.Reality[k].Soaked(target(r), wave.Soak, t.Now) || t.longAgo(k, r) || t.onceAfter(k, r, wave.Soak)):
		return verified
	case suspended, t.unready(k) != "", there && t.movedUnseen(k, r):
		return away
	case there:
		return onTheWay
	case t.absent(k, r.Spec.Version) != "":
		return away
	case returns{t}.mayLack(k, r.Spec.Version):
		return unclear
	}
	return waiting
}

// movedUnseen says whether nobody could see, before the writes of this moment, that a place was moved to what a
// Rollout brings, and it could not be moved by what was seen: an app that it requires was moved as well.
func (t *Truth) movedUnseen(k Key, r *v1alpha1.Rollout) bool {
	was := t.Before.Present(k)
	return (was == nil || releaseOf(was) != target(r)) && t.absent(k, r.Spec.Version) != ""
}

// longAgo says whether a place was moved before its Rollout completed, and was healthy with the version ever:
// what becomes of it afterwards is not the Rollout's any more.
func (t *Truth) longAgo(k Key, r *v1alpha1.Rollout) bool {
	s, completed := t.record(k, r), t.Ledger.of(r.Name).completed
	return !completed.IsZero() && (s == nil || !s.MovedAt.After(completed)) && t.Ledger.healthy[k][target(r)]
}

// onceAfter says whether a place that came late soaked after the Rollout, or its wave, was done.
func (t *Truth) onceAfter(k Key, r *v1alpha1.Rollout, soak time.Duration) bool {
	runs, s, e := t.Reality[k], t.record(k, r), t.Ledger.of(r.Name)
	done := !e.completed.IsZero() || (s != nil && e.isDone(s.Wave))
	return done && runs != nil && runs.Release == target(r) && runs.Longest > 0 && runs.Longest >= soak
}

// absent says why a place can't be moved to a version now although it takes part; empty if it can.
func (t *Truth) absent(k Key, version string) string {
	if why := t.unready(k); why != "" {
		return why
	}
	if i := t.Installation(k); i != nil && ptr.Deref(i.Spec.Suspend, false) {
		return "its installation is suspended"
	}
	if app := t.lacks(k, version); app != "" {
		return "it requires " + app
	}
	return ""
}

// unready says why the environment of a place is no place for a version now; empty if it is one.
func (t *Truth) unready(k Key) string {
	if t.Missing[v1alpha1.NamespaceFor(k.Municipality, k.Environment)] {
		return "its environment does not exist"
	}
	m := t.Municipalities[k.Municipality]
	if m != nil && !isReady(m, k.Environment) {
		return "its environment is not ready"
	}
	if other := t.numberOf(m); other != "" {
		return "its number is that of " + other
	}
	return ""
}

// numberOf is who has a number that a municipality claims, and is older: nothing is done in the name of the
// younger one. Of two of one age the name decides. Empty where nobody has.
func (t *Truth) numberOf(m *v1alpha1.Municipality) string {
	if t.owners == nil {
		t.owners = map[string]*v1alpha1.Municipality{}
		for _, name := range Sorted(t.Municipalities) {
			claims := t.Municipalities[name]
			for _, number := range append([]string{claims.Spec.Number}, claims.Spec.FormerNumbers...) {
				if owner := t.owners[number]; owner == nil || claims.CreationTimestamp.Before(&owner.CreationTimestamp) {
					t.owners[number] = claims
				}
			}
		}
	}
	if m == nil {
		return ""
	}
	for _, number := range append([]string{m.Spec.Number}, m.Spec.FormerNumbers...) {
		if owner := t.owners[number]; owner.Name != m.Name {
			return owner.Name
		}
	}
	return ""
}

// isReady says whether an environment has all that an app may count on, as far as anybody has looked.
func isReady(m *v1alpha1.Municipality, environment string) bool {
	if m.Status.ObservedGeneration < 1 {
		return true
	}
	return slices.ContainsFunc(m.Status.Environments, func(e v1alpha1.EnvironmentStatus) bool {
		return e.Name == environment && e.State == v1alpha1.EnvironmentReady
	})
}
