package country_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// events plays what happens to a country: to a model and, side by side, to the objects.
type events struct {
	rng           *rand.Rand
	now           time.Time
	model         *country.Model
	platform      v1alpha1.PlatformSpec
	municipality  map[string]*v1alpha1.Municipality
	network       map[string]*v1alpha1.Network
	app           map[string]*v1alpha1.SharedApp
	installations map[string]map[resolution.Place]*v1alpha1.AppInstallation
	deleted       map[string]map[resolution.Place]*v1alpha1.AppInstallation
	refused       map[string]map[resolution.Place]*country.Refusal
	rollout       map[string]*v1alpha1.Rollout
	missing       map[string]bool
	plans         map[string]country.GroupPlan
	planned       time.Time
}

var (
	towns  = []string{"vinje", "tokke", "oslo", "bykle"}
	groups = []string{"digi-tv", "digi-sor", "digi-old"}
	apps   = []string{"svarut", "kobo", "id-gateway"}
)

func newEvents(seed uint64) *events {
	w := &events{
		rng: rand.New(rand.NewPCG(seed, 8)), now: now, model: country.NewModel(),
		municipality: map[string]*v1alpha1.Municipality{}, network: map[string]*v1alpha1.Network{}, app: map[string]*v1alpha1.SharedApp{},
		installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{}, deleted: map[string]map[resolution.Place]*v1alpha1.AppInstallation{}, refused: map[string]map[resolution.Place]*country.Refusal{}, rollout: map[string]*v1alpha1.Rollout{}, missing: map[string]bool{},
	}
	w.model.Settle(w.now)
	return w
}

func (w *events) objects() country.Objects {
	o := country.Objects{Platform: w.platform, Apps: w.app, Installations: w.installations, Deleted: w.deleted, Refused: w.refused, Missing: w.missing}
	for _, m := range w.municipality {
		o.Municipalities = append(o.Municipalities, m)
	}
	for _, n := range w.network {
		o.Networks = append(o.Networks, *n)
	}
	for _, r := range w.rollout {
		o.Rollouts = append(o.Rollouts, r)
	}
	return o
}

// several events happen before anybody looks.
func (w *events) several() []string {
	var said []string
	for range 1 + w.rng.IntN(3) {
		kinds := []func() string{
			w.onMunicipality, w.onMunicipality, w.onNetwork, w.onNetwork, w.onApp, w.onInstallation, w.onInstallation, w.onInstallation, w.onRefusal,
			w.onRollout, w.onRollout, w.onMissing, w.onPlatform, w.onClock,
		}
		said = append(said, kinds[w.rng.IntN(len(kinds))]())
	}
	return said
}

func pick[T any](w *events, all ...T) T { return all[w.rng.IntN(len(all))] }

func (w *events) onClock() string {
	w.now = w.now.Add(time.Duration(w.rng.IntN(4)) * time.Hour)
	return "now " + w.now.String()
}

func (w *events) onPlatform() string {
	p := w.platform.DeepCopy()
	switch w.rng.IntN(5) {
	case 4:
		if p.Rollout == nil {
			p.Rollout = &v1alpha1.RolloutStrategy{}
		}
		p.Rollout.Approvals = pick(w, nil, []v1alpha1.Approval{{App: pick(w, apps...), Channel: "stable", Digest: target.Digest, Wave: "all"}})
	case 0:
		p.Freeze = new(w.rng.IntN(2) == 0)
	case 1:
		p.Pause = new(w.rng.IntN(2) == 0)
	case 2:
		p.Rollout = pick(w, nil, &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{{Name: "all", Soak: pick(w, nil, &metav1.Duration{Duration: 5 * time.Hour})}}})
	case 3:
		p.Suspend = new(w.rng.IntN(2) == 0)
	}
	w.platform = *p
	w.model.SetPlatform(*p)
	return "platform"
}

func (w *events) onMissing() string {
	m, e := pick(w, towns...), pick(w, "prod", "test")
	missing := w.rng.IntN(2) == 0
	if missing && !w.missing[v1alpha1.NamespaceFor(m, e)] {
		maps.DeleteFunc(w.deleted[m], func(p resolution.Place, _ *v1alpha1.AppInstallation) bool { return p.Environment == e })
	}
	w.missing[v1alpha1.NamespaceFor(m, e)] = missing
	w.model.SetMissing(m, e, missing)
	return "missing " + m + " " + e
}

func (w *events) later() *metav1.Time {
	return new(metav1.NewTime(w.now.Add(time.Duration(1+w.rng.IntN(5)) * time.Hour)))
}

