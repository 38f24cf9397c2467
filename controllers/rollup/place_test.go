package rollup

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
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

func municipality(name string, decisions ...v1alpha1.AppDecision) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 4, Labels: map[string]string{v1alpha1.LabelCounty: "40"}},
		Spec: v1alpha1.MunicipalitySpec{
			Number: "4036", DisplayName: name,
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

// installation is well at a version, in the environment prod or test of a municipality.
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
			Conditions: []metav1.Condition{{Type: "Ready", Status: "True", ObservedGeneration: 3}},
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
	i.Status.Conditions = []metav1.Condition{
		{Type: "Ready", Status: "False", ObservedGeneration: i.Generation, Message: "Deployment post: 0 of 2 pods are ready"},
		{Type: "Reconciling", Status: "True", ObservedGeneration: i.Generation},
	}
}

func failed(i *v1alpha1.AppInstallation) {
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

func countryOf(networks ...v1alpha1.Network) country {
	return country{networks: networks, apps: map[string]*v1alpha1.SharedApp{"svarut": sharedApp("svarut"), "kobo": sharedApp("kobo")}}
}

// bringing is a Rollout of an app to digi-tv, attempt 1.
func bringing(app, version string, phase v1alpha1.RolloutPhase, waves ...v1alpha1.WaveStatus) v1alpha1.Rollout {
	return v1alpha1.Rollout{
		ObjectMeta: metav1.ObjectMeta{Name: "digi-tv." + app + "." + version + ".1", CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))},
		Spec:       v1alpha1.RolloutSpec{Network: "digi-tv", App: app, Version: version, Digest: digest(version), Attempt: 1},
		Status:     v1alpha1.RolloutStatus{Phase: phase, Waves: waves},
	}
}

// moved is done by a Rollout to an installation, which has come to an outcome, if any.
func moved(name, wave string, outcome v1alpha1.MoveOutcome, message string) func(*v1alpha1.AppInstallation) {
	return func(i *v1alpha1.AppInstallation) {
		rollout.Stamp{Name: name, Wave: wave, MovedAt: metav1.NewTime(now), Outcome: outcome, Message: message}.WriteTo(i)
	}
}

