package country_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

var (
	now    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	before = v1alpha1.Release{Version: "2.4.1", Digest: "sha256:24"}
	target = v1alpha1.Release{Version: "2.5.0", Digest: "sha256:25"}
	other  = v1alpha1.Release{Version: "2.6.0", Digest: "sha256:26"}
)

const running = "digi-tv.svarut.2.5.0.1"

// change is something about the world that is not as usual.
type change = func(*country.Objects)

// world is network digi-tv with vinje and tokke, which introduces svarut 2.5.0 where 2.4.1 runs,
// and oslo, which is in no network and takes svarut directly. Rollouts have been made of both.
func world(changes ...change) country.Objects {
	o := country.Objects{
		Municipalities: []*v1alpha1.Municipality{municipality("vinje"), municipality("oslo"), municipality("tokke")},
		Networks:       []v1alpha1.Network{network("digi-tv", "vinje", "tokke")},
		Apps:           map[string]*v1alpha1.SharedApp{"svarut": app("svarut")},
		Installations:  map[string]map[resolution.Place]*v1alpha1.AppInstallation{},
		Missing:        map[string]bool{},
		Rollouts: []*v1alpha1.Rollout{
			record("digi-tv", "", "svarut", target, 1, v1alpha1.RolloutPending), record("", "stable", "svarut", target, 1, v1alpha1.RolloutPending),
		},
	}
	decides("oslo", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt})(&o)
	for _, m := range o.Municipalities {
		for _, e := range m.Spec.Environments {
			install(m.Name, e.Name, before)(&o)
		}
	}
	for _, c := range changes {
		c(&o)
	}
	return o
}

func municipality(name string) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1alpha1.LabelCounty: "40"}},
		Spec: v1alpha1.MunicipalitySpec{Number: name, DisplayName: name, Environments: []v1alpha1.Environment{
			{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
			{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
		}},
	}
}

func network(name string, members ...string) v1alpha1.Network {
	return v1alpha1.Network{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.NetworkSpec{
			Members: v1alpha1.Members{Names: members},
			Apps: []v1alpha1.Proposal{{
				Name: "svarut", Channel: "stable", Obligation: v1alpha1.ObligationRecommended,
				Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
			}},
		},
	}
}

func selector(key, value string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

func app(name string) *v1alpha1.SharedApp {
	a := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, r := range []v1alpha1.Release{before, target, other} {
		a.Spec.Versions = append(a.Spec.Versions, v1alpha1.Version{Version: r.Version})
		a.Status.Versions = append(a.Status.Versions, v1alpha1.VersionStatus{Version: r.Version, Digest: r.Digest, Available: true})
	}
	a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: target.Version}, {Name: "pilot", Version: other.Version}}
	return a
}

func record(network, channel, app string, r v1alpha1.Release, attempt int32, phase v1alpha1.RolloutPhase) *v1alpha1.Rollout {
	spec := v1alpha1.RolloutSpec{Network: network, Channel: channel, App: app, Version: r.Version, Digest: r.Digest, Attempt: attempt}
	return &v1alpha1.Rollout{
		ObjectMeta: metav1.ObjectMeta{Name: planner.Name(spec), CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))},
		Spec:       spec, Status: v1alpha1.RolloutStatus{Phase: phase, Verified: 1},
	}
}

func resident(o *country.Objects, name string) *v1alpha1.Municipality {
	return o.Municipalities[slices.IndexFunc(o.Municipalities, func(m *v1alpha1.Municipality) bool { return m.Name == name })]
}

func decides(name string, d v1alpha1.AppDecision) change {
	return func(o *country.Objects) {
		m := resident(o, name)
		m.Spec.Apps = append(m.Spec.Apps, d)
	}
}

func onNetwork(name string, change func(*v1alpha1.Network)) change {
	return func(o *country.Objects) {
		change(&o.Networks[slices.IndexFunc(o.Networks, func(n v1alpha1.Network) bool { return n.Name == name })])
	}
}

func onApp(change func(*v1alpha1.SharedApp)) change {
	return func(o *country.Objects) { change(o.Apps["svarut"]) }
}

// install puts svarut at a release, well for ten days; stamps say what moved it.
func install(name, environment string, r v1alpha1.Release, stamps ...planner.Stamp) change {
	return installApp("svarut", name, environment, r, stamps...)
}

