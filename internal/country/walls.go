package country

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/walls"
)

// ClosedWalls says which versions are installed and require what the Platform does not allow, or no longer: what
// that is, and in how many environments it is closed.
func ClosedWalls(c *Country) []string {
	bounds, found := walls.BoundsOf(c.Platform), false
	for _, app := range c.Apps {
		found = found || closes(bounds, app)
	}
	if !found {
		return nil
	}
	type version struct{ app, number string }
	installed := map[version]int{}
	for t := range c.Tenants {
		for place, i := range t.Installed {
			if i.Spec.State != v1alpha1.InstallationAbsent {
				installed[version{place.App, i.Spec.Version}]++
			}
		}
	}

	var all []string
	for _, name := range slices.Sorted(maps.Keys(c.Apps)) {
		for _, v := range c.Apps[name].Versions() {
			faults := bounds.Faults(v.Requirements())
			count := installed[version{name, v.Number}]
			if len(faults) == 0 || count == 0 {
				continue
			}
			what := make([]string, 0, len(faults))
			for _, f := range faults {
				what = append(what, f.Of(v.Number))
			}
			all = append(all, fmt.Sprintf("spec.allowedEgress and spec.endpoints: SharedApp %s, version %s, in %d environments: closed is %s", name, v.Number, count, strings.Join(what, "; ")))
		}
	}
	return all
}

// closes says whether bounds don't allow what a version of an app requires.
func closes(bounds walls.Bounds, app *catalogue.App) bool {
	return slices.ContainsFunc(app.Versions(), func(v *catalogue.Version) bool { return len(bounds.Faults(v.Requirements())) > 0 })
}

// closesAny says whether the Platform does not allow what a version of some apps requires.
func (m specs) closesAny(apps ...*catalogue.App) bool {
	bounds := walls.BoundsOf(m.country.Platform)
	return slices.ContainsFunc(apps, func(app *catalogue.App) bool { return closes(bounds, app) })
}

// onVersion notes that the Platform has another thing to say of walls: a version that it closes something of is
// installed in another number of places now.
func (m specs) onVersion(was, is *v1alpha1.AppInstallation) {
	if was != nil && is != nil && was.Spec.Version == is.Spec.Version && was.Spec.State == is.Spec.State {
		return
	}
	for _, i := range []*v1alpha1.AppInstallation{was, is} {
		if i == nil {
			continue
		}
		requires := m.country.Apps.Of(i.Spec.App).Version(i.Spec.Version).Requirements()
		if requires != nil && len(walls.BoundsOf(m.country.Platform).Faults(requires)) > 0 {
			m.changed.PlatformSpec = true
		}
	}
}
