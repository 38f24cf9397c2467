package country

import (
	"cmp"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// OwnPlan is what a municipality does next with the versions that it decides on by itself.
type OwnPlan struct {
	// Moves sorted by app.
	Moves []OwnMove
	// Waits are what places wait for; those that wait for nothing are not in it.
	Waits map[resolution.Place]planner.Wait
	// Held are places in environments that were taken out, and in which a version was not verified that a
	// later stage is to get: what is installed there is the only record of it.
	Held map[resolution.Place]bool
	// Again is when time alone may change this; zero if never.
	Again time.Time
}

// OwnMove is a move of one app.
type OwnMove struct {
	planner.Move

	App string
}

// Own works out the next step of a municipality's own moves.
func (c *Country) Own(t *Tenant) OwnPlan {
	out := OwnPlan{Waits: map[resolution.Place]planner.Wait{}, Held: map[resolution.Place]bool{}}
	if t.Municipality == nil || !t.Municipality.DeletionTimestamp.IsZero() {
		return out
	}
	for _, app := range t.ownApps() {
		step := planner.PlanOwn(planning{c}.own(t, app))
		out.Again = calendar.Earliest(out.Again, step.Again)
		for _, move := range step.Moves {
			out.Moves = append(out.Moves, OwnMove{move, app})
		}
		for _, environment := range step.Unverified {
			if place := (resolution.Place{App: app, Environment: environment}); t.namesLater(t.Installed[place]) { //guard:own-record-stays -> false
				out.Held[place] = true
			}
		}
		for environment, wait := range step.Waits {
			out.Waits[resolution.Place{App: app, Environment: environment}] = wait
		}
	}
	return out
}

// ownApps are the apps of which the municipality decides on a version by itself, or did in an environment
// that was taken out, sorted.
func (t *Tenant) ownApps() []string {
	var all []string
	for place := range t.Installed {
		if t.wasRemoved(place) {
			all = append(all, place.App)
		}
	}
	for _, row := range t.Rows {
		if row.Own != nil {
			all = append(all, row.Verdict.App)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// hasOwn says whether the municipality decides on a version of an app by itself. One that is not
// there does not.
func (t *Tenant) hasOwn(app string) bool {
	return t != nil && slices.ContainsFunc(t.Rows, func(row *Row) bool { return row.Own != nil && row.Verdict.App == app })
}

func (p planning) own(t *Tenant, name string) planner.OwnInput {
	app, waves := p.Apps.Of(name), p.strategyOf(Direct).Waves
	last := waves[len(waves)-1]
	own := planner.OwnInput{
		Municipality: t.Name, App: name, Suspended: t.Municipality.Spec.Suspend.IsSuspended(), Frozen: t.Municipality.Spec.Suspend.IsFrozen(), Paused: isTrue(t.Municipality.Spec.Pause),
		Calendar: t.Calendar, Soak: last.Soak, ProgressDeadline: last.ProgressDeadline,
		Releases: availability(app), Gates: p.brakes(app), Outages: p.outages, Now: p.Now,
	}
	for _, row := range t.Rows {
		if row.Own != nil && row.Verdict.App == name {
			place := *row.Own
			place.SecurityFix = app.IsSecurityFix(place.Target.Version)
			own.Places = append(own.Places, place)
		}
	}
	own.Places = append(own.Places, t.removed(name)...)
	return own
}

// removed are the environments that left the spec while the municipality's own move was under way in
// them, or had failed: what failed in test does not come to production because test is taken out.
func (t *Tenant) removed(app string) []planner.OwnPlace {
	var all []planner.OwnPlace
	for place, i := range t.Installed {
		if place.App != app || !t.wasRemoved(place) {
			continue
		}
		all = append(all, planner.OwnPlace{
			MemberPlace: placeTakenOut(place, i),
			Target:      i.Spec.Move.Target,
		})
	}
	slices.SortFunc(all, func(a, b planner.OwnPlace) int { return cmp.Compare(a.Environment, b.Environment) })
	return all
}

// wasRemoved says whether a place is in an environment that left the spec, and the municipality's own
// move was the last there.
func (t *Tenant) wasRemoved(place resolution.Place) bool {
	return t.takenOut(place) && movedItself(t.Installed[place])
}

// movedItself says whether the last move of an installation was its municipality's own.
func movedItself(i *v1alpha1.AppInstallation) bool {
	_, byGroup := movedBy(i)
	return i.Spec.Move != nil && !byGroup
}

// namesLater says whether the municipality names the version of its last move at a place for a later
// stage, also where that can't be had for now.
func (t *Tenant) namesLater(i *v1alpha1.AppInstallation) bool {
	return slices.ContainsFunc(t.Rows, func(row *Row) bool {
		v := row.Verdict
		return v.App == i.Spec.App && v.ByItself() && !v.Immediate && v.Wanted == i.Spec.Move.Target.Version &&
			planner.IsLater(t.Municipality.Spec.StageOf(v.Environment), i.Spec.Tenant.Stage) && (row.Installed == nil || row.Installed.Spec.Version != v.Wanted)
	})
}

// ownPlace is a place where the municipality brings a version by itself, or where a move has to be
// followed to its end that nobody else follows; nil elsewhere. It also says when time alone may change that.
func (c compiler) ownPlace(t *Tenant, row *Row) (own *planner.OwnPlace, until time.Time) {
	v, p := row.Verdict, planner.OwnPlace{MemberPlace: row.Place}
	switch {
	case v.Action == resolution.Install && v.ByItself():
		p.Target, p.Immediate = v1alpha1.Release{Version: v.Version, Digest: v.Digest}, v.Immediate
		p.Excuse, until = c.away(t, row, p.Target)
	case v.Action == resolution.Keep && row.Place.Installed != nil && unfollowed(v, row.Installed):
		p.Target = row.Place.Installed.Release
		p.Excuse = absence(t, row)
	default:
		return nil, time.Time{}
	}
	return &p, until
}

// unfollowed says whether nobody follows the last move of an installation whose version is kept: the
// group that made it has the place no longer. A hold keeps what is there even if that fails; but
// while what it brought itself is the first, the other stages wait for it.
func unfollowed(v resolution.Verdict, i *v1alpha1.AppInstallation) bool {
	move := i.Spec.Move
	switch {
	case move == nil || v.Why == resolution.Deferred:
		return false
	case v.Why == resolution.Held:
		return movedItself(i) && i.Spec.LastVerified == nil && !v.Immediate
	}
	return resolution.Group{Network: move.Network, Channel: move.Channel} != v.Group || movedItself(i)
}