func installApp(app, name, environment string, r v1alpha1.Release, stamps ...planner.Stamp) change {
	return func(o *country.Objects) {
		since := metav1.NewTime(now.Add(-240 * time.Hour))
		i := &v1alpha1.AppInstallation{
			ObjectMeta: metav1.ObjectMeta{
				Name: app, Namespace: v1alpha1.NamespaceFor(name, environment), Generation: 1,
				Labels: map[string]string{v1alpha1.LabelMunicipality: name, v1alpha1.LabelEnvironment: environment, v1alpha1.LabelApp: app},
			},
			Spec: v1alpha1.AppInstallationSpec{App: app, Version: r.Version, Digest: r.Digest, State: v1alpha1.InstallationPresent, Tenant: facts(name, environment)},
			Status: v1alpha1.AppInstallationStatus{
				ObservedGeneration: 1, AppliedVersion: r.Version, AppliedDigest: r.Digest, HealthySince: &since,
				Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 1, LastTransitionTime: since}},
			},
		}
		for _, s := range stamps {
			s.WriteTo(i)
		}
		if o.Installations[name] == nil {
			o.Installations[name] = map[resolution.Place]*v1alpha1.AppInstallation{}
		}
		o.Installations[name][resolution.Place{App: app, Environment: environment}] = i
	}
}

// removed takes out the AppInstallation of svarut in an environment, as somebody does by hand.
func removed(name, environment string) change {
	return func(o *country.Objects) {
		place := resolution.Place{App: "svarut", Environment: environment}
		o.Deleted = map[string]map[resolution.Place]*v1alpha1.AppInstallation{name: {place: o.Installations[name][place]}}
		delete(o.Installations[name], place)
	}
}

// facts are what an installation knows of its municipality.
func facts(name, environment string) v1alpha1.Tenant {
	m := municipality(name)
	t := v1alpha1.Tenant{Municipality: name, Number: m.Spec.Number, DisplayName: m.Spec.DisplayName, County: m.Labels[v1alpha1.LabelCounty], Environment: environment}
	if e := m.Spec.Environment(environment); e != nil {
		t.Stage, t.Zone = e.Stage, e.Zone
	}
	return t
}

// moved is the stamp of the network's rollout.
func moved(wave string) planner.Stamp {
	return planner.Stamp{Name: running, Network: "digi-tv", Attempt: 1, Target: target, Wave: wave, MovedAt: metav1.NewTime(now.Add(-30 * time.Minute)), Verified: &before}
}

// introduction of svarut in the plan of a group.
func introduction(t *testing.T, o country.Objects, group string) country.Introduction {
	t.Helper()
	plan := country.Compile(o, now).Plan(group)
	at := slices.IndexFunc(plan.Introductions, func(i country.Introduction) bool { return i.App == "svarut" })
	if at < 0 {
		t.Fatalf("%s has no introduction of svarut: %+v", group, plan.Introductions)
	}
	return plan.Introductions[at]
}

// places of a rollout, each with why it takes no part.
func places(in planner.Input) []string {
	var all []string
	for _, m := range in.Members {
		for _, p := range m.Places {
			line := m.Name + "/" + p.Environment
			if m.Suspended {
				line += " suspended"
			}
			if p.Installed != nil {
				line += " " + p.Installed.Release.Version
			}
			if p.Excuse.Reason != "" {
				line += " " + p.Excuse.Reason
			}
			if p.Excuse.Away {
				line += " away"
			}
			if p.TakenOut {
				line += " follows no longer"
			}
			all = append(all, line)
		}
	}
	return all
}

// course of an introduction, one thing in a line.
func course(i country.Introduction) []string {
	var all []string
	for _, e := range i.Course.End {
		all = append(all, fmt.Sprintf("end %s %s", e.Rollout.Name, e.Phase))
	}
	if i.Course.Create != nil {
		all = append(all, "create "+planner.Name(*i.Course.Create))
	}
	if i.Course.Current != nil {
		all = append(all, "current "+i.Course.Current.Name)
	}
	return all
}

func diff(t *testing.T, reason, what string, got, want any) {
	t.Helper()
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s (-want +got):\n%s", reason, what, d)
	}
}

// mentions checks for a part of a text; nothing wanted is nothing checked.
func mentions(t *testing.T, reason, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s: got %q, want one that says %q", reason, got, want)
	}
}
