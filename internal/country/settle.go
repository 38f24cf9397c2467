package country

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Settle brings the country up to date by what was changed and by what time changes alone, and
// says whom that concerns.
func (m *Model) Settle(now time.Time) Changed {
	if now.Before(m.country.Now) { // somebody set the clock: nothing that rests on it counts
		m.topology = true
		for name := range m.tenants {
			m.touch(name).all = true
		}
	}
	m.country.Now = now

	m.settleNetworks()
	m.wakeTenants()
	for _, name := range slices.Sorted(maps.Keys(m.touched)) {
		m.settleTenant(name, m.touched[name])
	}
	m.settleSubjects()
	m.settleCounts()
	m.country.Revision = m.revision

	m.country.Next = m.country.Networks.NextChange()
	if _, name, found := m.untils.Min(); found {
		m.country.Next = calendar.Earliest(m.country.Next, m.country.Tenant(name).Until)
	}
	changed := m.changed
	m.pending, m.settled = nothingPending(), m.country.copy()
	return changed
}

// settleNetworks finds who belongs to whom, where that or what a network proposes changed.
func (m *Model) settleNetworks() {
	c := &m.country
	if ends := c.Networks.NextChange(); !ends.IsZero() && !c.Now.Before(ends) {
		m.topology = true
	}
	if !m.topology && len(m.proposals) == 0 {
		return
	}

	list := make([]v1alpha1.Network, 0, len(c.networks))
	for _, name := range sortedKeys(c.networks) {
		list = append(list, *c.networks[name])
	}
	before := c.Networks
	c.Networks = resolution.NewNetworks(list, c.Now)

	for name := range m.proposals {
		for t := range c.Members(name) {
			m.touch(t.Name).all = true
		}
	}
	if m.topology {
		m.touchWhoMoved(before)
	}
	specs{m}.onNetworks()
}

// touchWhoMoved touches the networks that have another heir than before, and the tenants that
// belong to other networks, or name one that has another heir.
func (m *Model) touchWhoMoved(before *resolution.Networks) {
	c := &m.country
	moved := map[string]bool{}
	for _, names := range []iter.Seq[string]{maps.Keys(c.networks), maps.Keys(m.proposals)} { // and those that are gone
		for name := range names {
			moved[name] = before.Heir(name) != c.Networks.Heir(name)
		}
	}
	for name, another := range moved {
		if another {
			m.proposals[name] = true
			m.changed.Networks[name] = true
		}
	}
	for name, in := range m.tenants {
		if t := c.Tenant(name); in.municipality != nil && t != nil && (namesNetwork(in.municipality, moved) || t.joinsOthers(in.municipality, c.Networks)) {
			m.touch(name).all = true
		}
	}
}

// namesNetwork says whether a municipality names any of some networks in its decisions or its doors: it need not
// be a member.
func namesNetwork(m *v1alpha1.Municipality, networks map[string]bool) bool {
	for i := range m.Spec.Hosts {
		if slices.ContainsFunc(m.Spec.Hosts[i].To.Networks, func(name string) bool { return networks[name] }) {
			return true
		}
	}
	return slices.ContainsFunc(m.Spec.Apps, func(d v1alpha1.AppDecision) bool { return networks[d.Network] })
}

func sameNetworks(a, b []*v1alpha1.Network) bool {
	return slices.EqualFunc(a, b, func(a, b *v1alpha1.Network) bool { return a.Name == b.Name })
}

// wakeTenants touches those whose verdicts time alone has changed.
func (m *Model) wakeTenants() {
	for {
		at, name, found := m.untils.Min()
		if !found || at > untilKey(m.country.Now, name) {
			return
		}
		m.untils.Delete(at)
		m.touch(name).all = true
	}
}

// untilKey sorts by time, and then by name.
func untilKey(at time.Time, name string) string {
	return pair(at.UTC().Format("2006-01-02T15:04:05.000000000"), name)
}

// settleTenant works out one tenant again and files what came of it.
func (m *Model) settleTenant(name string, t *touched) {
	in, was := m.inputs(name), m.country.Tenant(name)
	var now *Tenant
	if in.municipality != nil || len(in.installed) > 0 {
		now = compiler{&m.country, m.tenants, m.missing, m.related, m.claims, m.edited}.tenant(name, was, in, *t)
		in.shared = true
		m.revision++
		now.Revision = m.revision
		m.country.tenants.Set(name, now)
	} else {
		m.country.tenants.Delete(name)
		delete(m.tenants, name)
	}

	files := filer{m}
	files.fileUntil(name, was, now)
	files.fileNetworks(name, was, now)
	files.fileApps(name, was, now)
	files.fileDoors(name, was, now)
	files.wakeDoors(name, was, now, t)
	files.fileMembers(name, was, now, t)
	files.fileShares(name, was, now)
	files.fileRows(name, was, now)
	for place := range t.places {
		files.fileMove(name, place.Environment, installedAt(was, place), installedAt(now, place))
		files.fileInstallation(place, installedAt(was, place), installedAt(now, place))
	}
	m.changed.tenant(name, was, now, t)
	specs{m}.onTenant(name, was, now)
}

