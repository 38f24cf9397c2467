package rollup

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
)

// country is what verdicts rest on, besides the municipality itself.
type country struct {
	networks []v1alpha1.Network
	apps     map[string]*v1alpha1.SharedApp
	// offers are the same apps, compiled.
	offers catalogue.Apps
	freeze bool
	// general is the strategy that fills in what networks leave out; nil where there is none.
	general *v1alpha1.RolloutStrategy
	// rollouts are those that go on, or that completed last, of each group and app.
	rollouts map[subject]*v1alpha1.Rollout
}

// tenant is a municipality and what is installed in its namespaces, in those too
// that are no longer in its spec.
type tenant struct {
	municipality *v1alpha1.Municipality
	installed    map[resolution.Place]*v1alpha1.AppInstallation
}

// place is how one app stands in one environment.
type place struct {
	// shown is how the status of its Municipality shows it.
	shown        v1alpha1.MunicipalityApp
	municipality string
	verdict      resolution.Verdict
	// counted says whether the app should be there, or should be gone and is not yet;
	// a place that declined or deferred is not counted.
	counted bool
	// ready says whether it runs well at what is decided now.
	ready bool
	// settled says whether it runs well at what it should have now: what is decided, or the
	// release before where its turn has not come, or where it went back.
	settled bool
	// waits says that a rollout brings the release, and has not brought it here.
	waits bool
	// again is when time alone may change what is told of it; zero where it never does.
	again time.Time
}

// narrowed leaves of the networks' proposals those of some apps. Verdicts on one app
// do not depend on another's, so a count of one app need not resolve all of them. Every
// network stays: its members may belong to others through it.
func (c country) narrowed(apps map[string]bool) country {
	networks := make([]v1alpha1.Network, 0, len(c.networks))
	for i := range c.networks {
		n := c.networks[i] // a copy: the original is the cache's
		n.Spec.Apps = slices.DeleteFunc(slices.Clone(n.Spec.Apps), func(p v1alpha1.Proposal) bool { return !apps[p.Name] })
		networks = append(networks, n)
	}
	c.networks = networks
	return c
}

// narrowed leaves of the municipality's decisions, and of what its status remembers, those on
// some apps: what is installed was read of no others.
func (t tenant) narrowed(apps map[string]bool) tenant {
	m := *t.municipality // a copy: the original is the cache's
	m.Spec.Apps = slices.DeleteFunc(slices.Clone(m.Spec.Apps), func(d v1alpha1.AppDecision) bool { return !apps[d.Name] })
	m.Status.Apps = slices.DeleteFunc(slices.Clone(m.Status.Apps), func(row v1alpha1.MunicipalityApp) bool { return !apps[row.Name] })
	return tenant{municipality: &m, installed: t.installed}
}

// placesOf judges every place of a municipality, sorted by environment and app.
func placesOf(c country, t tenant, now time.Time) []place {
	return placesAmong(c, resolution.NewNetworks(c.networks, now), t, now)
}

func placesAmong(c country, networks *resolution.Networks, t tenant, now time.Time) []place {
	known := resolution.Remember(t.municipality, c.offered(), t.installed, nil)
	verdicts := resolution.Resolve(resolution.Input{
		Municipality: t.municipality, Networks: networks.Of(t.municipality), All: networks, Apps: c.offered(),
		Installed: known, Freeze: c.freeze, Now: now,
	})
	places := make([]place, 0, len(verdicts))
	for i := range verdicts {
		at := verdicts[i].Place
		p := c.judge(verdicts[i], t.municipality, t.installed[at])
		if t.installed[at] == nil {
			p.deleted(t.municipality, known[at])
		}
		places = append(places, p)
	}
	return places
}

// offered are the compiled apps.
func (c country) offered() catalogue.Apps {
	if c.offers != nil {
		return c.offers
	}

	all := make(catalogue.Apps, len(c.apps))
	for name, app := range c.apps {
		all[name] = catalogue.Compile(app)
	}

	return all
}

// placesOfAll judges the places of many, in their order.
func placesOfAll(c country, tenants []tenant, now time.Time) [][]place {
	all, networks := make([][]place, 0, len(tenants)), resolution.NewNetworks(c.networks, now)
	for _, t := range tenants {
		all = append(all, placesAmong(c, networks, t, now))
	}
	return all
}

func flat(places [][]place) []place { return slices.Concat(places...) }

