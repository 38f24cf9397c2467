package country

import (
	"cmp"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Bringing is how far one group has come with a version of an app.
type Bringing struct {
	Group resolution.Group
	// Rollout that brings the version, or brought it last; nil where it is about to be made.
	Rollout *v1alpha1.Rollout
	// GoneOn is the version that the group wants instead by now; empty while it wants this one.
	GoneOn string
}

// GroupsBringing finds the groups that a version is brought to, or was: direct adopters by channel, and then the networks by name.
// Who has yet to reach its turn is among them; a group that never wanted the version is not.
func GroupsBringing(c *Country, app, version string) []Bringing {
	var all []Bringing
	for _, name := range c.Groups() {
		for s := range c.subjectsOf(name) {
			if s.App != app {
				continue
			}
			if b, does := (planning{c}).bringing(s, version); does {
				all = append(all, b)
			}
		}
	}
	slices.SortFunc(all, func(a, b Bringing) int {
		return cmp.Or(cmp.Compare(a.Group.Network, b.Group.Network), cmp.Compare(a.Group.Channel, b.Group.Channel))
	})
	return all
}

// bringing says how far a subject has come with a version, and whether it ever wanted it.
func (p planning) bringing(s *Subject, version string) (b Bringing, does bool) {
	b.Group = s.Group
	course := p.course(s, p.strategyOf(groupName(s.Group))).Course
	switch {
	case course.Create != nil && course.Create.Version == version:
		return b, true
	case course.Current != nil && course.Current.Spec.Version == version:
		b.Rollout = course.Current
		return b, true
	case course.Create != nil:
		b.GoneOn = course.Create.Version
	case course.Current != nil:
		b.GoneOn = course.Current.Spec.Version
	}

	for _, r := range s.Records {
		if r.Spec.Version == version && (b.Rollout == nil || b.Rollout.Spec.Sequence < r.Spec.Sequence) {
			b.Rollout = r
		}
	}
	return b, b.Rollout != nil
}
