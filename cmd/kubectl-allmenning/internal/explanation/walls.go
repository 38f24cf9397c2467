package explanation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/walls"
)

// walls says what is open around the app, and what opens and closes with the version that it should have.
func (p *place) walls() []string {
	if slices.Contains(p.world.Unread, world.Platforms) {
		return nil // what the Platform allows is not known
	}
	bounds, wanted, runs := walls.BoundsOf(p.country.Platform), p.verdict.Wanted, ""
	if p.installed != nil && p.installed.Spec.State != v1alpha1.InstallationAbsent {
		runs = p.installed.Spec.Version
	}
	requires := p.app.Version(runs).Requirements()

	var all []string
	if open := walls.Compare(walls.Walls{}, bounds.Of(requires)).Opens; len(open) > 0 {
		all = append(all, sentence(fmt.Sprintf("open for %s: %s", runs, strings.Join(open, "; "))))
	}
	for _, fault := range bounds.Faults(requires) {
		all = append(all, sentence("closed, as the Platform does not allow it: "+fault.Of(runs)))
	}
	if wanted == "" || wanted == runs {
		return all
	}
	change := walls.Compare(bounds.Of(requires), bounds.Of(p.app.Version(wanted).Requirements()))
	if len(change.Opens) > 0 {
		all = append(all, sentence(fmt.Sprintf("%s opens %s", wanted, strings.Join(change.Opens, "; "))))
	}
	if len(change.Closes) > 0 {
		all = append(all, sentence(fmt.Sprintf("%s closes %s", wanted, strings.Join(change.Closes, "; "))))
	}
	return all
}
