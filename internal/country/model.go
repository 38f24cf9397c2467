package country

import (
	"maps"
	"slices"
	"time"

	"github.com/tidwall/btree"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// Model keeps a Country up to date by what changes. It is for one writer: it takes objects
// as they come and go, works out what follows with Settle, and then hands out the Country.
// What it is given must not be changed afterwards.
type Model struct {
	// settled is for readers; country is what is being changed.
	settled *Country
	country Country

	tenants map[string]*inputs
	// missing are environments that are not there, by the names of municipality and environment.
	missing map[string]bool
	// related are apps that one requires, or that require it.
	related map[string][]string
	// claims are the municipalities that claim each official number.
	claims claims
	// records are the subjects of Rollouts, by their names.
	records map[string]subjectKey
	// takers are the municipalities that an app concerns.
	takers map[string]map[string]bool
	// subjects of an app.
	subjects map[string]map[subjectKey]bool
	// compiler compiles apps as they come.
	compiler catalogue.Compiler
	// untils are the municipalities that time alone changes, by when.
	untils btree.Map[string, string]
	// revision is that of the tenant, or the subject, that changed last.
	revision uint64

	pending
}

// pending is what was changed and is not settled yet.
type pending struct {
	// topology says that who belongs to which network may be another thing now.
	topology bool
	// platform says that the gates or strategies of all groups may be.
	platform bool
	// proposals, groups and apps are networks whose proposals, groups whose gates or strategy,
	// and apps whose offer may be another thing now.
	proposals, groups, apps map[string]bool
	// touched are tenants to be worked out again.
	touched map[string]*touched
	// edited are subjects that are being changed.
	edited map[subjectKey]*Subject
	// turned are subjects of which a Rollout came, went or reached another wave or phase.
	turned map[subjectKey]bool
	// adopted and used are adoptions and usages that are being changed.
	adopted map[shareKey]*Adoption
	used    map[string]*Usage
	changed Changed
}

func nothingPending() pending {
	return pending{
		proposals: map[string]bool{}, groups: map[string]bool{}, apps: map[string]bool{},
		touched: map[string]*touched{}, edited: map[subjectKey]*Subject{}, turned: map[subjectKey]bool{},
		adopted: map[shareKey]*Adoption{}, used: map[string]*Usage{}, changed: newChanged(),
	}
}

// inputs are the objects of one tenant.
type inputs struct {
	municipality *v1alpha1.Municipality
	installed    map[resolution.Place]*v1alpha1.AppInstallation
	// deleted are those that somebody deleted, as they were last, until they are back.
	deleted map[resolution.Place]*v1alpha1.AppInstallation
	// refused is what the API server refused last; a Tenant may hold the map.
	refused map[resolution.Place]*Refusal
	// shared says that a Tenant holds the map.
	shared bool
}

// NewModel makes a model of a country in which there is nothing.
func NewModel() *Model {
	m := &Model{
		country: Country{
			Networks: resolution.NewNetworks(nil, time.Time{}), networks: map[string]*v1alpha1.Network{}, Apps: catalogue.Apps{},
			strategies: map[string]strategy{Direct: compileStrategy(nil, nil)},
		},
		tenants: map[string]*inputs{}, missing: map[string]bool{}, claims: claims{}, records: map[string]subjectKey{},
		takers: map[string]map[string]bool{}, subjects: map[string]map[subjectKey]bool{}, pending: nothingPending(),
	}
	m.settled = m.country.copy()
	return m
}

// Country is what was settled last; empty before the first time. Nobody changes it.
func (m *Model) Country() *Country { return m.settled }

// SetOutages says when nobody was looking; see planner.Input.
func (m *Model) SetOutages(outages planner.Outages) { m.country.outages, m.platform = outages, true }

// SetPlatform takes what the nation says.
func (m *Model) SetPlatform(spec v1alpha1.PlatformSpec) {
	was := m.country.Platform
	if equality.Semantic.DeepEqual(was, spec) {
		return
	}
	m.country.Platform = spec
	specs{m}.onPlatform(was, spec)

	soaks := len(m.related) > 0 && !equality.Semantic.DeepEqual(saidStrategy(was).Waves, saidStrategy(spec).Waves) // see returning
	if isTrue(was.Freeze) != isTrue(spec.Freeze) || soaks {
		for name := range m.tenants {
			m.touch(name).all = true
		}
	}
	if !equality.Semantic.DeepEqual(was.Rollout, spec.Rollout) {
		m.country.strategies = map[string]strategy{Direct: compileStrategy(spec.Rollout, nil)}
		for name, n := range m.country.networks {
			m.country.strategies[name] = compileStrategy(spec.Rollout, n)
		}
	}
	if equality.Semantic.DeepEqual(withoutEntries(was), withoutEntries(spec)) {
		m.groups[Direct] = true // its approvals and retries are for direct adopters alone
		return
	}
	m.platform = true
}

// saidStrategy is what a Platform says of rollouts, which may be nothing.
func saidStrategy(spec v1alpha1.PlatformSpec) v1alpha1.RolloutStrategy {
	return ptr.Deref(spec.Rollout, v1alpha1.RolloutStrategy{})
}

// withoutEntries is what the Platform says to all groups.
func withoutEntries(spec v1alpha1.PlatformSpec) v1alpha1.PlatformSpec {
	strategy := saidStrategy(spec)
	strategy.Approvals, strategy.Retries = nil, nil
	spec.Rollout = &strategy
	return spec
}

// SetMunicipality takes a Municipality in the place of the one of its name; nil takes that
// out. Its installations stay until they are taken out.
func (m *Model) SetMunicipality(name string, municipality *v1alpha1.Municipality) {
	in := m.inputs(name)
	was := in.municipality
	in.municipality = municipality
	t := m.touch(name)
	for _, other := range m.claims.set(name, was, municipality) {
		m.touch(other).all = true
	}

	if municipality == nil {
		in.deleted, in.refused = nil, nil
	}
	if was == nil || municipality == nil || changesAll(was, municipality) {
		t.all = true
		return
	}
	for place := range forgotten(was, municipality) {
		if in.installed[place] == nil {
			t.places[place] = true
		}
	}
}

// changesAll says whether all of a municipality has to be worked out again.
func changesAll(was, is *v1alpha1.Municipality) bool {
	if was.UID != is.UID || !equality.Semantic.DeepEqual(was.Labels, is.Labels) ||
		was.DeletionTimestamp.IsZero() != is.DeletionTimestamp.IsZero() || !equality.Semantic.DeepEqual(was.Spec, is.Spec) {
		return true
	}
	current := func(m *v1alpha1.Municipality) bool { return m.Status.ObservedGeneration == m.Generation }
	return current(was) != current(is) || !slices.Equal(tenancy.Domains(was), tenancy.Domains(is)) || !slices.EqualFunc(was.Status.Environments, is.Status.Environments, func(a, b v1alpha1.EnvironmentStatus) bool {
		return a.Name == b.Name && a.State == b.State && a.Zone == b.Zone
	})
}

// forgotten are the places of which two statuses of a municipality report another version.
func forgotten(was, is *v1alpha1.Municipality) map[resolution.Place]bool {
	places := map[resolution.Place]bool{}
	remembered := func(m *v1alpha1.Municipality) map[resolution.Place]v1alpha1.MunicipalityApp {
		all := make(map[resolution.Place]v1alpha1.MunicipalityApp, len(m.Status.Apps))
		for i := range m.Status.Apps {
			row := &m.Status.Apps[i]
			all[resolution.Place{App: row.Name, Environment: row.Environment}] = v1alpha1.MunicipalityApp{Version: row.Version, Asked: row.Asked, State: row.State, DecidedBy: row.DecidedBy}
		}
		return all
	}
	before, after := remembered(was), remembered(is)
	for place, row := range before {
		if after[place] != row {
			places[place] = true
		}
	}
	for place := range after {
		if _, found := before[place]; !found {
			places[place] = true
		}
	}
	return places
}

// SetMissing says whether an environment of a municipality is missing, or on its way out.
func (m *Model) SetMissing(municipality, environment string, missing bool) {
	key := pair(municipality, environment)
	if m.missing[key] == missing {
		return
	}
	if missing {
		m.missing[key] = true
		m.inputs(municipality).forget(environment)
	} else {
		delete(m.missing, key)
	}
	m.touch(municipality).all = true
}

// SetInstallation takes an AppInstallation of a municipality in the place of the one before;
// nil takes that out.
func (m *Model) SetInstallation(municipality string, place resolution.Place, i *v1alpha1.AppInstallation) {
	in := m.inputs(municipality)
	specs{m}.onVersion(in.installed[place], i)
	filer{m}.touchGuests(municipality, place, in.installed[place], i)
	if in.shared {
		in.installed, in.shared = maps.Clone(in.installed), false
	}
	if i == nil {
		in.remember(place)
		delete(in.installed, place)
	} else {
		delete(in.deleted, place)
		if in.installed == nil {
			in.installed = map[resolution.Place]*v1alpha1.AppInstallation{}
		}
		in.installed[place] = i
	}
	m.touch(municipality).places[place] = true
}

// remember keeps an AppInstallation that is deleted, as it is now. It has no finalizer: one that is deleted while no
// operator runs is known from the Municipality's status alone, see resolution.Remember. What a Municipality left behind
// that is gone is nobody's to write again.
func (in *inputs) remember(place resolution.Place) {
	if was := in.installed[place]; was != nil && in.municipality != nil {
		if in.deleted == nil {
			in.deleted = map[resolution.Place]*v1alpha1.AppInstallation{}
		}
		in.deleted[place] = was
	}
}

// forget forgets what was deleted in an environment that is gone with all that was in it.
func (in *inputs) forget(environment string) {
	for place := range in.deleted {
		if place.Environment == environment {
			delete(in.deleted, place)
		}
	}
}

func (m *Model) inputs(name string) *inputs {
	in := m.tenants[name]
	if in == nil {
		in = &inputs{}
		m.tenants[name] = in
	}
	return in
}

func (p *pending) touch(name string) *touched {
	t := p.touched[name]
	if t == nil {
		t = &touched{places: map[resolution.Place]bool{}, apps: map[string]bool{}}
		p.touched[name] = t
	}
	return t
}
