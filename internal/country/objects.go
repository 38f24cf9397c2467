package country

import (
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Objects is what was observed, as a list. Nothing in it is changed.
type Objects struct {
	Platform       v1alpha1.PlatformSpec
	Municipalities []*v1alpha1.Municipality
	Networks       []v1alpha1.Network
	Apps           map[string]*v1alpha1.SharedApp
	// Installations in the environments of each municipality, those included that are no
	// longer in its spec.
	Installations map[string]map[resolution.Place]*v1alpha1.AppInstallation
	// Deleted are those that somebody deleted, as they were last, until they are back.
	Deleted map[string]map[resolution.Place]*v1alpha1.AppInstallation
	// Refused is what the API server refused last in each municipality.
	Refused map[string]map[resolution.Place]*Refusal
	// Missing are environments, as namespaces, that are not there yet or on their way out.
	Missing  map[string]bool
	Rollouts []*v1alpha1.Rollout
	// Outages are when the operator did not look; see planner.Input.
	Outages planner.Outages
}

// Compile makes the country of a list of objects, as it is at a point in time.
func Compile(o Objects, now time.Time) *Country {
	m := NewModel()
	o.fill(m)
	m.Settle(now)
	return m.Country()
}

// fill gives a model all objects.
func (o Objects) fill(m *Model) {
	m.SetOutages(o.Outages)
	m.SetPlatform(o.Platform)

	for name, app := range o.Apps {
		m.SetApp(name, app)
	}
	for i := range o.Networks {
		m.SetNetwork(o.Networks[i].Name, &o.Networks[i])
	}
	for _, municipality := range o.Municipalities {
		m.SetMunicipality(municipality.Name, municipality)
		for _, e := range municipality.Spec.Environments {
			m.SetMissing(municipality.Name, e.Name, o.Missing[v1alpha1.NamespaceFor(municipality.Name, e.Name)])
		}
	}
	for municipality, deleted := range o.Deleted {
		for place, i := range deleted {
			m.SetInstallation(municipality, place, i)
			m.SetInstallation(municipality, place, nil)
		}
	}
	for municipality, installed := range o.Installations {
		for place, i := range installed {
			m.SetInstallation(municipality, place, i)
		}
	}
	for municipality, refused := range o.Refused {
		for place, r := range refused {
			m.SetRefused(municipality, place, r)
		}
	}
	for _, r := range o.Rollouts {
		m.SetRollout(r.Name, r)
	}
}
