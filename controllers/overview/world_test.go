package overview

import (
	"fmt"
	"slices"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

var (
	now      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tomorrow = metav1.NewTime(now.Add(24 * time.Hour))
)

func digest(version string) string { return "sha256:" + version }

// sharedApp offers 2.3.0, 2.4.1 and 2.5.0; stable points at 2.4.1, pilot at 2.5.0.
func sharedApp(name string) *v1alpha1.SharedApp {
	app := &v1alpha1.SharedApp{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1},
		Spec:       v1alpha1.SharedAppSpec{Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}, {Name: "pilot", Version: "2.5.0"}}},
	}
	for _, v := range []string{"2.3.0", "2.4.1", "2.5.0"} {
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{Version: v, Parameters: &v1alpha1.ParameterSchema{
			OpenAPIV3Schema: apiextensionsv1.JSON{Raw: []byte(`{"type":"object","properties":{"sender":{"type":"string"}}}`)},
		}})
		app.Status.Versions = append(app.Status.Versions, v1alpha1.VersionStatus{Version: v, Digest: digest(v), Available: true})
	}
	return app
}

// numberOf is a number that no other of the names in these tests has.
func numberOf(name string) string {
	sum := 0
	for i, letter := range name {
		sum += (i + 1) * int(letter)
	}
	return fmt.Sprintf("%04d", sum)
}

func municipality(name string, decisions ...v1alpha1.AppDecision) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 4, Labels: map[string]string{v1alpha1.LabelCounty: "40"}},
		Spec: v1alpha1.MunicipalitySpec{
			Number: numberOf(name), DisplayName: name,
			Environments: []v1alpha1.Environment{
				{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
				{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
			},
			Apps: decisions,
		},
	}
}

func network(name string, obligation v1alpha1.Obligation, apps ...string) v1alpha1.Network {
	n := v1alpha1.Network{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 2},
		Spec: v1alpha1.NetworkSpec{Members: v1alpha1.Members{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: "40"}},
		}},
	}
	for _, app := range apps {
		n.Spec.Apps = append(n.Spec.Apps, v1alpha1.Proposal{
			Name: app, Channel: "stable", Obligation: obligation, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
		})
	}
	return n
}

// installation is healthy at a version, in the environment prod or test of a municipality.
func installation(m *v1alpha1.Municipality, environment, app, version string, change ...func(*v1alpha1.AppInstallation)) *v1alpha1.AppInstallation {
	i := &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{
			Name: app, Namespace: v1alpha1.NamespaceFor(m.Name, environment), Generation: 3,
			Labels: map[string]string{v1alpha1.LabelMunicipality: m.Name, v1alpha1.LabelEnvironment: environment, v1alpha1.LabelApp: app},
		},
		Spec: v1alpha1.AppInstallationSpec{
			App: app, Version: version, Digest: digest(version), State: v1alpha1.InstallationPresent,
			DecidedBy: v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: "digi-tv"},
			Tenant:    v1alpha1.Tenant{Municipality: m.Name, Number: m.Spec.Number, DisplayName: m.Name, County: "40", Environment: environment},
		},
		Status: v1alpha1.AppInstallationStatus{
			ObservedGeneration: 3, AppliedVersion: version, AppliedDigest: digest(version),
			Conditions: []metav1.Condition{{Type: "Ready", Status: "True", ObservedGeneration: 3}}, HealthySince: new(metav1.NewTime(now.Add(-240 * time.Hour))),
		},
	}
	for _, e := range m.Spec.Environments {
		if e.Name == environment {
			i.Spec.Tenant.Stage, i.Spec.Tenant.Zone = e.Stage, e.Zone
		}
	}
	for _, c := range change {
		c(i)
	}
	return i
}

func progressing(i *v1alpha1.AppInstallation) {
	i.Status.HealthySince = nil
	i.Status.Conditions = []metav1.Condition{
		{Type: "Ready", Status: "False", ObservedGeneration: i.Generation, Message: "Deployment post: 0 of 2 pods are ready"},
		{Type: "Reconciling", Status: "True", ObservedGeneration: i.Generation},
	}
}

func failed(i *v1alpha1.AppInstallation) {
	i.Status.HealthySince = nil
	i.Status.Conditions = []metav1.Condition{
		{Type: "Ready", Status: "False", ObservedGeneration: i.Generation, Message: "parameters.sender: is required"},
		{Type: "Stalled", Status: "True", ObservedGeneration: i.Generation},
	}
}

