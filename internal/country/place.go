package country

import (
	"cmp"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// place is one verdict, as a rollout counts it, and when time alone may change that; zero if never.
func (c compiler) place(t *Tenant, row *Row) (p planner.MemberPlace, until time.Time) {
	p.Environment, p.Stage = row.Verdict.Environment, t.Municipality.Spec.StageOf(row.Verdict.Environment)
	if there := row.Installed; there != nil && there.Spec.State != v1alpha1.InstallationAbsent {
		p.Installed = planner.Observe(there)
	}
	p.Excuse, until = c.excuse(t, row) //guard:excuses
	if p.Installed == nil {
		var fits time.Time
		p.Barred, fits = c.barred(t, row)
		until = calendar.Earliest(until, fits)
	}
	return p, until
}

// barred are the versions other than the target that can't be installed at a place, as a joiner may get what
// its group runs before its turn comes, and when time alone may change that. What is not offered any longer nobody gets.
func (c compiler) barred(t *Tenant, row *Row) (all []string, until time.Time) {
	v, app := row.Verdict, c.Apps.Of(row.Verdict.App)
	environment := t.Municipality.Spec.Environment(v.Environment)
	if environment == nil {
		return nil, time.Time{}
	}

	for _, version := range app.Versions() {
		number := version.Number
		if number == v.Target.Version || app.IsWithdrawn(number) {
			continue
		}
		unmet, met := c.unmet(t, v.Place, number)
		if app.Unfit(number, environment, tenancy.Zone(t.Municipality, environment)) != nil || unmet != nil || v.UnfitParameters(app, number) != nil {
			all, until = append(all, number), calendar.Earliest(until, met)
		}
	}
	return all, until
}

// excuse of a place, and when time alone may end it; zero if never. What stands in the way of everybody, such as a version
// that is not available, is no excuse: the whole rollout waits for that.
func (c compiler) excuse(t *Tenant, row *Row) (planner.Excuse, time.Time) {
	v := row.Verdict
	if v.Why != "" && !v.Everybody {
		return planner.Excuse{Reason: string(v.Why), Message: cmp.Or(v.Message, v.DecidedBy.Reason)}, time.Time{}
	}
	return c.away(t, row, v.Target)
}

// away is the excuse of a place that can't be moved to a target for now, and when time alone may end it; zero if never.
func (c compiler) away(t *Tenant, row *Row, target v1alpha1.Release) (planner.Excuse, time.Time) {
	if gone := absence(t, row); gone.Reason != "" {
		return gone, time.Time{}
	}
	return c.lacks(t, row, target)
}

// absence is the excuse of a place that can't be changed now, by anybody.
func absence(t *Tenant, row *Row) planner.Excuse {
	environment, there := row.Verdict.Environment, row.Installed
	if taken := t.numberExcuse(); taken.Reason != "" { //guard:number-taken
		return taken
	}
	if t.Incomplete[environment] { //guard:environment-must-exist
		return planner.Excuse{Reason: v1alpha1.ReasonEnvironmentNotReady, Message: "environment " + environment + " is not ready", Away: true}
	}
	if there != nil && isTrue(there.Spec.Suspend) {
		return planner.Excuse{Reason: v1alpha1.ReasonSuspended, Message: "the AppInstallation in " + there.Namespace + " is suspended (spec.suspend)", Away: true}
	}
	if row.Refused != nil { //guard:refused-is-away
		return row.Refused.excuse()
	}
	if row.Remembered != nil { // its app runs on: a move to what the group has would lower its version
		return planner.Excuse{Reason: v1alpha1.ReasonInstalling, Message: "the AppInstallation of " + row.Verdict.App + " in " + environment + " was deleted, and is written again first", Away: true}
	}
	return planner.Excuse{}
}

// lacks is the excuse of a place where an app that a version requires is not there yet, and when time alone may end
// that. A place that has the version already needs none.
func (c compiler) lacks(t *Tenant, row *Row, target v1alpha1.Release) (planner.Excuse, time.Time) {
	v, there := row.Verdict, row.Installed
	if there != nil && there.Spec.Version == target.Version && there.Spec.Digest == target.Digest {
		return planner.Excuse{}, time.Time{}
	}
	if unmet, until := c.unmet(t, v.Place, target.Version); unmet != nil { //guard:required-apps-must-run
		return planner.Excuse{Reason: string(unmet.Reason), Message: v.Environment + ": " + v.App + " requires " + unmet.Message, Away: true}, until
	}
	return planner.Excuse{}, time.Time{}
}

func compareRows(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.Verdict.Environment, b.Verdict.Environment), cmp.Compare(a.Verdict.App, b.Verdict.App))
}
