package country

import (
	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Installation is the AppInstallation that a move of an introduction asks for; nil where
// the municipality, or its environment, is not there any longer.
func (c *Country) Installation(intro Introduction, move planner.Move) *v1alpha1.AppInstallation {
	t := c.Tenant(move.Municipality)
	if t == nil || t.Municipality == nil {
		return nil
	}
	return movedTo(c, t, intro.App, move)
}

// movedTo is the AppInstallation that a move of an app asks for.
func movedTo(c *Country, t *Tenant, app string, move planner.Move) *v1alpha1.AppInstallation {
	m, row := t.Municipality, t.Row(resolution.Place{App: app, Environment: move.Environment})
	environment := m.Spec.Environment(move.Environment)
	if environment == nil || row == nil {
		return nil
	}

	v := row.Verdict
	v.Version, v.Digest = move.To.Version, move.To.Digest
	switch move.Kind {
	case planner.CatchUp:
		v.DecidedBy.Reason += "; what was completed last, until its wave of Rollout " + move.Stamp.Name + " comes"
	case planner.Return:
		if v.Action == resolution.Keep {
			break // who decides did not return it
		}
		v.DecidedBy.Reason += "; " + move.Stamp.Message
	case planner.Advance, planner.Hold:
	}
	v.DecidedBy.Reason = condition.Within(v.DecidedBy.Reason, resolution.MaxReason)
	want := installation.For(restOf(c), m, environment, v)
	installation.StayHome(want, row.Installed)
	move.Stamp.WriteTo(want)
	return want
}
