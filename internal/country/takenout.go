package country

import (
	"cmp"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// takenOut says whether something is installed at a place whose environment left the spec.
func (t *Tenant) takenOut(place resolution.Place) bool {
	i := installedAt(t, place)
	return i != nil && t.Municipality != nil && t.Municipality.Spec.Environment(place.Environment) == nil &&
		i.Spec.State != v1alpha1.InstallationAbsent
}

// countTakenOut adds to the members what their groups moved where it follows them no longer, as its environment was
// taken out or changed its stage, or the group asks for fewer stages: what fails in test does not come to production
// because test is taken out.
func (t *Tenant) countTakenOut(anew func(app string) bool) {
	deletes, also := t.Municipality.Spec.DeletionPolicy == v1alpha1.DeletionDelete, map[*planner.Member]bool{}
	for place, i := range t.Installed {
		if !anew(place.App) || i.Spec.State == v1alpha1.InstallationAbsent {
			continue
		}
		key, moved := movedBy(i)
		member, row := t.members[key], t.Row(place)
		if !moved || member == nil || (row != nil &&
			row.Verdict.Group == key.group) { //guard:moved-elsewhere-holds-back -> true
			continue
		}
		p := placeTakenOut(place, i)
		if t.takenOut(place) {
			p.Leaving = deletes
		} else {
			p.Stage = t.Municipality.Spec.StageOf(place.Environment)
		}
		member.Places, also[member] = append(member.Places, p), true
	}
	for member := range also {
		slices.SortFunc(member.Places, func(a, b planner.MemberPlace) int { return cmp.Compare(a.Environment, b.Environment) })
	}
}

func placeTakenOut(place resolution.Place, i *v1alpha1.AppInstallation) planner.MemberPlace {
	return planner.MemberPlace{Environment: place.Environment, Stage: i.Spec.Tenant.Stage, Installed: planner.Observe(i), TakenOut: true}
}

// MustStay says why what is installed in an environment that was taken out is not uninstalled yet, though
// its environment is to be deleted; empty where it may go. It is the only record of how a version
// fares that later stages wait for, until a Rollout remembers that, or the municipality decides again.
func (o OwnPlan) MustStay(c *Country, t *Tenant, place resolution.Place) string {
	switch {
	case t.Municipality == nil || !t.Municipality.DeletionTimestamp.IsZero() || !t.takenOut(place):
		return ""
	case o.Held[place]:
		return "its environment was taken out: it goes when " + t.Installed[place].Spec.Move.Target.Version +
			" was verified here, or when its municipality names another version"
	}

	i := t.Installed[place]
	key, moved := movedBy(i)
	member, s := t.members[key], c.Subject(key.group, key.app)
	if r := s.Current(); moved && member != nil && r != nil && r.Name == i.Spec.Move.Rollout {
		in := planner.Input{
			Rollout: r, Strategy: c.strategyOf(groupName(key.group)).Strategy, SecurityFix: c.Apps.Of(key.app).IsSecurityFix(r.Spec.Version),
			Outages: c.outages, Now: c.Now,
		}
		if planner.MustRemember(in, member) {
			return "its environment was taken out: it goes when Rollout " + r.Name + " has noted that the version was not verified here"
		}
	}
	return ""
}
