package truth

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Ledger remembers what came about, as it truly was at that time. No fault of a world makes it forget.
type Ledger struct {
	rollouts map[string]*entry
	// brought is who brought each release to a place, the last time that it came.
	brought map[Key]map[v1alpha1.Release]*bringing
	// healthy are the releases that a place truly was healthy at.
	healthy map[Key]map[v1alpha1.Release]bool
	// ran are the same, in the order in which they last became so.
	ran map[Key][]v1alpha1.Release
	// verified are the releases that a place ran for so long that nobody can doubt them, in order.
	verified map[Key][]v1alpha1.Release
	// maybe are those that it was healthy at for less time than that, since the last of these.
	maybe map[Key]map[v1alpha1.Release]bool
	// completed are the releases that each group completed for an app, in order.
	completed map[string][]v1alpha1.Release
	// left are those of them that the group has left, as a Rollout of a lower version has moved somebody since, and
	// undone those since which a Rollout of a lower version was made, with its name.
	left   map[string]map[v1alpha1.Release]bool
	undone map[string]map[v1alpha1.Release]string
	// doubted are the groups and apps of which a Rollout, or its status, was lost.
	doubted map[string]bool
	// unasked are Rollouts that ended as nobody asked for the app, or for that version, any longer.
	unasked map[string]bool
	// made is the newest Rollout of each group and app, and endings are the attempts that ended.
	made    map[string]*v1alpha1.Rollout
	endings map[string]bool
	// erased are attempts whose records somebody deleted after they had ended.
	erased map[string]bool
	// planned is what each Rollout is about to say, as what is written first may rest on that.
	planned map[string]v1alpha1.RolloutPhase
	// returning are the members of each Rollout that go back, or are left as they are, in its next step.
	returning map[string]map[string]bool

	// touched is when the spec of a place was written last, lost are places whose status was lost
	// once, and shaky those that were unhealthy after they had been healthy.
	touched     map[Key]time.Time
	lost, shaky map[Key]bool
	// removed is what places had whose installations somebody deleted, until they are back.
	removed map[Key]v1alpha1.Release
	// refused are places that the API server lets nobody write to.
	refused map[Key]bool
	// watched is how long the operator has been looking in all, without the times in which it was down.
	watched time.Duration
	// wentBack is how far the clock was set back in all: by that much later does a deadline pass.
	wentBack time.Duration
	// pending is how much of what counts for deadlines had passed when each place began its way.
	pending map[Key]stretch
	// moved is for how long the operator had been looking when each place was moved.
	moved map[Key]stretch

	zones     map[string]*time.Location
	schedules map[string]cron.Schedule
	found     *found
}

// stretch is a time in which a place is on its way.
type stretch struct {
	rollout string
	since   time.Duration
	// again says that it follows one that was too long: in that, the place may have been suspended.
	again bool
}

// bringing is who brought a release to a place, and who found it there as what it brings itself.
type bringing struct {
	by    Group
	found map[Group]bool
}

// entry is what came about in one Rollout.
type entry struct {
	begun bool
	// completed is when the Rollout first said so, by the clock; zero while it has not.
	completed time.Time
	phase     v1alpha1.RolloutPhase
	// done are its waves that are done.
	done     map[string]bool
	verified map[string]bool
	// unsaid are waves that are done, and that the Rollout has not said to be done since its status was lost.
	unsaid map[string]bool
	// past are places that were verified when their wave was done.
	past map[Key]bool
	// returned are places that were taken back, or left as they are, and wentBack those that were taken back.
	returned, wentBack map[Key]bool
	// unverified are stages of members in which the version was not verified when what ran in an environment
	// that was taken out was uninstalled.
	unverified map[string][]v1alpha1.Stage
	// stoodIn is the member that had the version, and went first in place of others, and stoodInAs the name
	// that the first wave had then.
	stoodIn, stoodInAs string
	// failed are the members that were taken back, or left as they are, and borne those of them that had
	// failed when their wave was done.
	failed, borne map[string]bool
	// withdrawn are releases that its group had completed, and that were withdrawn when it was made.
	withdrawn map[v1alpha1.Release]bool
	// goesFirst is the member that is moved in the first wave at this moment, be it in place of others.
	goesFirst string
}

