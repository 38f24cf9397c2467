package country

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Objects is what was observed. Nothing in it is changed.
type Objects struct {
	Platform       v1alpha1.PlatformSpec
	Municipalities []*v1alpha1.Municipality
	Networks       []v1alpha1.Network
	Apps           map[string]*v1alpha1.SharedApp
	// Installations in the environments of each municipality, those included that are no
	// longer in its spec.
	Installations map[string]map[resolution.Place]*v1alpha1.AppInstallation
	// Missing are environments, as namespaces, that are not there yet or on their way out.
	Missing  map[string]bool
	Rollouts []*v1alpha1.Rollout
	// Watching is since when the operator has been looking; see rollout.Input.
	Watching time.Time
}

// Country answers questions about what was observed at a point in time.
type Country struct {
	// Seen is what was observed.
	Seen Objects
	// Now is when.
	Now time.Time
	// Networks tells who belongs to which network now.
	Networks *resolution.Networks

	municipalities []*v1alpha1.Municipality
	resident       map[string]*v1alpha1.Municipality
	verdicts       map[string][]resolution.Verdict
	calendars      map[string]*calendar.Calendar
	moved          map[string][]*v1alpha1.AppInstallation
}

// At compiles what was observed.
func At(o Objects, now time.Time) *Country {
	c := &Country{
		Seen: o, Now: now, Networks: resolution.NewNetworks(o.Networks, now),
		municipalities: slices.Clone(o.Municipalities),
		resident:       make(map[string]*v1alpha1.Municipality, len(o.Municipalities)),
		verdicts:       map[string][]resolution.Verdict{}, calendars: map[string]*calendar.Calendar{},
	}
	slices.SortFunc(c.municipalities, func(a, b *v1alpha1.Municipality) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range c.municipalities {
		c.resident[m.Name] = m
	}
	return c
}

// Verdicts on the apps of a municipality, sorted by environment and app.
func (c *Country) Verdicts(m *v1alpha1.Municipality) []resolution.Verdict {
	if known, ok := c.verdicts[m.Name]; ok {
		return known
	}
	all := resolution.Resolve(resolution.Input{
		Municipality: m, Networks: c.Networks.Of(m), Apps: c.Seen.Apps, Installed: c.Seen.Installations[m.Name],
		Freeze: ptr.Deref(c.Seen.Platform.Freeze, false), Now: c.Now,
	})
	c.verdicts[m.Name] = all
	return all
}

// calendarOf compiles the windows and freezes of a municipality. One with a fault never opens,
// and says which field to mend.
func (c *Country) calendarOf(m *v1alpha1.Municipality) *calendar.Calendar {
	if len(m.Spec.Windows) == 0 && len(m.Spec.Freezes) == 0 {
		return nil
	}
	known, ok := c.calendars[m.Name]
	if !ok {
		known, _ = calendar.New(m.Spec.Windows, m.Spec.Freezes)
		c.calendars[m.Name] = known
	}
	return known
}

// movedBy are the installations by the rollout that moved them last, wherever they are now, in
// any order.
func (c *Country) movedBy() map[string][]*v1alpha1.AppInstallation {
	if c.moved == nil {
		c.moved = map[string][]*v1alpha1.AppInstallation{}
		for _, installed := range c.Seen.Installations {
			for _, i := range installed {
				if i.Spec.Move != nil {
					c.moved[i.Spec.Move.Rollout] = append(c.moved[i.Spec.Move.Rollout], i)
				}
			}
		}
	}
	return c.moved
}

// Residents are the municipalities whose apps a group may have a say in: the members of a
// network, and for Direct those with decisions of their own.
func (c *Country) Residents(group string) map[string]bool {
	present := map[string]bool{}
	belongs := c.Networks.Members(group)
	if group == Direct {
		belongs = func(m *v1alpha1.Municipality) bool { return len(m.Spec.Apps) > 0 }
	}
	for _, m := range c.municipalities {
		if belongs(m) {
			present[m.Name] = true
		}
	}
	return present
}