func TestJudge(t *testing.T) {
	recommended := countryOf(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
	pilot := countryOf(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
	pilot.networks[0].Spec.Apps[0].Channel = "pilot"
	unknown := countryOf(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
	unknown.networks[0].Spec.Apps[0].Channel = "beta"
	brought := pilot
	brought.rollouts = currentRollouts([]v1alpha1.Rollout{bringing("svarut", "2.5.0", v1alpha1.RolloutHalted)})
	const byIt = "digi-tv.svarut.2.5.0.1"
	returned := moved(byIt, "pilot", v1alpha1.OutcomeReturned, "went back to 2.4.1, as 2.5.0 failed")
	held := moved(byIt, "pilot", v1alpha1.OutcomeStuck, "2.5.0 failed; it stays as it is")
	frozen := pilot
	frozen.freeze = true
	withdrawn := countryOf(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
	withdrawn.apps["svarut"].Spec.Versions[1].State = v1alpha1.VersionWithdrawn

	says := func(d v1alpha1.AppDecision) *v1alpha1.Municipality {
		d.Name = "svarut"
		m := municipality("vinje", d)
		m.Spec.Environments = m.Spec.Environments[:1]
		return m
	}
	at := func(version string, change ...func(*v1alpha1.AppInstallation)) func(*v1alpha1.Municipality) *v1alpha1.AppInstallation {
		return func(m *v1alpha1.Municipality) *v1alpha1.AppInstallation {
			return installation(m, "prod", "svarut", version, change...)
		}
	}
	nothing := func(*v1alpha1.Municipality) *v1alpha1.AppInstallation { return nil }
	waits, suspended := says(v1alpha1.AppDecision{}), says(v1alpha1.AppDecision{})
	waits.Status = v1alpha1.MunicipalityStatus{ObservedGeneration: 4, Environments: []v1alpha1.EnvironmentStatus{{Name: "prod", State: v1alpha1.EnvironmentPending}}}
	suspended.Spec.Suspend = new(true)
	hold := &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end", Until: &tomorrow}
	cases := []struct {
		reason       string
		country      country
		municipality *v1alpha1.Municipality
		installed    func(*v1alpha1.Municipality) *v1alpha1.AppInstallation
		want         string
	}{
		{"well at what is decided", recommended, says(v1alpha1.AppDecision{}), at("2.4.1"), "Ready ready 2.4.1 of 2.4.1: "},
		{"not there yet", recommended, says(v1alpha1.AppDecision{}), nothing, "Waiting not ready  of 2.4.1: "},
		{"not there yet, and its municipality brings it itself", recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"}), nothing,
			"Missing not ready  of 2.3.0: about to be installed at 2.3.0"},
		{"on its way by its municipality itself", recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"}), at("2.4.1"),
			"Progressing not ready 2.4.1 of 2.3.0: about to be installed at 2.3.0"},
		{"not there as its environment is not", recommended, waits, nothing, "Missing not ready  of 2.4.1: waits for environment prod to be ready"},
		{"not there as its municipality is suspended", recommended, suspended, nothing, "Missing not ready  of 2.4.1: Municipality vinje is suspended: take its spec.suspend out"},
		{"well, though its municipality is suspended", recommended, suspended, at("2.4.1"), "Ready ready 2.4.1 of 2.4.1: "},
		{"on its way", recommended, says(v1alpha1.AppDecision{}), at("2.4.1", progressing), "Progressing not ready 2.4.1 of 2.4.1: Deployment post: 0 of 2 pods are ready"},
		{"a person must mend it", recommended, says(v1alpha1.AppDecision{}), at("2.4.1", failed), "Failed not ready 2.4.1 of 2.4.1: parameters.sender: is required"},
		{"promoted: well at the version before is what it should have until its turn comes", pilot, says(v1alpha1.AppDecision{}), at("2.4.1"), "Waiting settled 2.4.1 of 2.5.0: "},
		{"promoted: a failure at the version before is told", pilot, says(v1alpha1.AppDecision{}), at("2.4.1", failed), "Failed not ready 2.4.1 of 2.5.0: parameters.sender: is required"},
		{"promoted: not well at the version before", pilot, says(v1alpha1.AppDecision{}), at("2.4.1", progressing), "Progressing not ready 2.4.1 of 2.5.0: Deployment post: 0 of 2 pods are ready"},
		{"promoted: its parameters have not arrived at the version before", pilot, says(v1alpha1.AppDecision{Parameters: &apiextensionsv1.JSON{Raw: []byte(`{"sender":"Vinje"}`)}}),
			at("2.4.1"), "Progressing not ready 2.4.1 of 2.5.0: about to be installed at 2.5.0"},
		{"went back, and is well there", brought, says(v1alpha1.AppDecision{}), at("2.4.1", returned), "Returned settled 2.4.1 of 2.5.0: went back to 2.4.1, as 2.5.0 failed"},
		{"went back, and is not well yet", brought, says(v1alpha1.AppDecision{}), at("2.4.1", returned, progressing), "Progressing not ready 2.4.1 of 2.5.0: Deployment post: 0 of 2 pods are ready"},
		{"went back, and fails there too", brought, says(v1alpha1.AppDecision{}), at("2.4.1", returned, failed), "Failed not ready 2.4.1 of 2.5.0: parameters.sender: is required"},
		{"went back from an earlier rollout: a newer one comes", pilot, says(v1alpha1.AppDecision{}), at("2.4.1", returned), "Waiting settled 2.4.1 of 2.5.0: "},
		{"stays where it failed, as there is nothing to go back to", brought, says(v1alpha1.AppDecision{}), at("2.5.0", held, progressing), "Stuck not ready 2.5.0 of 2.5.0: 2.5.0 failed; it stays as it is"},
		{"stayed where it failed, and got well", brought, says(v1alpha1.AppDecision{}), at("2.5.0", held), "Ready ready 2.5.0 of 2.5.0: "},
		{"held at where a rollout had brought it", brought, says(v1alpha1.AppDecision{Hold: hold}), at("2.4.1", returned), "Held ready 2.4.1 of 2.5.0: "},
		{"a Ready of an earlier generation does not count", recommended, says(v1alpha1.AppDecision{}),
			at("2.4.1", func(i *v1alpha1.AppInstallation) { i.Generation++ }), "Progressing not ready 2.4.1 of 2.4.1: "},
		{"a status that has seen it with a Ready that has not does not count", recommended, says(v1alpha1.AppDecision{}),
			at("2.4.1", func(i *v1alpha1.AppInstallation) { i.Generation++; i.Status.ObservedGeneration++ }), "Progressing not ready 2.4.1 of 2.4.1: "},
		{"another digest applied does not count", recommended, says(v1alpha1.AppDecision{}),
			at("2.4.1", func(i *v1alpha1.AppInstallation) { i.Status.AppliedDigest = digest("x") }), "Progressing not ready 2.4.1 of 2.4.1: "},
		{"parameters that have not arrived do not count", recommended, says(v1alpha1.AppDecision{Parameters: &apiextensionsv1.JSON{Raw: []byte(`{"sender":"Vinje"}`)}}),
			at("2.4.1"), "Progressing not ready 2.4.1 of 2.4.1: about to be installed at 2.4.1"},
		{"parameters that are written in another order are the same", recommended, says(v1alpha1.AppDecision{Parameters: &apiextensionsv1.JSON{Raw: []byte(`{"a":1,"b":2}`)}}),
			at("2.4.1", func(i *v1alpha1.AppInstallation) {
				i.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"b": 2, "a": 1}`)}
			}), "Ready ready 2.4.1 of 2.4.1: "},
		{"a change of the municipality's facts that has not arrived does not count", recommended, says(v1alpha1.AppDecision{}),
			at("2.4.1", func(i *v1alpha1.AppInstallation) { i.Spec.Tenant.Zone = v1alpha1.ZoneOpen }), "Progressing not ready 2.4.1 of 2.4.1: about to be installed at 2.4.1"},
		{"declined", recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}), nothing, "Declined not counted  of : "},
		{"declined, and not gone yet", recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}), at("2.4.1"), "Removing not ready 2.4.1 of : "},
		{"deferred", recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Until: &tomorrow}), nothing, "Deferred not counted  of : "},
		{"deferred where it runs", pilot, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer}), at("2.4.1"), "Deferred ready 2.4.1 of 2.4.1: "},
		{"held", pilot, says(v1alpha1.AppDecision{Hold: hold}), at("2.4.1"), "Held ready 2.4.1 of 2.5.0: "},
		{"held, and not well", pilot, says(v1alpha1.AppDecision{Hold: hold}), at("2.4.1", failed), "Failed not ready 2.4.1 of 2.5.0: parameters.sender: is required"},
		{"kept as nobody asks for it any longer", countryOf(), says(v1alpha1.AppDecision{}), at("2.4.1"), "Unrequested ready 2.4.1 of 2.4.1: "},
		{"blocked with nothing there", unknown, says(v1alpha1.AppDecision{}), nothing,
			`Blocked not ready  of : SharedApp svarut has no channel "beta": it has stable, pilot (asked for by digi-tv)`},
		{"blocked from what is wanted", frozen, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0"}), at("2.4.1"),
			"Blocked not ready 2.4.1 of 2.5.0: the platform is frozen (spec.freeze of Platform default): nothing new is started until it is taken out"},
		{"blocked, at what is wanted", withdrawn, says(v1alpha1.AppDecision{}), at("2.4.1"),
			"Ready ready 2.4.1 of 2.4.1: version 2.4.1 of SharedApp svarut is withdrawn: it is not installed anew anywhere"},
		{"suspended by a person", recommended, says(v1alpha1.AppDecision{}), at("2.4.1", func(i *v1alpha1.AppInstallation) { i.Spec.Suspend = new(true) }),
			"Blocked not ready 2.4.1 of 2.4.1: AppInstallation vinje-prod/svarut is suspended: take its spec.suspend out"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			who := tenant{municipality: tc.municipality}
			if i := tc.installed(tc.municipality); i != nil {
				who.installed = installedAt(i)
			}
			places := placesOf(tc.country, who, now)
			if len(places) != 1 {
				t.Fatalf("%d places, want 1", len(places))
			}
			p := places[0]
			counts := map[bool]string{true: "ready", false: "not ready"}[p.ready]
			if p.settled && !p.ready {
				counts = "settled"
			}
			if !p.counted {
				counts = "not counted"
			}
			got := string(p.shown.State) + " " + counts + " " + p.shown.Version + " of " + p.shown.Wanted + ": " + p.shown.Message
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("place (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNextChange(t *testing.T) {
	m := municipality("vinje",
		v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDefer, Until: new(metav1.NewTime(now.Add(48 * time.Hour)))},
		v1alpha1.AppDecision{Name: "kobo", Decision: v1alpha1.DecisionDefer, Until: &tomorrow})
	c := countryOf(network("digi-tv", v1alpha1.ObligationRecommended, "svarut", "kobo"))
	places := placesOf(c, tenant{municipality: m}, now)
	if got := nextChange(c, places, now); !got.Equal(tomorrow.Time) {
		t.Errorf("nextChange = %v, want %v", got, tomorrow)
	}
	if got := nextChange(c, nil, now); !got.IsZero() {
		t.Errorf("nextChange of nothing = %v, want never", got)
	}
	places[0].again = now.Add(2 * time.Hour)
	if got := nextChange(c, places, now); !got.Equal(places[0].again) {
		t.Errorf("nextChange of a turn = %v, want %v", got, places[0].again)
	}
	ends := metav1.NewTime(now.Add(time.Hour))
	c.networks[0].Spec.Ends = &ends
	if got := nextChange(c, places, now); !got.Equal(ends.Time) {
		t.Errorf("nextChange of a network that ends = %v, want %v", got, ends)
	}
}

func TestByMunicipality(t *testing.T) {
	m := municipality("vinje")
	astray := installation(m, "prod", "svarut", "2.4.1", func(i *v1alpha1.AppInstallation) { i.Namespace = "tokke-prod" })
	got := byMunicipality([]v1alpha1.AppInstallation{*installation(m, "prod", "kobo", "2.4.1"), *astray})
	if len(got["vinje"]) != 1 || got["vinje"][resolution.Place{App: "kobo", Environment: "prod"}] == nil {
		t.Errorf("places = %v, want kobo in prod alone: the other's labels do not fit its namespace", got)
	}
}

// TestDeletedByHand takes an AppInstallation away, as kubectl delete does: its row stays, since
// the consent controller has nothing else to write it again from.
func TestDeletedByHand(t *testing.T) {
	ran := v1alpha1.MunicipalityApp{Name: "svarut", Environment: "prod", Version: "2.3.0", State: v1alpha1.AppReady}
	cases := []struct {
		reason string
		change func(*v1alpha1.Municipality)
		want   v1alpha1.MunicipalityApp
	}{
		{"nobody asks for it any longer, and it runs on", func(*v1alpha1.Municipality) {},
			v1alpha1.MunicipalityApp{Version: "2.3.0", State: v1alpha1.AppProgressing, Message: "its AppInstallation was deleted: it is written again"}},
		{"it was declined meanwhile", func(m *v1alpha1.Municipality) {
			m.Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Decision: v1alpha1.DecisionDecline, Reason: "another one"}}
		}, v1alpha1.MunicipalityApp{State: v1alpha1.AppState(resolution.Declined)}},
		{"nothing is written while the municipality is suspended", func(m *v1alpha1.Municipality) { m.Spec.Suspend = new(true) },
			v1alpha1.MunicipalityApp{Version: "2.3.0", State: v1alpha1.AppProgressing, Message: "its AppInstallation was deleted; Municipality vinje is suspended: take its spec.suspend out"}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			m := municipality("vinje")
			m.Status.Apps = []v1alpha1.MunicipalityApp{ran}
			c.change(m)
			known := country{apps: map[string]*v1alpha1.SharedApp{"svarut": sharedApp("svarut")}}
			for _, p := range placesOf(known, tenant{municipality: m}, now) {
				if p.shown.Environment != "prod" {
					continue
				}
				got := v1alpha1.MunicipalityApp{Version: p.shown.Version, State: p.shown.State, Message: p.shown.Message}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("row (-want +got):\n%s", diff)
				}
				return
			}
			t.Error("there is no row: what ran there is forgotten")
		})
	}
}
