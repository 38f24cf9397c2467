package outlook

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/walls"
)

// Walls is how the walls around an app change for those who come from one version.
type Walls struct {
	// From is the version that they have; empty for those who have none.
	From string `json:"from,omitempty"`
	// To is the version that they get.
	To string `json:"to"`
	// Municipalities that this is so for, in the order in which they get the version.
	Municipalities []string `json:"municipalities"`
	walls.Change
}

// wallsOf says how the walls change for those who would get the version, sorted by what they have. Those of
// whom nobody knows what they have are taken to have what the channel points at now.
func wallsOf(c *country.Country, visits []Visit, q Question, assumed string) []Walls {
	from := map[string][]string{}
	for i := range visits {
		v := &visits[i]
		if v.Reason != "" {
			continue
		}
		has := assumed
		if t := c.Tenant(v.Municipality); t != nil && assumed == "" {
			if there := t.Installed[resolution.Place{App: q.App, Environment: v.Environment}]; there != nil {
				has = there.Spec.Version
			}
		}
		if !slices.Contains(from[has], v.Municipality) {
			from[has] = append(from[has], v.Municipality)
		}
	}

	app, bounds := c.Apps.Of(q.App), walls.BoundsOf(c.Platform)
	var all []Walls
	for has, municipalities := range from {
		change := walls.Compare(bounds.Of(app.Version(has).Requirements()), bounds.Of(app.Version(q.Version).Requirements()))
		if !change.None() {
			all = append(all, Walls{From: has, To: q.Version, Municipalities: municipalities, Change: change})
		}
	}
	slices.SortFunc(all, func(a, b Walls) int { return cmp.Compare(a.From, b.From) })
	return all
}

func printWalls(out io.Writer, all []Walls) {
	for _, w := range all {
		from := "with " + w.To
		if w.From != "" {
			from = "from " + w.From + " to " + w.To
		}
		fmt.Fprintf(out, "  Walls change %s, for %d%s\n", from, len(w.Municipalities), named(w.Municipalities))
		for _, opening := range w.Opens {
			fmt.Fprintf(out, "    opens   %s\n", opening)
		}
		for _, opening := range w.Closes {
			fmt.Fprintf(out, "    closes  %s\n", opening)
		}
	}
}