func (w *events) onMunicipality() string {
	name := pick(w, towns...)
	if w.rng.IntN(12) == 0 {
		delete(w.municipality, name)
		delete(w.deleted, name)
		delete(w.refused, name)
		w.model.SetMunicipality(name, nil)
		return "no " + name
	}
	m := municipality(name)
	if was := w.municipality[name]; was != nil {
		m = was.DeepCopy()
	}
	switch w.rng.IntN(14) {
	case 12:
		m.Spec.Hosts = []v1alpha1.DoorOffer{{App: pick(w, apps...), Environment: pick(w, "prod", "test"), Service: "web", Zone: v1alpha1.ZoneClosed, To: pick(w,
			v1alpha1.Guests{Municipalities: []string{pick(w, towns...)}}, v1alpha1.Guests{Networks: []string{pick(w, groups...)}}, v1alpha1.Guests{Everybody: true})}}
	case 13:
		m.Spec.Connects = []v1alpha1.DoorRequest{{App: pick(w, apps...), Environment: pick(w, "prod", "test"), Service: "web", Host: pick(w, towns...), Clients: []string{pick(w, apps...)}}}
	case 10:
		m.Spec.Number = pick(w, towns...)
	case 11:
		m.Spec.FormerNumbers = pick(w, nil, []string{pick(w, towns...)})
	case 0:
		m.Labels[v1alpha1.LabelCounty] = pick(w, "40", "42")
	case 1:
		m.Spec.Apps = nil
	case 2:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: pick(w, apps...), Decision: v1alpha1.DecisionAdopt, Channel: pick(w, "", "pilot"), Version: pick(w, "", "2.5.0")}}
		m.Spec.Apps[0].Immediate, m.Spec.Pause = pick(w, nil, new(true)), new(w.rng.IntN(2) == 0)
	case 3:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: pick(w, apps...), Decision: v1alpha1.DecisionDefer, Until: w.later(), Reason: "later"}}
	case 4:
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: pick(w, apps...), Hold: &v1alpha1.Hold{Version: "2.4.1", Until: w.later(), Reason: "x"}}}
	case 5:
		m.Spec.Suspend = []v1alpha1.Suspension{v1alpha1.SuspensionNone, v1alpha1.SuspensionOperator, v1alpha1.SuspensionFreeze}[w.rng.IntN(3)]
	case 6:
		m.Spec.Freezes = []v1alpha1.FreezePeriod{{From: *w.later(), Until: metav1.NewTime(w.now.Add(100 * time.Hour)), Reason: "election"}}
	case 7:
		m.Spec.Environments = municipality(name).Spec.Environments[:1+w.rng.IntN(2)]
	case 8:
		m.Status.Apps = []v1alpha1.MunicipalityApp{{Name: pick(w, apps...), Environment: "prod", Version: pick(w, before.Version, target.Version)}}
	case 9: // also one that it is not a member of
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Network: pick(w, groups...)}}
	}
	w.municipality[name] = m
	w.model.SetMunicipality(name, m)
	return "municipality " + name
}

func (w *events) onNetwork() string {
	name := pick(w, groups...)
	if w.rng.IntN(12) == 0 {
		delete(w.network, name)
		w.model.SetNetwork(name, nil)
		return "no " + name
	}
	fresh := network(name, pick(w, towns...), pick(w, towns...))
	n := &fresh
	if was := w.network[name]; was != nil {
		n = was.DeepCopy()
	}
	switch w.rng.IntN(10) {
	case 0:
		n.Spec.Members = v1alpha1.Members{Selector: selector(v1alpha1.LabelCounty, pick(w, "40", "42"))}
	case 1:
		n.Spec.Members = v1alpha1.Members{Names: []string{pick(w, towns...)}, Networks: []string{pick(w, groups...)}, Observers: []string{pick(w, towns...)}}
	case 2:
		n.Spec.Apps = append(n.Spec.Apps[:0:0], v1alpha1.Proposal{Name: pick(w, apps...), Channel: pick(w, "stable", "pilot"), Obligation: pick(w, v1alpha1.ObligationMandatory, v1alpha1.ObligationOptional), Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}})
	case 3:
		n.Spec.Ends = pick(w, nil, w.later())
	case 4, 8, 9:
		n.Spec.Successor = pick(w, "", pick(w, groups...))
	case 5:
		n.Spec.Pause = new(w.rng.IntN(2) == 0)
	case 6:
		n.Spec.Rollout = &v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{{App: "svarut", Digest: target.Digest, Wave: "pilot"}}}
		n.Spec.Rollout.Waves = pick(w, nil, []v1alpha1.Wave{{Name: "pilot", Soak: &metav1.Duration{Duration: 3 * time.Hour}}})
	case 7:
		n.Spec.Priority = new(int32(w.rng.IntN(3)))
	}
	w.network[name] = n
	w.model.SetNetwork(name, n)
	return "network " + name
}

