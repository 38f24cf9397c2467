package country

import (
	"fmt"
	"slices"

	"github.com/tidwall/btree"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/door"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Doors are all doors of a municipality, as the host and as the consumer, in order.
func Doors(c *Country, name string) []door.Door {
	self, rest := partyOf(c, name), door.Rest{Apps: c.Apps, Now: c.Now}
	var all []door.Door
	if self.Municipality != nil {
		for i := range self.Municipality.Spec.Connects {
			all = append(all, door.Between(partyOf(c, self.Municipality.Spec.Connects[i].Host), self, i, rest))
		}
	}
	all = append(all, doorsTo(c, self, rest)...)
	for host := range paired(&c.inviters, name) {
		for _, d := range door.Offered(partyOf(c, host.Name), all, c.Now) {
			if d.Consumer == name {
				all = append(all, d)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b door.Door) int { return a.Compare(b.Key) })
	return all
}

// doorsTo are the doors to a municipality, those included that nobody asks for.
func doorsTo(c *Country, host door.Party, rest door.Rest) []door.Door {
	var all []door.Door
	for guest := range paired(&c.guests, host.Name) {
		if guest.Municipality == nil {
			continue
		}
		consumer := partyOf(c, guest.Name)
		for i := range guest.Municipality.Spec.Connects {
			if guest.Municipality.Spec.Connects[i].Host == host.Name {
				all = append(all, door.Between(host, consumer, i, rest))
			}
		}
	}
	if host.Municipality != nil {
		all = append(all, door.Offered(host, all, c.Now)...)
	}
	return all
}

// restOf is what AppInstallations rest on in a country.
func restOf(c *Country) installation.Rest {
	return installation.Rest{Apps: c.Apps, Installed: func(municipality string, place resolution.Place) *v1alpha1.AppInstallation {
		return installedAt(c.Tenant(municipality), place)
	}}
}

// rest is the same while tenants are worked out.
func (c compiler) rest() installation.Rest {
	return installation.Rest{Apps: c.Apps, Installed: func(municipality string, place resolution.Place) *v1alpha1.AppInstallation {
		if in := c.given[municipality]; in != nil {
			return in.installed[place]
		}
		return nil
	}}
}

// partyOf is a municipality as its doors know it.
func partyOf(c *Country, name string) door.Party {
	t := c.Tenant(name)
	p := door.Party{Name: name, Installed: func(environment, app string) *v1alpha1.AppInstallation {
		return installedAt(t, resolution.Place{App: app, Environment: environment})
	}}
	if !t.IsThere() {
		return p
	}
	p.Municipality, p.Holds, p.Missing = t.Municipality, t.NumberTaken, t.Missing
	if t.Municipality.Spec.Suspend.IsSuspended() {
		p.Holds = fmt.Sprintf("Municipality %s is %s", name, t.Municipality.Spec.Suspend.Said())
	}
	for _, n := range t.Networks {
		p.Networks = append(p.Networks, n.Name)
	}
	return p
}

// fileDoors notes whom a tenant asks to be let in, and whom it invites by name.
func (m filer) fileDoors(name string, was, now *Tenant) {
	for _, in := range []struct {
		index *btree.Map[string, *Tenant]
		of    func(*Tenant) map[string]bool
	}{{&m.country.guests, hostsOf}, {&m.country.inviters, invitedBy}} {
		before, after := in.of(was), in.of(now)
		for other := range before {
			if !after[other] {
				in.index.Delete(pair(other, name))
			}
		}
		for other := range after {
			in.index.Set(pair(other, name), now)
		}
	}
}

// hostsOf are those whom a tenant, which may be none, asks for services.
func hostsOf(t *Tenant) map[string]bool {
	all := map[string]bool{}
	if t.IsThere() {
		for i := range t.Municipality.Spec.Connects {
			all[t.Municipality.Spec.Connects[i].Host] = true
		}
	}
	return all
}

// invitedBy are those whom a tenant, which may be none, offers services by name.
func invitedBy(t *Tenant) map[string]bool {
	all := map[string]bool{}
	if t.IsThere() {
		for i := range t.Municipality.Spec.Hosts {
			for _, name := range t.Municipality.Spec.Hosts[i].To.Municipalities {
				all[name] = true
			}
		}
	}
	return all
}

// touchGuests touches those who connect to an app of a host, where that comes, goes, or is in another namespace: the address is in what
// their clients know.
func (m filer) touchGuests(host string, place resolution.Place, was, is *v1alpha1.AppInstallation) {
	if was != nil && is != nil && was.IsOwn() == is.IsOwn() {
		return
	}
	for guest := range paired(&m.country.guests, host) {
		if guest.connectsTo(place.App) {
			m.touch(guest.Name).apps[place.App] = true
		}
	}
}

// connectsTo says whether a tenant, which may be none, asks a host for a service of an app.
func (t *Tenant) connectsTo(app string) bool {
	return t.IsThere() && slices.ContainsFunc(t.Municipality.Spec.Connects, func(r v1alpha1.DoorRequest) bool { return r.App == app })
}

// connectsFrom says whether the app at a place is a client of any of some apps at a host.
func (t *Tenant) connectsFrom(place resolution.Place, apps map[string]bool) bool {
	return len(apps) > 0 && slices.ContainsFunc(t.Municipality.Spec.Connects, func(r v1alpha1.DoorRequest) bool {
		return apps[r.App] && r.Environment == place.Environment && slices.Contains(r.Clients, place.App)
	})
}

// wakeDoors notes whose doors may be others now, as a tenant is another.
func (m filer) wakeDoors(name string, was, now *Tenant, t *touched) {
	if !t.all && !changesDoors(was, now, t) {
		return
	}
	m.changed.Doors[name] = true
	for _, of := range []func(*Tenant) map[string]bool{hostsOf, invitedBy} {
		for _, tenant := range []*Tenant{was, now} {
			for other := range of(tenant) {
				m.changed.Doors[other] = true
			}
		}
	}
	came := was.IsThere() != now.IsThere()
	for _, index := range []*btree.Map[string, *Tenant]{&m.country.guests, &m.country.inviters} {
		for other := range paired(index, name) {
			m.changed.Doors[other.Name] = true
			if came { // its spec names one that is not there, or is there now
				m.changed.Municipalities[other.Name] = true
			}
		}
	}
	m.changed.Municipalities[name] = true
}

// changesDoors says whether an app, or an installation, is another that a door of the tenant rests on.
func changesDoors(was, now *Tenant, t *touched) bool {
	if !now.IsThere() {
		return was.IsThere()
	}
	apps := doorApps(now.Municipality)
	for app := range t.apps {
		if apps[app] {
			return true
		}
	}
	for place := range t.places {
		if apps[place.App] && !sameAtDoor(installedAt(was, place), installedAt(now, place)) {
			return true
		}
	}
	return false
}

// doorApps are the apps that doors of a municipality lead to, or from.
func doorApps(m *v1alpha1.Municipality) map[string]bool {
	all := map[string]bool{}
	for i := range m.Spec.Hosts {
		all[m.Spec.Hosts[i].App] = true
	}
	for i := range m.Spec.Connects {
		all[m.Spec.Connects[i].App] = true
		for _, client := range m.Spec.Connects[i].Clients {
			all[client] = true
		}
	}
	return all
}

// sameAtDoor says whether two states of an installation are the same to those who connect.
func sameAtDoor(a, b *v1alpha1.AppInstallation) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Spec.State == b.Spec.State && a.Spec.Isolation == b.Spec.Isolation &&
		slices.Equal(installation.Walls(a.Spec.Version, &a.Status), installation.Walls(b.Spec.Version, &b.Status))
}
