package country

import (
	"cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/dependency"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// The reasons of places that are away, besides those of package rollout.
const (
	reasonEnvironment = "EnvironmentPending"
	reasonDependency  = "DependencyMissing"
)

// place is one verdict, as a rollout counts it.
func (c compiler) place(t *Tenant, row *Row) rollout.Place {
	p := rollout.Place{Environment: row.Verdict.Environment, Stage: t.Municipality.Spec.StageOf(row.Verdict.Environment)}
	if there := row.Installed; there != nil && there.Spec.State != v1alpha1.InstallationAbsent {
		p.Installed = rollout.Observe(there)
	}
	p.Excuse = c.excuse(t, row) //guard:excuses
	return p
}

// excuse of a place. What stands in the way of everybody, such as a version that is not
// available, is no excuse: the whole rollout waits for that.
func (c compiler) excuse(t *Tenant, row *Row) rollout.Excuse {
	v, there := row.Verdict, row.Installed
	app := c.Apps[v.App]
	// A hold that can't be met where nothing is installed is its own municipality's matter.
	everybody := !v.OnHold && (v.Target == (v1alpha1.Release{}) || app == nil || isTrue(app.Spec.Suspend))
	if v.Why != "" && (v.Why != resolution.Blocked || !everybody) {
		return rollout.Excuse{Reason: string(v.Why), Message: cmp.Or(v.Message, v.DecidedBy.Reason)}
	}
	if t.Incomplete[v.Environment] { //guard:environment-must-exist
		return rollout.Excuse{Reason: reasonEnvironment, Message: "environment " + v.Environment + " is not there yet", Away: true}
	}
	if there != nil && isTrue(there.Spec.Suspend) {
		return rollout.Excuse{Reason: rollout.ReasonSuspended, Message: "the AppInstallation in " + there.Namespace + " is suspended (spec.suspend)", Away: true}
	}
	return c.lacks(t, row)
}

// lacks is the excuse of a place where an app that this one requires is not there yet. A place
// that has the version already needs none.
func (c compiler) lacks(t *Tenant, row *Row) rollout.Excuse {
	v, there := row.Verdict, row.Installed
	app := c.Apps[v.App]
	if app == nil || app.Spec.Requires == nil || (there != nil && there.Spec.Digest == v.Target.Digest) {
		return rollout.Excuse{}
	}
	for _, needed := range app.Spec.Requires.Apps {
		found := t.Installed[resolution.Place{App: needed.Name, Environment: v.Environment}]
		if unmet := dependency.Unmet(needed, found); unmet != "" { //guard:required-apps-must-run
			return rollout.Excuse{Reason: reasonDependency, Message: v.Environment + ": " + v.App + " requires " + unmet, Away: true}
		}
	}
	return rollout.Excuse{}
}

func compareRows(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.Verdict.Environment, b.Verdict.Environment), cmp.Compare(a.Verdict.App, b.Verdict.App))
}
