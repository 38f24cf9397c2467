package country

import (
	"time"

	"github.com/tidwall/btree"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Country is the model of who has what, who decides, and who belongs where, as it was at a
// point in time. Nobody changes it: a Model makes the next one.
type Country struct {
	// Now is when plans are made.
	Now time.Time
	// Next is when time alone changes a verdict, how a rollout counts a place, or who belongs to which network; zero if never.
	Next time.Time
	// Platform is the spec of the Platform.
	Platform v1alpha1.PlatformSpec
	// Networks knows who belongs to which network now.
	Networks *resolution.Networks
	// Apps of the catalogue.
	Apps catalogue.Apps
	// Revision grows with every change.
	Revision uint64

	outages  planner.Outages
	networks map[string]*v1alpha1.Network
	// strategies of the groups, by name.
	strategies map[string]strategy
	tenants    btree.Map[string, *Tenant]
	subjects   btree.Map[string, *Subject]
	// belongs holds a pair of names for each member of each network, and observes for each observer.
	belongs, observes btree.Map[string, *Tenant]
	// guests holds a pair of names for each host and who asks it for a service, and inviters for each municipality and who offers it
	// one by name.
	guests, inviters btree.Map[string, *Tenant]
	// adoptions by app and network, and usages by app.
	adoptions btree.Map[string, *Adoption]
	usages    btree.Map[string, *Usage]
}

// copy is the country as it is, whatever is changed later.
func (c *Country) copy() *Country {
	next := *c
	next.tenants, next.subjects = *c.tenants.Copy(), *c.subjects.Copy()
	next.belongs, next.observes = *c.belongs.Copy(), *c.observes.Copy()
	next.guests, next.inviters = *c.guests.Copy(), *c.inviters.Copy()
	next.adoptions, next.usages = *c.adoptions.Copy(), *c.usages.Copy()
	return &next
}

// At is the same country at a later time, before Next.
func (c *Country) At(now time.Time) *Country {
	later := *c
	later.Now = now
	return &later
}

// Network finds a Network by name; nil where there is none.
func (c *Country) Network(name string) *v1alpha1.Network { return c.networks[name] }

// Groups are the names of all groups that may have something to do, sorted: Direct, the
// networks, and networks that are gone and have records.
func (c *Country) Groups() []string {
	names := map[string]bool{Direct: true}
	for name := range c.networks {
		names[name] = true
	}
	c.subjects.Scan(func(_ string, s *Subject) bool {
		names[groupName(s.Group)] = true
		return true
	})
	return sortedKeys(names)
}

// Tenant is what is known of a municipality; nil where nothing is.
func (c *Country) Tenant(name string) *Tenant {
	t, _ := c.tenants.Get(name)
	return t
}

// Tenants goes through all of them, sorted by name.
func (c *Country) Tenants(yield func(*Tenant) bool) {
	c.tenants.Scan(func(_ string, t *Tenant) bool { return yield(t) })
}

// Members goes through the members of a network, sorted by name.
func (c *Country) Members(network string) func(func(*Tenant) bool) {
	return paired(&c.belongs, network)
}

// Observers goes through those who observe a network, sorted by name.
func (c *Country) Observers(network string) func(func(*Tenant) bool) {
	return paired(&c.observes, network)
}

// Municipalities are those of some tenants that did not leave.
func Municipalities(tenants func(func(*Tenant) bool)) []*v1alpha1.Municipality {
	var all []*v1alpha1.Municipality
	for t := range tenants {
		if t.IsThere() {
			all = append(all, t.Municipality)
		}
	}
	return all
}

// paired goes through the tenants that are filed under a pair of names with this first one.
func paired(filed *btree.Map[string, *Tenant], first string) func(func(*Tenant) bool) {
	return func(yield func(*Tenant) bool) {
		filed.Ascend(pair(first, ""), func(key string, t *Tenant) bool {
			return hasFirst(key, first) && yield(t)
		})
	}
}

// Verdicts on the apps of a municipality, sorted by environment and app.
func (c *Country) Verdicts(m *v1alpha1.Municipality) []resolution.Verdict {
	t := c.Tenant(m.Name)
	if t == nil {
		return nil
	}

	all := make([]resolution.Verdict, 0, len(t.Rows))
	for _, row := range t.Rows {
		all = append(all, row.Verdict)
	}
	return all
}

// Live is the AppInstallation of an app in an environment; nil where there is none.
func (c *Country) Live(municipality, environment, app string) *v1alpha1.AppInstallation {
	t := c.Tenant(municipality)
	if t == nil {
		return nil
	}
	return t.Installed[resolution.Place{App: app, Environment: environment}]
}

// Subject is one app of one group; nil where neither anybody asks for it, nor any object has it.
func (c *Country) Subject(group resolution.Group, app string) *Subject {
	s, _ := c.subjects.Get(subjectKey{group, app}.text())
	return s
}

// Channels goes through the subjects of an app that municipalities take directly, by channel.
func (c *Country) Channels(app string) func(func(*Subject) bool) {
	return func(yield func(*Subject) bool) {
		direct := pair(Direct, app)
		c.subjects.Ascend(pair(direct, ""), func(key string, s *Subject) bool { return hasFirst(key, direct) && yield(s) })
	}
}

// Rollout finds the newest state of a Rollout; nil where it is not there any longer.
func (c *Country) Rollout(r *v1alpha1.Rollout) *v1alpha1.Rollout {
	s, _ := c.subjects.Get(keyOf(r).text())
	if s == nil {
		return nil
	}
	return s.record(r.Name)
}

// subjectsOf goes through the subjects of a group, by app and channel.
func (c *Country) subjectsOf(group string) func(func(*Subject) bool) {
	return func(yield func(*Subject) bool) {
		c.subjects.Ascend(pair(group, ""), func(key string, s *Subject) bool {
			return hasFirst(key, group) && yield(s)
		})
	}
}
