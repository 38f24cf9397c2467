// Package explanation explains, for one municipality, who decided on each of its apps and
// why: what the nation offers, what networks propose, what the municipality says, what
// that comes to, how far the rollout has come, and what is installed. It is pure.
//
//   - explanation.go: the chain, app by app.
//   - offer.go, proposals.go, own.go: the three levels, in their words.
//   - verdict.go, turn.go, note.go, installed.go: what comes of it.
//   - walls.go: what is open around the app.
//   - doors.go: who is let in, and where it connects to.
//   - text.go: all of it for a terminal.
package explanation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/review"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// Explanation is what there is to say about one municipality.
type Explanation struct {
	Municipality string `json:"municipality"`
	DisplayName  string `json:"displayName"`
	Number       string `json:"number"`
	// Networks that it is a member of now.
	Networks []string `json:"networks"`
	// Observes are networks that it only observes: it gets no apps by them.
	Observes []string `json:"observes,omitempty"`
	// Faults are what a person must fix in the files that it rests on. Of a cluster, conditions
	// report them.
	Faults []string `json:"faults,omitempty"`
	// Notes say what is not known, and what was assumed.
	Notes []string `json:"notes,omitempty"`
	Apps  []App    `json:"apps"`
	// Doors to and from other municipalities, as the status says; of files, as they decide it.
	Doors []v1alpha1.Door `json:"doors,omitempty"`
}

// App is one app in those environments that are alike.
type App struct {
	Name         string   `json:"name"`
	DisplayName  string   `json:"displayName,omitempty"`
	Environments []string `json:"environments"`
	// Chain of decisions, from the nation down.
	Chain []Link `json:"chain"`
	// Wanted version; empty where it should have none.
	Wanted string `json:"wanted,omitempty"`
	// Why is empty where the app simply has, or gets, what is wanted; else a word such as Held.
	Why string `json:"why,omitempty"`
	// DecidedBy is who decided on what is there, or will be.
	DecidedBy     v1alpha1.DecidedBy `json:"decidedBy"`
	Installations []Installation     `json:"installations"`
}

// Link is what one level says.
type Link struct {
	// Level: nation, network, municipality, decision, rollout or walls.
	Level string `json:"level"`
	Text  string `json:"text"`
}

// Installation is what there is in one environment.
type Installation struct {
	Environment  string `json:"environment"`
	Version      string `json:"version,omitempty"`
	State        string `json:"state,omitempty"`
	HealthySince string `json:"healthySince,omitempty"`
	Text         string `json:"text"`
}

// The levels of a chain.
const (
	nation       = "nation"
	network      = "network"
	municipality = "municipality"
	decided      = "decision"
	turn         = "rollout"
	openings     = "walls"
)

// subject is what all parts of an explanation are about.
type subject struct {
	world        *world.World
	country      *country.Country
	municipality *v1alpha1.Municipality
	// tenant is what the country says of the municipality.
	tenant *country.Tenant
	now    time.Time
}

// place is one app in one environment.
type place struct {
	subject

	name        string
	app         *catalogue.App
	environment *v1alpha1.Environment
	verdict     resolution.Verdict
	installed   *v1alpha1.AppInstallation
	// reported is what status says of the place; nil where it says nothing.
	reported *v1alpha1.MunicipalityApp
}

func newSubject(w *world.World, m *v1alpha1.Municipality, now time.Time) subject {
	c := w.Country(now)
	return subject{world: w, country: c, municipality: m, tenant: c.Tenant(m.Name), now: now}
}

// Of explains a municipality of the world; with an app, only that one.
func Of(w *world.World, m *v1alpha1.Municipality, app string, now time.Time) Explanation {
	s := newSubject(w, m, now)
	e := Explanation{
		Municipality: m.Name, DisplayName: m.Spec.DisplayName, Number: m.Spec.Number,
		Networks: namesOf(s.tenant.Networks), Observes: s.observed(), Notes: slices.Concat(w.Notes, s.zones()), Apps: []App{},
	}
	for _, p := range s.places(app) {
		e.Apps = joined(e.Apps, p.explain())
	}
	e.Doors = s.doors(app)
	if w.Offline {
		faults, notes := review.Concerning(review.Of(w, now), e.isAbout)
		e.Faults, e.Notes = review.Lines(faults), slices.Concat(e.Notes, review.Lines(notes))
	}
	return e
}

// zones says which environments have another zone now than their spec, and why.
func (s subject) zones() []string {
	var all []string
	for i := range s.municipality.Spec.Environments {
		environment := &s.municipality.Spec.Environments[i]
		if has := tenancy.Zone(s.municipality, environment); has != environment.Zone {
			all = append(all, fmt.Sprintf("environment %s is %s, and spec.environments says %s%s",
				environment.Name, has, environment.Zone, because(tenancy.Message(s.municipality, environment.Name))))
		}
	}
	return all
}