// NewLedger remembers nothing yet.
func NewLedger() *Ledger {
	return &Ledger{
		rollouts: map[string]*entry{}, brought: map[Key]map[v1alpha1.Release]*bringing{}, healthy: map[Key]map[v1alpha1.Release]bool{}, ran: map[Key][]v1alpha1.Release{},
		verified: map[Key][]v1alpha1.Release{}, maybe: map[Key]map[v1alpha1.Release]bool{}, completed: map[string][]v1alpha1.Release{}, left: map[string]map[v1alpha1.Release]bool{}, undone: map[string]map[v1alpha1.Release]string{}, doubted: map[string]bool{}, made: map[string]*v1alpha1.Rollout{},
		endings: map[string]bool{}, erased: map[string]bool{}, unasked: map[string]bool{}, planned: map[string]v1alpha1.RolloutPhase{}, returning: map[string]map[string]bool{},
		touched: map[Key]time.Time{}, lost: map[Key]bool{}, removed: map[Key]v1alpha1.Release{}, refused: map[Key]bool{}, shaky: map[Key]bool{},
		pending: map[Key]stretch{}, moved: map[Key]stretch{},
		zones: map[string]*time.Location{}, schedules: map[string]cron.Schedule{}, found: newFound(),
	}
}

func (l *Ledger) of(rollout string) *entry {
	e := l.rollouts[rollout]
	if e == nil {
		e = &entry{done: map[string]bool{}, verified: map[string]bool{}, past: map[Key]bool{}, returned: map[Key]bool{}, wentBack: map[Key]bool{}, failed: map[string]bool{}, borne: map[string]bool{}, unverified: map[string][]v1alpha1.Stage{}}
		l.rollouts[rollout] = e
	}
	return e
}

// isDone says whether a wave of a Rollout was done once.
func (e *entry) isDone(wave string) bool { return e.done[wave] }

// Healthy notes that a release truly became healthy at a place.
func (l *Ledger) Healthy(k Key, r v1alpha1.Release) {
	if l.healthy[k] == nil {
		l.healthy[k] = map[v1alpha1.Release]bool{}
	}
	l.healthy[k][r] = true
	l.ran[k] = append(slices.DeleteFunc(l.ran[k], func(other v1alpha1.Release) bool { return other == r }), r)
}

// Unhealthy notes that a place ceased to be healthy.
func (l *Ledger) Unhealthy(k Key) { l.shaky[k] = true }

// Touched notes that the spec of a place was written, to the second, as times are written.
func (l *Ledger) Touched(k Key, now time.Time) { l.touched[k] = now.Truncate(time.Second) }

// Lost notes that the status of a place was lost.
func (l *Ledger) Lost(k Key) {
	l.lost[k] = true
	delete(l.pending, k)
}

// Forgot notes that the status of a Rollout was lost: of members that failed and then uninstalled
// the app nothing else remains, nor of what a Rollout completed that is not the newest.
func (l *Ledger) Forgot(r *v1alpha1.Rollout) {
	e := l.of(r.Name)
	e.failed, e.past, e.unverified, e.stoodIn = map[string]bool{}, map[Key]bool{}, map[string][]v1alpha1.Stage{}, "" // nor of which waves were done
	e.completed, e.unsaid = time.Time{}, maps.Clone(e.done)
	l.doubted[subject(r)] = true
}

// Deleted notes that somebody deleted a Rollout: what it completed is known to nobody any longer.
func (l *Ledger) Deleted(r *v1alpha1.Rollout) {
	l.doubted[subject(r)] = true
	if ended(r) || l.endings[attempt(r)] { // that it had ended is known only from installations that it moved
		l.erased[attempt(r)] = true
	}
}

// Refused notes that the API server refuses whatever is written to a place.
func (l *Ledger) Refused(k Key) { l.refused[k] = true }

// Accepted notes that the API server takes again what is written to a place.
func (l *Ledger) Accepted(k Key) {
	delete(l.refused, k)
	delete(l.pending, k)
}

// Watched notes that the operator was looking for some time.
func (l *Ledger) Watched(d time.Duration) { l.watched += d }

// WentBack notes that the clock was set back.
func (l *Ledger) WentBack(d time.Duration) { l.wentBack += d }

// byTheClock is how much of what the operator has been looking counts for deadlines.
func (l *Ledger) byTheClock() time.Duration { return l.watched - l.wentBack }

// Removed notes that somebody deleted an installation by hand, and what it had.
func (l *Ledger) Removed(k Key, was *v1alpha1.AppInstallation) { l.removed[k] = releaseOf(was) }

