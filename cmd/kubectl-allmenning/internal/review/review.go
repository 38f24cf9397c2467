// Package review finds what the operator would report of objects that no cluster has seen yet:
// what the API server takes, and what leads nowhere or can't be read all the same. It asks the
// packages that the controllers ask, and is pure.
package review

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/reference"
)

// Finding is something about an object that a person should know.
type Finding struct {
	Kind string
	Name string
	// Message begins with the field, and says what to do.
	Message string
	// Note is set where it may be meant, and stops nobody.
	Note bool
	// Place is where it is written; nowhere for objects of a cluster.
	Place manifest.Place
}

// String is the finding in a line.
func (f Finding) String() string {
	if f.Place.File == "" {
		return fmt.Sprintf("%s %s: %s", f.Kind, f.Name, f.Message)
	}
	return fmt.Sprintf("%s: %s %s: %s", f.Place, f.Kind, f.Name, f.Message)
}

// Of reviews all objects of a world, from the nation to the municipalities. References to kinds
// that files hold none of are passed over, as those are kept elsewhere.
func Of(w *world.World, now time.Time) []Finding {
	r := review{world: w, country: w.Country(now)}
	if w.Platform != nil {
		r.platform(w.Platform)
	}
	for i := range w.Apps {
		r.app(&w.Apps[i])
	}
	for i := range w.Networks {
		r.network(&w.Networks[i])
	}
	for i := range w.Municipalities {
		r.municipality(&w.Municipalities[i])
	}
	return r.findings
}

type review struct {
	world    *world.World
	country  *country.Country
	findings []Finding
}

// judged says whether references to a kind can be judged, of which the world holds some or none.
func (r *review) judged(held int) bool { return !r.world.Offline || held > 0 }

// fieldOf is how a message begins.
var fieldOf = regexp.MustCompile(`^(?:spec|metadata)[^ :]*`)

// inBrackets is the field at the end of a note.
var inBrackets = regexp.MustCompile(`\((spec[^ ()]*)\)$`)

func (r *review) add(kind, name string, note bool, messages ...string) {
	for _, message := range messages {
		field := fieldOf.FindString(message)
		if in := inBrackets.FindStringSubmatch(message); field == "" && in != nil {
			field = in[1]
		}
		r.findings = append(r.findings, Finding{
			Kind: kind, Name: name, Message: message, Note: note, Place: r.world.Place(kind, name, field),
		})
	}
}

func (r *review) outcomes(kind, name string, outcomes ...condition.Outcome) {
	for _, o := range outcomes {
		if o.State == condition.Stalled {
			r.add(kind, name, false, o.Message)
		}
	}
}

func (r *review) platform(p *v1alpha1.Platform) {
	faults, notes := reference.Platform(p, r.known(), country.Municipalities(r.country.Tenants))
	r.add("Platform", p.Name, false, faults...)
	r.add("Platform", p.Name, true, notes...)
	r.add("Platform", p.Name, true, country.ClosedWalls(r.country)...)
}

// known is what specs are held against, as the operator has it.
func (r *review) known() reference.Known {
	return reference.Known{
		Platform: r.country.Platform,
		Apps:     r.country.Apps, Networks: r.country.Networks, General: r.country.Platform.Rollout, Now: r.country.Now,
		NoApps: !r.judged(len(r.world.Apps)), NoNetworks: !r.judged(len(r.world.Networks)),
	}
}

func (r *review) app(a *v1alpha1.SharedApp) {
	faults := reference.SharedApp(r.country.Apps.Of(a.Name), r.known())
	for i := range a.Spec.Versions {
		r.outcomes("SharedApp", a.Name, faults.Requirements[a.Spec.Versions[i].Version]...)
	}
	r.outcomes("SharedApp", a.Name, faults.Channels...)
	if !r.judged(len(r.world.Networks)) {
		return
	}
	for _, fault := range country.PilotFaults(r.country, a.Name, a.Spec.PilotNetworks) {
		if !fault.Memberless || r.judged(len(r.world.Municipalities)) {
			r.add("SharedApp", a.Name, false, fault.String())
		}
	}
}

func (r *review) network(n *v1alpha1.Network) {
	parts, notes := reference.Network(n, r.known(), country.Municipalities(r.country.Members(n.Name)))
	r.outcomes("Network", n.Name, parts...)
	if r.judged(len(r.world.Municipalities)) {
		for _, name := range reference.UnknownMembers(n, func(municipality string) bool { return r.country.Tenant(municipality).IsThere() }) {
			r.add("Network", n.Name, true, fmt.Sprintf("spec.members.names: there is no Municipality %q", name))
		}
	}
	r.add("Network", n.Name, true, notes...)
}

func (r *review) municipality(m *v1alpha1.Municipality) {
	if fault := reference.NumberTaken(m, r.world.Municipalities); fault != "" {
		r.add("Municipality", m.Name, false, fault)
	}
	misread := r.country.Tenant(m.Name).CalendarFaults
	r.add("Municipality", m.Name, false, reference.Municipality(m, misread, r.country.Verdicts(m), r.known())...)
	names := make([]string, len(r.world.Municipalities))
	for i := range r.world.Municipalities {
		names[i] = r.world.Municipalities[i].Name
	}
	r.add("Municipality", m.Name, false, reference.Doors(m, r.known(), names)...)
}

// Concerning are the findings about some objects, in their order, faults first.
func Concerning(all []Finding, about func(kind, name string) bool) (faults, notes []Finding) {
	for _, f := range all {
		switch {
		case !about(f.Kind, f.Name):
		case f.Note:
			notes = append(notes, f)
		default:
			faults = append(faults, f)
		}
	}
	return faults, notes
}

// Lines are findings as text, each once.
func Lines(findings []Finding) []string {
	lines := make([]string, 0, len(findings))
	for _, f := range findings {
		if line := f.String(); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}