func namesOf(networks []*v1alpha1.Network) []string {
	names := make([]string, len(networks))
	for i, n := range networks {
		names[i] = n.Name
	}
	return names
}

// observed are the networks that the municipality only observes.
func (s subject) observed() []string { return namesOf(s.country.Networks.Observers(s.municipality)) }

// isAbout says whether an object is one that the explanation rests on.
func (e *Explanation) isAbout(kind, name string) bool {
	switch kind {
	case "Platform":
		return true
	case "Municipality":
		return name == e.Municipality
	case "Network":
		return slices.Contains(e.Networks, name) || slices.Contains(e.Observes, name)
	}
	return slices.ContainsFunc(e.Apps, func(a App) bool { return a.Name == name })
}

// Known refuses an app that there is nothing to explain about: it is not in the catalogue, no
// network of the municipality proposes it, and it is neither decided on nor installed there.
func Known(w *world.World, m *v1alpha1.Municipality, app string, now time.Time) error {
	known := newSubject(w, m, now).apps("")
	for i := range w.Apps {
		known = append(known, w.Apps[i].Name)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	if slices.Contains(known, app) {
		return nil
	}
	return w.Unknown("SharedApp", app, known)
}

// joined adds an app to those before it, or to one of them that is alike.
func joined(all []App, next App) []App {
	for i := range all {
		if a := &all[i]; a.Name == next.Name && a.Wanted == next.Wanted && slices.Equal(a.Chain, next.Chain) {
			a.Environments = append(a.Environments, next.Environments...)
			a.Installations = append(a.Installations, next.Installations...)
			return all
		}
	}
	return append(all, next)
}

// places are all apps that anybody proposes, decides on or has installed, by app and then
// by environment in the order of the spec.
func (s subject) places(only string) []place {
	names := s.apps(only)
	all := make([]place, 0, len(names)*len(s.municipality.Spec.Environments))
	for _, app := range names {
		for i := range s.municipality.Spec.Environments {
			environment := &s.municipality.Spec.Environments[i]
			at := resolution.Place{App: app, Environment: environment.Name}
			p := place{
				subject: s, name: app, app: s.country.Apps.Of(app), environment: environment,
				installed: s.tenant.Installed[at], reported: s.reported(app, environment.Name),
			}
			if row := s.tenant.Row(at); row != nil {
				p.verdict = row.Verdict
			}
			all = append(all, p)
		}
	}
	return all
}

func (s subject) apps(only string) []string {
	if only != "" {
		return []string{only}
	}
	all := map[string]bool{}
	for _, n := range s.tenant.Networks {
		for _, p := range n.Spec.Apps {
			all[p.Name] = true
		}
	}
	for _, d := range s.municipality.Spec.Apps {
		all[d.Name] = true
	}
	for _, reported := range s.municipality.Status.Apps {
		all[reported.Name] = true
	}
	for at := range s.tenant.Installed {
		all[at.App] = true
	}
	for _, e := range s.municipality.Status.Environments {
		for _, kept := range e.Kept {
			all[kept.App] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func (s subject) reported(app, environment string) *v1alpha1.MunicipalityApp {
	for i := range s.municipality.Status.Apps {
		if reported := &s.municipality.Status.Apps[i]; reported.Name == app && reported.Environment == environment {
			return reported
		}
	}
	return nil
}

// explain is the chain of one place.
func (p *place) explain() App {
	a := App{
		Name: p.name, Environments: []string{p.environment.Name}, Wanted: p.verdict.Wanted, Why: string(p.verdict.Why),
		DecidedBy: p.verdict.DecidedBy, Installations: []Installation{p.installation()},
	}

	if p.app.Exists() {
		a.DisplayName = p.app.Object.Spec.DisplayName
	}
	if p.blind() && p.reported != nil {
		a.Wanted, a.Why, a.DecidedBy = p.reported.Wanted, string(p.reported.State), p.reported.DecidedBy
	}

	for _, part := range []struct {
		level string
		texts []string
	}{
		{nation, p.offer()},
		{network, p.proposals()},
		{municipality, p.own()},
		{decided, p.decision()},
		{turn, p.turn()},
		{openings, p.walls()},
	} {
		for _, text := range part.texts {
			a.Chain = append(a.Chain, Link{Level: part.level, Text: text})
		}
	}
	return a
}

func isTrue(b *bool) bool { return b != nil && *b }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// word is a first word that a capital does no harm to: no field such as spec.apps, and no name
// such as digi-tv.
var word = regexp.MustCompile(`^[a-z]+([ ,:;]|$)`)

// sentence joins the parts that say something, begins with a capital and ends with a full stop.
func sentence(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	text := strings.Join(parts, ", ")
	if text == "" {
		return ""
	}
	if word.MatchString(text) {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return strings.TrimSuffix(text, ".") + "."
}

// list is names for people: "a, b and c".
func list(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// because is a reason behind a colon, if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
