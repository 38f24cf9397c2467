package country

import (
	"cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// place is one verdict, as a rollout counts it.
func (c compiler) place(t *Tenant, row *Row) planner.MemberPlace {
	p := planner.MemberPlace{Environment: row.Verdict.Environment, Stage: t.Municipality.Spec.StageOf(row.Verdict.Environment)}
	if there := row.Installed; there != nil && there.Spec.State != v1alpha1.InstallationAbsent {
		p.Installed = planner.Observe(there)
	}
	p.Excuse = c.excuse(t, row) //guard:excuses
	if p.Installed == nil {
		p.Barred = c.barred(t, row)
	}
	return p
}

// barred are the versions other than the target that can't be installed at a place, as a joiner may get what
// its group runs before its turn comes. What is not offered any longer nobody gets.
func (c compiler) barred(t *Tenant, row *Row) []string {
	v, app := row.Verdict, c.Apps.Of(row.Verdict.App)
	environment := t.Municipality.Spec.Environment(v.Environment)
	if environment == nil {
		return nil
	}

	var all []string
	for _, version := range app.Versions() {
		number := version.Number
		if number == v.Target.Version || app.IsWithdrawn(number) {
			continue
		}
		if app.Unfit(number, environment, tenancy.Zone(t.Municipality, environment)) != nil ||
			c.unmet(t, v.Place, number) != nil || v.UnfitParameters(app, number) != nil {
			all = append(all, number)
		}
	}
	return all
}

// excuse of a place. What stands in the way of everybody, such as a version that is not
// available, is no excuse: the whole rollout waits for that.
func (c compiler) excuse(t *Tenant, row *Row) planner.Excuse {
	v := row.Verdict
	if v.Why != "" && !v.Everybody {
		return planner.Excuse{Reason: string(v.Why), Message: cmp.Or(v.Message, v.DecidedBy.Reason)}
	}
	if gone := absence(t, row); gone.Reason != "" {
		return gone
	}
	return c.lacks(t, row, v.Target)
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

// lacks is the excuse of a place where an app that a version requires is not there yet. A place
// that has the version already needs none.
func (c compiler) lacks(t *Tenant, row *Row, target v1alpha1.Release) planner.Excuse {
	v, there := row.Verdict, row.Installed
	if there != nil && there.Spec.Version == target.Version && there.Spec.Digest == target.Digest {
		return planner.Excuse{}
	}
	if unmet := c.unmet(t, v.Place, target.Version); unmet != nil { //guard:required-apps-must-run
		return planner.Excuse{Reason: string(unmet.Reason), Message: v.Environment + ": " + v.App + " requires " + unmet.Message, Away: true}
	}
	return planner.Excuse{}
}

// unmet is the first app that a version requires and that is not there yet; nil where none is missing.
func (c compiler) unmet(t *Tenant, place resolution.Place, version string) *catalogue.Fault {
	for _, needed := range c.Apps.Of(place.App).Version(version).Requires() {
		if unmet := needed.Unmet(t.Installed[resolution.Place{App: needed.App, Environment: place.Environment}]); unmet != nil {
			return unmet
		}
	}
	return nil
}

func compareRows(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.Verdict.Environment, b.Verdict.Environment), cmp.Compare(a.Verdict.App, b.Verdict.App))
}