func installedAt(t *Tenant, place resolution.Place) *v1alpha1.AppInstallation {
	if t == nil {
		return nil
	}
	return t.Installed[place]
}

// settleSubjects finishes the subjects that changed: what their groups ask for, and their revisions.
func (m *Model) settleSubjects() {
	for _, name := range slices.Sorted(maps.Keys(m.proposals)) {
		m.ask(name)
	}
	for key, s := range m.edited {
		if key.group.Network == "" {
			s.Channel, s.Asked = key.group.Channel, s.members.Len() > 0
		}
		if m.opensPilot(key, s) {
			m.apps[key.app] = true
		}
	}
	for name := range m.groups {
		was, is := m.settled.networks[name], m.country.networks[name]
		if (was == nil) != (is == nil) || !slices.Equal(retries(was), retries(is)) {
			reviseWhoWaitsFor(m, name)
		}
	}
	m.reviseAll()

	for key, s := range m.edited {
		m.revision++
		s.Revision = m.revision
		if m.turned[key] {
			s.Turned = m.revision
		}
		if s.empty() {
			m.country.subjects.Delete(key.text())
			delete(m.subjects[key.app], key)
			continue
		}
		m.country.subjects.Set(key.text(), s)
		if m.subjects[key.app] == nil {
			m.subjects[key.app] = map[subjectKey]bool{}
		}
		m.subjects[key.app][key] = true
	}
}

// ask brings what a network asks for to its subjects. One that was handed over, or is over,
// asks for nothing.
func (m *Model) ask(network string) {
	asked := map[subjectKey]v1alpha1.Proposal{}
	if n := m.country.networks[network]; n != nil && m.country.Networks.Heir(network) == network {
		for _, p := range n.Spec.Apps {
			asked[subjectKey{resolution.Group{Network: network}, p.Name}] = p
		}
	}

	var known []subjectKey
	for s := range m.country.subjectsOf(network) {
		known = append(known, s.key())
	}

	for _, key := range known {
		if _, asks := asked[key]; !asks {
			s := m.edit(key)
			s.Asked, s.Channel, s.Priority = false, "", 0
			m.editAdoption(shareKey{key.app, network}).Asked = false
		}
	}

	for key, p := range asked {
		s := m.edit(key)
		s.Asked, s.Channel, s.Priority = true, cmp.Or(p.Channel, v1alpha1.DefaultChannel), ptr.Deref(p.Priority, 0)
		m.editAdoption(shareKey{key.app, network}).Asked = true
	}

	m.changed.course(network)
}

// retries are the further attempts that a network, which may be nil, asks for.
func retries(n *v1alpha1.Network) []v1alpha1.Retry {
	if n == nil || n.Spec.Rollout == nil {
		return nil
	}
	return n.Spec.Rollout.Retries
}

// reviseWhoWaitsFor revises the apps of which a network is a pilot that came, went or asks for another attempt.
func reviseWhoWaitsFor(m *Model, network string) {
	for name, app := range m.country.Apps {
		if slices.Contains(app.Object.Spec.PilotNetworks, network) {
			m.apps[name] = true
		}
	}
}

// sameCourse says whether two states of a Rollout are the same to those who wait for it.
func sameCourse(a, b *v1alpha1.Rollout) bool {
	return a.Name == b.Name && a.Status.Phase == b.Status.Phase && a.Status.CompletedAt.Equal(b.Status.CompletedAt) &&
		(a.Status.StartedAt == nil) == (b.Status.StartedAt == nil) && a.Status.Progress == b.Status.Progress && a.Status.Failed == b.Status.Failed
}

// reviseAll edits all subjects whose gates, strategy or offer changed, and wakes their groups.
func (m *Model) reviseAll() {
	revise := func(key subjectKey) {
		m.edit(key)
		m.changed.course(groupName(key.group))
	}

	if m.platform {
		m.country.tenants.Scan(func(name string, _ *Tenant) bool {
			m.changed.Decisions[name] = true // its own moves may be stopped, or go on
			return true
		})
	}

	for app, keys := range m.subjects {
		if m.platform || m.apps[app] {
			for key := range keys {
				revise(key)
			}
		}
	}

	for group := range m.groups {
		m.changed.course(group)
		var keys []subjectKey
		for s := range m.country.subjectsOf(group) {
			keys = append(keys, s.key())
		}
		for _, key := range keys {
			revise(key)
		}
	}
}

// edit is a subject that may be changed until it is settled.
func (m *Model) edit(key subjectKey) *Subject {
	if s := m.edited[key]; s != nil {
		return s
	}
	s, found := m.country.subjects.Get(key.text())
	if found {
		s = s.copy()
	} else {
		s = &Subject{Group: key.group, App: key.app}
	}
	m.edited[key] = s
	return s
}
