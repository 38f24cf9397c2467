package country

import (
	"cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// place is one verdict, as a rollout counts it.
func (c compiler) place(t *Tenant, row *Row) planner.MemberPlace {
	p := planner.MemberPlace{Environment: row.Verdict.Environment, Stage: t.Municipality.Spec.StageOf(row.Verdict.Environment)}
	if there := row.Installed; there != nil && there.Spec.State != v1alpha1.InstallationAbsent {
		p.Installed = planner.Observe(there)
	}
	p.Excuse = c.excuse(t, row) //guard:excuses
	return p
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
	if taken := t.numberExcuse(); taken.Reason != "" {
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
	for _, needed := range c.Apps.Of(v.App).Version(target.Version).Requires() {
		found := t.Installed[resolution.Place{App: needed.App, Environment: v.Environment}]
		if unmet := needed.Unmet(found); unmet != nil { //guard:required-apps-must-run
			return planner.Excuse{Reason: string(unmet.Reason), Message: v.Environment + ": " + v.App + " requires " + unmet.Message, Away: true}
		}
	}
	return planner.Excuse{}
}

func compareRows(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.Verdict.Environment, b.Verdict.Environment), cmp.Compare(a.Verdict.App, b.Verdict.App))
}