// nextChange is when time alone may first change a verdict, what is told of a turn, or who
// belongs to which network; zero where it never does.
func nextChange(c country, places []place, now time.Time) time.Time {
	next := resolution.NewNetworks(c.networks, now).NextChange()
	for i := range places {
		for _, at := range []time.Time{places[i].verdict.Until, places[i].again} {
			if !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}
	return next
}

// judge measures an installation, which is nil where there is none, against the
// verdict of now.
func (c country) judge(v resolution.Verdict, m *v1alpha1.Municipality, i *v1alpha1.AppInstallation) place {
	p := place{municipality: m.Name, verdict: v, counted: true, shown: v1alpha1.MunicipalityApp{
		Name: v.App, Environment: v.Environment, Wanted: v.Wanted, DecidedBy: v.DecidedBy,
	}}
	r := c.rolloutOf(v)
	if r != nil {
		p.shown.Rollout = r.Name
	}
	if i == nil {
		p.absent(m)
		return p
	}
	p.shown.Version = i.Status.AppliedVersion
	switch {
	case v.Action == resolution.Remove, i.Spec.State == v1alpha1.InstallationAbsent:
		p.shown.State, p.shown.Message = v1alpha1.AppRemoving, conditionOf(i).Message
	case ptr.Deref(i.Spec.Suspend, false):
		p.shown.State, p.shown.Message = v1alpha1.AppBlocked, fmt.Sprintf("AppInstallation %s/%s is suspended: take its spec.suspend out", i.Namespace, i.Name)
	default:
		p.measure(m, i, r)
	}
	p.shown.Message = cut(p.shown.Message)
	return p
}

// measure is for a place that has something installed, which stays.
func (p *place) measure(m *v1alpha1.Municipality, i *v1alpha1.AppInstallation, r *v1alpha1.Rollout) {
	v := p.verdict
	p.waits = inTurn(v) && !hasRelease(v, i)
	if state, message := p.trouble(m, i, r); state != "" {
		p.shown.State, p.shown.Message = state, message
		return
	}
	switch {
	case p.waits && outcomeOf(i, r) == v1alpha1.OutcomeReturned:
		p.settled, p.shown.State, p.shown.Message = true, v1alpha1.AppReturned, i.Annotations[v1alpha1.AnnotationFailure]
	case p.waits:
		p.settled, p.shown.State, p.shown.Message = true, v1alpha1.AppWaiting, v.Message
	case v.Unfit != "", v.Why == resolution.Blocked && v.Wanted != i.Spec.Version:
		p.shown.State, p.shown.Message = v1alpha1.AppBlocked, v.Message
	default:
		p.ready, p.settled, p.shown.State, p.shown.Message = true, true, v1alpha1.AppReady, v.Message
		if v.Why != "" && v.Why != resolution.Blocked {
			p.shown.State = v1alpha1.AppState(v.Why)
		}
	}
}

// trouble is the state of an installation that has not got what it was asked for, or does
// not run well at it, with the reason; empty where all is well.
func (p *place) trouble(m *v1alpha1.Municipality, i *v1alpha1.AppInstallation, r *v1alpha1.Rollout) (state v1alpha1.AppState, message string) {
	arrived := upToDate(p.verdict, m, i) && (p.waits || hasRelease(p.verdict, i))
	switch {
	case !arrived:
		return v1alpha1.AppProgressing, onTheWay(p.verdict, m)
	case well(i):
		return "", ""
	case outcomeOf(i, r) == v1alpha1.OutcomeStuck:
		return v1alpha1.AppStuck, i.Annotations[v1alpha1.AnnotationFailure]
	case stalled(i):
		return v1alpha1.AppFailed, conditionOf(i).Message
	}
	return v1alpha1.AppProgressing, conditionOf(i).Message
}

// absent is for a place where nothing is installed.
func (p *place) absent(m *v1alpha1.Municipality) {
	p.shown.State, p.shown.Message = v1alpha1.AppMissing, p.verdict.Message
	switch p.without() {
	case resolution.Declined, resolution.Deferred, resolution.Held:
		p.shown.State, p.counted = v1alpha1.AppState(p.verdict.Why), false
		p.shown.Wanted = ""
	case resolution.Blocked:
		p.shown.State = v1alpha1.AppBlocked
	default:
		p.waits = inTurn(p.verdict) && !suspended(m) && stands(m, p.verdict.Environment)
		if p.waits {
			p.shown.State = v1alpha1.AppWaiting
		} else {
			p.shown.Message = onTheWay(p.verdict, m)
		}
	}
	p.shown.Message = cut(p.shown.Message)
}

// deleted is for a place whose AppInstallation somebody deleted: its row stays, as the memory
// from which the consent controller writes it again. It is nil where there was none.
func (p *place) deleted(m *v1alpha1.Municipality, was *v1alpha1.AppInstallation) {
	if was == nil || (p.verdict.Action != resolution.Install && p.verdict.Action != resolution.Keep) {
		return
	}
	p.counted, p.waits, p.shown.Version = true, false, was.Spec.Version
	p.shown.State, p.shown.Message = v1alpha1.AppProgressing, "its AppInstallation was deleted: it is written again"
	if suspended(m) {
		p.shown.Message = "its AppInstallation was deleted; " + takeOut(m)
	}
}

// without is why nothing is installed; empty for a hold whose version comes yet.
func (p *place) without() resolution.Why {
	if p.verdict.Why == resolution.Held && p.verdict.Action != resolution.Nothing {
		return ""
	}

	return p.verdict.Why
}

func onTheWay(v resolution.Verdict, m *v1alpha1.Municipality) string {
	switch {
	case suspended(m):
		return takeOut(m)
	case v.Message != "":
		return v.Message
	case !stands(m, v.Environment):
		return fmt.Sprintf("waits for environment %s to be ready", v.Environment)
	}
	return "about to be installed at " + v.Version
}

func suspended(m *v1alpha1.Municipality) bool { return ptr.Deref(m.Spec.Suspend, false) }

func takeOut(m *v1alpha1.Municipality) string {
	return fmt.Sprintf("Municipality %s is suspended: take its spec.suspend out", m.Name)
}

// stands says whether an environment is ready for apps, as far as anybody has looked.
func stands(m *v1alpha1.Municipality, environment string) bool {
	return m.Status.ObservedGeneration < 1 || slices.ContainsFunc(m.Status.Environments, func(e v1alpha1.EnvironmentStatus) bool {
		return e.Name == environment && e.State == v1alpha1.EnvironmentReady
	})
}