func (w *events) onApp() string {
	name := pick(w, apps...)
	if w.rng.IntN(12) == 0 {
		delete(w.app, name)
		w.model.SetApp(name, nil)
		return "no " + name
	}
	a := app(name)
	switch w.rng.IntN(6) {
	case 0:
		a.Spec.Channels[0].Version = other.Version
	case 1:
		a.Spec.Suspend = new(true)
	case 2:
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway", Version: pick(w, "", ">=2.5")}}}
		}
	case 3:
		a.Spec.Versions[1].State = v1alpha1.VersionWithdrawn
	case 4:
		a.Spec.PilotNetworks = []string{pick(w, groups...)}
	case 5:
		a.Status.Versions = a.Status.Versions[:1]
	}
	a.Spec.Isolation, a.Spec.Hosting = pick(w, "", v1alpha1.IsolationOwn), pick(w, nil, &v1alpha1.Hosting{By: v1alpha1.HostedByMunicipality}, &v1alpha1.Hosting{By: v1alpha1.HostedByNation})
	for i := range a.Spec.Versions {
		if w.rng.IntN(4) > 0 {
			a.Spec.Versions[i].Services = []v1alpha1.HostedService{{Name: "web", Ports: []v1alpha1.HostedPort{{Port: 443}}}}
		}
	}
	w.app[name] = a
	w.model.SetApp(name, a)
	return "app " + name
}

func (w *events) onInstallation() string {
	m, e, name := pick(w, towns...), pick(w, "prod", "test"), pick(w, apps...)
	place := resolution.Place{App: name, Environment: e}
	was := w.installations[m][place]
	var i *v1alpha1.AppInstallation
	switch {
	case was != nil && w.rng.IntN(6) == 0:
	case was != nil && w.rng.IntN(3) == 0:
		i = was.DeepCopy()
		i.Status.Conditions[0].Status = pick(w, metav1.ConditionTrue, metav1.ConditionFalse)
		i.Spec.Suspend = new(w.rng.IntN(4) == 0)
	default:
		o := country.Objects{Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{}}
		stamp := planner.Stamp{MovedAt: metav1.NewTime(now), Wave: pick(w, "pilot", ""), Target: target, Attempt: 1, Outcome: pick(w, "", v1alpha1.OutcomeReturned, v1alpha1.OutcomeStuck), Verified: pick(w, nil, &before)}
		if w.rng.IntN(4) > 0 {
			stamp.Network = pick(w, groups...)
			stamp.Name = planner.Name(v1alpha1.RolloutSpec{Network: stamp.Network, App: name, Version: target.Version, Attempt: 1})
		}
		installApp(name, m, e, pick(w, before, target, other), stamp)(&o)
		i = o.Installations[m][place]
		i.Spec.Isolation = pick(w, "", v1alpha1.IsolationOwn)
		if w.rng.IntN(3) == 0 {
			i.Status.HealthySince = new(metav1.NewTime(w.now.Add(-30 * time.Minute)))
		}
	}
	if w.installations[m] == nil {
		w.installations[m] = map[resolution.Place]*v1alpha1.AppInstallation{}
	}
	w.installations[m] = maps.Clone(w.installations[m])
	w.installations[m][place] = i
	delete(w.deleted[m], place)
	if i == nil {
		delete(w.installations[m], place)
		if w.municipality[m] != nil {
			if w.deleted[m] == nil {
				w.deleted[m] = map[resolution.Place]*v1alpha1.AppInstallation{}
			}
			w.deleted[m][place] = was
		}
	}
	w.model.SetInstallation(m, place, i)
	return fmt.Sprintf("installation %s %s %s %v", m, e, name, i != nil)
}

// onRefusal refuses something of the country that was looked at last, or takes it after all.
func (w *events) onRefusal() string {
	m, e, name := pick(w, towns...), pick(w, "prod", "test"), pick(w, apps...)
	place := resolution.Place{App: name, Environment: e}
	o := country.Objects{Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{}}
	installApp(name, m, e, target)(&o)
	r := w.model.Country().Refused(o.Installations[m][place], "quota is full")
	if w.municipality[m] == nil || w.rng.IntN(4) == 0 {
		r = nil
	}
	if w.refused[m] == nil {
		w.refused[m] = map[resolution.Place]*country.Refusal{}
	}
	w.refused[m][place] = r
	w.model.SetRefused(m, place, r)
	return fmt.Sprintf("refused %s %s %s %v", m, e, name, r != nil)
}

func (w *events) onRollout() string {
	group, channel := pick(w, "", pick(w, groups...)), ""
	if group == "" {
		channel = pick(w, "stable", "pilot")
	}
	r := record(group, channel, pick(w, apps...), pick(w, before, target), int32(1+w.rng.IntN(2)),
		pick(w, v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutCompleted, v1alpha1.RolloutHalted, v1alpha1.RolloutSuperseded))
	if w.rng.IntN(8) == 0 {
		delete(w.rollout, r.Name)
		w.model.SetRollout(r.Name, nil)
		return "no " + r.Name
	}
	w.rollout[r.Name] = r
	w.model.SetRollout(r.Name, r)
	return "rollout " + r.Name
}
