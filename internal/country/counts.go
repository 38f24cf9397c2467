package country

import (
	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// fileShares brings the counts of networks and apps to what a tenant now is.
func (m filer) fileShares(name string, was, now *Tenant) {
	before, after := was.sharesOf(), now.sharesOf()
	for key, s := range before {
		if !sameShare(s, after[key]) {
			m.editAdoption(key).remove(name, s)
		}
	}
	for key, s := range after {
		if !sameShare(s, before[key]) {
			m.editAdoption(key).add(name, s)
		}
	}
}

// fileRows brings the counts of apps to what the places of a tenant now are.
func (m filer) fileRows(name string, was, now *Tenant) {
	if was != nil {
		for _, row := range was.Rows {
			if now.Row(row.Verdict.Place) != row {
				m.editUsage(row.Verdict.App).remove(v1alpha1.NamespaceFor(name, row.Verdict.Environment), row.Status)
			}
		}
	}
	if now == nil {
		return
	}
	for _, row := range now.Rows {
		if was.Row(row.Verdict.Place) != row {
			m.editUsage(row.Verdict.App).add(v1alpha1.NamespaceFor(name, row.Verdict.Environment), row.Status)
		}
	}
}

// fileInstallation brings the usage of an app to what is installed at a place.
func (m filer) fileInstallation(place resolution.Place, was, now *v1alpha1.AppInstallation) {
	if was == now {
		return
	}
	u := m.editUsage(place.App)
	u.install(was, -1)
	u.install(now, 1)
}

// sharesOf are the shares of a tenant, which may be none.
func (t *Tenant) sharesOf() map[shareKey]*share {
	if t == nil {
		return nil
	}
	return t.shares
}

// editAdoption is an adoption that may be changed until it is settled. Who reads it is woken.
func (m *Model) editAdoption(key shareKey) *Adoption {
	if key.network != Direct {
		m.changed.Networks[key.network] = true
	}
	m.changed.Apps[key.app] = true
	a := m.adopted[key]
	if a != nil {
		return a
	}
	if known, found := m.country.adoptions.Get(key.text()); found {
		a = known.copy()
	} else {
		a = &Adoption{App: key.app, Network: key.network}
	}
	m.adopted[key] = a
	return a
}

// editUsage is a usage that may be changed until it is settled. Who reads it is woken.
func (m *Model) editUsage(app string) *Usage {
	m.changed.Apps[app] = true
	u := m.used[app]
	if u != nil {
		return u
	}
	if known, found := m.country.usages.Get(app); found {
		u = known.copy()
	} else {
		u = &Usage{App: app}
	}
	m.used[app] = u
	return u
}

// settleCounts hands out what was edited.
func (m *Model) settleCounts() {
	for key, a := range m.adopted {
		if a.empty() {
			m.country.adoptions.Delete(key.text())
		} else {
			m.country.adoptions.Set(key.text(), a)
		}
	}
	for app, u := range m.used {
		if u.empty() {
			m.country.usages.Delete(app)
		} else {
			m.country.usages.Set(app, u)
		}
	}
}