func installedAt(all ...*v1alpha1.AppInstallation) map[resolution.Place]*v1alpha1.AppInstallation {
	places := map[resolution.Place]*v1alpha1.AppInstallation{}
	for _, i := range all {
		places[resolution.Place{App: i.Name, Environment: i.Labels[v1alpha1.LabelEnvironment]}] = i
	}
	return places
}

// bringing is a Rollout of an app to digi-tv, attempt 1.
func bringing(app, version string, phase v1alpha1.RolloutPhase, waves ...v1alpha1.WaveStatus) v1alpha1.Rollout {
	return v1alpha1.Rollout{
		ObjectMeta: metav1.ObjectMeta{Name: "digi-tv." + app + "." + version + ".1", CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))},
		Spec:       v1alpha1.RolloutSpec{Network: "digi-tv", App: app, Version: version, Digest: digest(version), Attempt: 1},
		Status:     v1alpha1.RolloutStatus{Phase: phase, Waves: waves},
	}
}

// moved is done by digi-tv's Rollout of 2.5.0 to an installation, which has come to an outcome, if any.
func moved(wave string, outcome v1alpha1.MoveOutcome, message string) func(*v1alpha1.AppInstallation) {
	return func(i *v1alpha1.AppInstallation) {
		planner.Stamp{
			Name: "digi-tv." + i.Name + ".2.5.0.1", Network: "digi-tv", Attempt: 1, Target: v1alpha1.Release{Version: "2.5.0", Digest: digest("2.5.0")},
			Wave: wave, MovedAt: metav1.NewTime(now.Add(-time.Minute)), Outcome: outcome, Message: message,
		}.WriteTo(i)
	}
}

// objects are a country with svarut and kobo, and these networks.
func objects(networks ...v1alpha1.Network) *country.Objects {
	return &country.Objects{
		Networks: networks, Apps: map[string]*v1alpha1.SharedApp{"svarut": sharedApp("svarut"), "kobo": sharedApp("kobo")},
		Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{},
	}
}

// with adds a municipality and what is installed there.
func with(o *country.Objects, m *v1alpha1.Municipality, installed ...*v1alpha1.AppInstallation) *country.Objects {
	o.Municipalities = append(o.Municipalities, m)
	o.Installations[m.Name] = installedAt(installed...)
	return o
}

// by adds a Rollout.
func by(o *country.Objects, r v1alpha1.Rollout) *country.Objects {
	o.Rollouts = append(o.Rollouts, &r)
	return o
}

// lookAt is what is observed of a municipality.
func lookAt(t testing.TB, o *country.Objects, name string) observedMunicipality {
	t.Helper()
	seen := observedMunicipality{country: country.Compile(*o, now)}
	if seen.tenant = seen.country.Tenant(name); seen.tenant == nil {
		t.Fatalf("there is no municipality %s", name)
	}
	seen.live = seen.tenant.Municipality
	seen.waits = new(plans).waits(seen.country, seen.tenant)
	return seen
}

func statusOf(t testing.TB, o *country.Objects, name string) v1alpha1.MunicipalityStatus {
	t.Helper()
	status, _ := municipalityStatus(lookAt(t, o, name))
	return status
}

func lookAtNetwork(o *country.Objects, name string) observedNetwork {
	seen := observedNetwork{country: country.Compile(*o, now)}
	seen.network = seen.country.Network(name)
	seen.live = seen.network
	return seen
}

func lookAtApp(o *country.Objects, name string) observedSharedApp {
	seen := observedSharedApp{country: country.Compile(*o, now)}
	seen.app = seen.country.Apps.Of(name)
	seen.live = seen.app.Object
	return seen
}

// row finds an app in the status of a municipality.
func row(t testing.TB, status v1alpha1.MunicipalityStatus, environment, app string) v1alpha1.MunicipalityApp {
	t.Helper()
	at := slices.IndexFunc(status.Apps, func(a v1alpha1.MunicipalityApp) bool { return a.Environment == environment && a.Name == app })
	if at < 0 {
		t.Fatalf("there is no row of %s in %s: %+v", app, environment, status.Apps)
	}
	return status.Apps[at]
}