// Gone notes that an installation is no more.
func (l *Ledger) Gone(k Key) {
	delete(l.brought, k)
	delete(l.pending, k)
	delete(l.moved, k)
	delete(l.verified, k)
	delete(l.maybe, k)
}

// uninstalled notes that a place is being uninstalled, as its municipality decided: what was verified there in a wave that is
// done says nothing about what is installed there later.
func (l *Ledger) uninstalled(k Key) {
	for _, e := range l.rollouts {
		delete(e.past, k)
	}
}

// mayBeVerified notes that a place leaves a release at which it may have been verified.
func (l *Ledger) mayBeVerified(k Key, r v1alpha1.Release) {
	if !l.healthy[k][r] {
		return
	}
	if l.maybe[k] == nil {
		l.maybe[k] = map[v1alpha1.Release]bool{}
	}
	l.maybe[k][r] = true
}

// brings notes who brought a release to a place.
func (l *Ledger) brings(k Key, r v1alpha1.Release, by Group) {
	if l.brought[k] == nil {
		l.brought[k] = map[v1alpha1.Release]*bringing{}
	}
	l.brought[k][r] = &bringing{by: by, found: map[Group]bool{}}
}

// finds notes that a group brings a release, and found it at a place.
func (l *Ledger) finds(k Key, r v1alpha1.Release, by Group) {
	if b := l.brought[k][r]; b != nil && !b.found[by] {
		b.found[by] = true
	}
}

// failsAfterwards notes that a member failed after it had left on its way: it is counted, also when it is
// a member again and others have brought another version since.
func (l *Ledger) failsAfterwards(k Key, was, is *v1alpha1.Move) {
	if was != nil && was.Outcome == "" && is != nil && is.Outcome != "" && is.Wave != "" {
		l.of(is.Rollout).failed[k.Municipality] = true
	}
}

// answer to a question that the rules may leave open.
type answer int

const (
	no answer = iota
	perhaps
	yes
)

// mayLower says whether a group may lower a release at a place: who brought it may. Whether one
// may that found it there, as what it brings itself, is left open.
func (l *Ledger) mayLower(k Key, r v1alpha1.Release, g Group) answer {
	b := l.brought[k][r]
	switch {
	case b == nil:
		return perhaps
	case b.by == g:
		return yes
	case b.found[g]:
		return perhaps
	}
	return no
}

// subject is a group and an app.
func subject(r *v1alpha1.Rollout) string {
	return r.Spec.Network + "/" + r.Spec.Channel + "/" + r.Spec.App
}

// attempt is one attempt of a group at a digest.
func attempt(r *v1alpha1.Rollout) string {
	return fmt.Sprintf("%s %s %d", subject(r), r.Spec.Digest, r.Spec.Attempt)
}

// completes notes that a group completed a release.
func (l *Ledger) completes(r *v1alpha1.Rollout) {
	all := slices.DeleteFunc(l.completed[subject(r)], func(other v1alpha1.Release) bool { return other == target(r) })
	l.completed[subject(r)] = append(all, target(r))
	delete(l.left[subject(r)], target(r))
	maps.DeleteFunc(l.undone[subject(r)], func(other v1alpha1.Release, _ string) bool {
		return other == target(r) || lower(other.Version, r.Spec.Version)
	})
}

// leaves notes that a group leaves what it completed, as a Rollout of a lower version moves somebody.
func (l *Ledger) leaves(r *v1alpha1.Rollout) {
	for _, higher := range l.completedAbove(r) {
		if l.left[subject(r)] == nil {
			l.left[subject(r)] = map[v1alpha1.Release]bool{}
		}
		l.left[subject(r)][higher] = true
	}
}

// undoes notes that a Rollout is made of a lower version than what its group completed.
func (l *Ledger) undoes(r *v1alpha1.Rollout) {
	for _, higher := range l.completedAbove(r) {
		if l.undone[subject(r)] == nil {
			l.undone[subject(r)] = map[v1alpha1.Release]string{}
		}
		l.undone[subject(r)][higher] = r.Name
	}
}

// completedAbove are the releases that the group of a Rollout completed, of a higher version than its own.
func (l *Ledger) completedAbove(r *v1alpha1.Rollout) []v1alpha1.Release {
	var all []v1alpha1.Release
	for _, done := range l.completed[subject(r)] {
		if lower(r.Spec.Version, done.Version) {
			all = append(all, done)
		}
	}
	return all
}
