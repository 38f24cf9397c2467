package country

import (
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// filer files what came of a tenant where it is looked for.
type filer struct{ *Model }

// fileUntil notes when time alone changes a tenant.
func (m filer) fileUntil(name string, was, now *Tenant) {
	if was != nil && !was.Until.IsZero() {
		m.untils.Delete(untilKey(was.Until, name))
	}
	if now != nil && !now.Until.IsZero() {
		m.untils.Set(untilKey(now.Until, name), name)
	}
}

// fileNetworks notes which networks a tenant belongs to, and which it observes.
func (m filer) fileNetworks(name string, was, now *Tenant) {
	if was != nil {
		for _, n := range was.Networks {
			if now == nil || !now.belongsTo(n.Name) {
				m.country.belongs.Delete(pair(n.Name, name))
				m.changed.Networks[n.Name] = true
			}
		}
		for _, n := range was.Observed {
			m.country.observes.Delete(pair(n.Name, name))
		}
	}

	if now == nil {
		return
	}

	for _, n := range now.Networks {
		m.country.belongs.Set(pair(n.Name, name), now)
		if was == nil || !was.belongsTo(n.Name) {
			m.changed.Networks[n.Name] = true
		}
	}

	for _, n := range now.Observed {
		m.country.observes.Set(pair(n.Name, name), now)
	}
}

func (t *Tenant) belongsTo(network string) bool {
	for _, n := range t.Networks {
		if n.Name == network {
			return true
		}
	}
	return false
}

// fileApps notes which apps concern a tenant.
func (m filer) fileApps(name string, was, now *Tenant) {
	var before, after map[string]bool
	if was != nil {
		before = was.apps
	}
	if now != nil {
		after = now.apps
	}
	for app := range before {
		if !after[app] {
			delete(m.takers[app], name)
		}
	}
	for app := range after {
		if before[app] {
			continue
		}
		if m.takers[app] == nil {
			m.takers[app] = map[string]bool{}
		}
		m.takers[app][name] = true
	}
}

// fileMembers brings the members of subjects to what a tenant now is.
func (m filer) fileMembers(name string, was, now *Tenant, t *touched) {
	wake := func(key subjectKey) {
		m.changed.Groups[groupName(key.group)] = true
		if t.all || len(t.apps) > 0 {
			m.changed.course(groupName(key.group))
		}
	}

	if was != nil {
		for key := range was.members {
			if now == nil || now.members[key] == nil {
				m.edit(key).members.Delete(name)
				wake(key)
			}
		}
	}

	if now == nil {
		return
	}

	for key, member := range now.members {
		if was == nil || was.members[key] != member {
			m.edit(key).members.Set(name, member)
			wake(key)
		}
	}
}

// fileMove notes whose rollout moved an installation last. How one fares that left the group since is
// noted here alone: it is no member's.
func (m filer) fileMove(municipality, environment string, was, now *v1alpha1.AppInstallation) {
	at := pair(municipality, environment)
	before, moved := subjectOf(was)
	after, moves := subjectOf(now)
	if moved && (!moves || before != after) {
		m.edit(before).moved.Delete(at)
		m.changed.Groups[groupName(before.group)] = true
	}
	if !moves {
		return
	}
	s := m.edit(after)
	s.moved.Set(at, now)
	_, stays := s.members.Get(municipality)
	if !stays || !moved || before != after || !equality.Semantic.DeepEqual(was.Spec.Move, now.Spec.Move) {
		m.changed.Groups[groupName(after.group)] = true
	}
}

func subjectOf(i *v1alpha1.AppInstallation) (subjectKey, bool) {
	if i == nil {
		return subjectKey{}, false
	}
	return movedBy(i)
}

// tenant notes whom the change of a tenant concerns.
func (c Changed) tenant(name string, was, now *Tenant, t *touched) {
	if t.all || was == nil || now == nil {
		c.Municipalities[name], c.Decisions[name] = true, true
	}
	for place := range t.places {
		c.place(name, now, place)
		if asksAnother(installedAt(was, place), installedAt(now, place)) || now.wasRemoved(place) {
			c.Decisions[name] = true
		}
	}
	for app := range t.apps { // what its own moves may go back to, or its clients know the address of
		if now.hasOwn(app) || now.connectsTo(app) {
			c.Decisions[name] = true
		}
	}
	c.rows(name, was, now)
}

// rows notes whom the changes of a tenant's places concern.
func (c Changed) rows(name string, was, now *Tenant) {
	if was != nil {
		for place, before := range was.considered {
			c.row(name, now, place, before, now.Row(place))
		}
	}
	if now != nil {
		for place, after := range now.considered {
			if _, known := was.looked(place); !known {
				c.row(name, now, place, nil, after)
			}
		}
	}
}

// row notes whom a change of one place concerns.
func (c Changed) row(name string, now *Tenant, place resolution.Place, before, after *Row) {
	if before == after {
		return
	}
	c.place(name, now, place)
	if before == nil || after == nil || before.Refused != after.Refused || !reflect.DeepEqual(before.Verdict, after.Verdict) || !reflect.DeepEqual(before.Own, after.Own) {
		c.Decisions[name] = true
	}
}

func (c Changed) place(name string, now *Tenant, place resolution.Place) {
	c.Municipalities[name], c.Apps[place.App] = true, true
	if now == nil {
		return
	}
	for _, n := range now.Networks {
		if n.Spec.Proposal(place.App) != nil {
			c.Networks[n.Name] = true
		}
	}
}

// asksAnother says whether an AppInstallation asks for another thing than before: how it is doing
// does not count, unless its app was asked to go.
func asksAnother(was, now *v1alpha1.AppInstallation) bool {
	if was == nil || now == nil || was.UID != now.UID || was.Generation != now.Generation || now.Spec.State == v1alpha1.InstallationAbsent {
		return true
	}
	return !equality.Semantic.DeepEqual(was.Labels, now.Labels) || !equality.Semantic.DeepEqual(was.Annotations, now.Annotations) ||
		!equality.Semantic.DeepEqual(was.Spec, now.Spec)
}
