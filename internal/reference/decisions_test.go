package reference_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/resolution"
)

var (
	now      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tomorrow = metav1.NewTime(now.Add(24 * time.Hour))
)

// compiled are apps by name.
func compiled(list ...*v1alpha1.SharedApp) catalogue.Apps {
	all := catalogue.Apps{}
	for _, o := range list {
		all[o.Name] = catalogue.Compile(o)
	}
	return all
}

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

// svarut is Mandatory in digi-tv and kobo is Recommended; Network agder, which has other
// members, proposes svarut, and Network helse nothing.
func TestDecisions(t *testing.T) {
	offered := network("digi-tv", v1alpha1.ObligationMandatory, "svarut")
	offered.Spec.Apps = append(offered.Spec.Apps, network("", v1alpha1.ObligationRecommended, "kobo").Spec.Apps...)
	elsewhere := network("agder", v1alpha1.ObligationMandatory, "svarut")
	elsewhere.Spec.Members = v1alpha1.Members{Names: []string{"lyngdal"}}
	bare := sharedApp("bare")
	bare.Spec.Channels = nil
	known := reference.Known{
		Now:      now,
		Apps:     compiled(sharedApp("svarut"), sharedApp("kobo"), bare),
		Networks: resolution.NewNetworks([]v1alpha1.Network{offered, elsewhere, network("helse", v1alpha1.ObligationOptional)}, now),
	}

	const adopt, decline = v1alpha1.DecisionAdopt, v1alpha1.DecisionDecline
	on := func(d v1alpha1.AppDecision, environments ...v1alpha1.EnvironmentDecision) v1alpha1.AppDecision {
		d.Environments = environments
		return d
	}
	hold := func(version string, until time.Time) *v1alpha1.Hold {
		if until.IsZero() {
			return &v1alpha1.Hold{Version: version, Reason: "year-end"}
		}
		return &v1alpha1.Hold{Version: version, Reason: "year-end", Until: &metav1.Time{Time: until}}
	}
	const noReason = "to decline svarut takes a reason, as Network digi-tv has made it Mandatory: give one; until then the decline does not count"
	const noVersion = "SharedApp svarut has no version 9.9.9: see its spec.versions"
	cases := []struct {
		reason   string
		decision v1alpha1.AppDecision
		want     []string
	}{
		{"a hold on an app that nobody knows", v1alpha1.AppDecision{Name: "svarutt", Hold: hold("2.4.1", time.Time{})},
			[]string{`spec.apps[1].name: there is no SharedApp "svarutt": correct the name, or take the decision out until it is offered`}},
		{"a decline of one, which would be silent", v1alpha1.AppDecision{Name: "nowhere", Decision: decline, Reason: "no"},
			[]string{`spec.apps[1].name: there is no SharedApp "nowhere": correct the name, or take the decision out until it is offered`}},
		{"a decline without a reason is enough for what is Recommended", v1alpha1.AppDecision{Name: "kobo", Decision: decline}, nil},
		{"for what is Mandatory it is not", v1alpha1.AppDecision{Name: "svarut", Decision: decline}, []string{"spec.apps[1].reason: " + noReason}},
		{"with a reason it counts", v1alpha1.AppDecision{Name: "svarut", Decision: decline, Reason: "own system"}, nil},
		{"one environment alone declines, and gives no reason",
			on(v1alpha1.AppDecision{Name: "svarut"}, v1alpha1.EnvironmentDecision{Name: "test", Decision: decline}),
			[]string{"spec.apps[1].environments[0].reason: " + noReason}},
		{"both decline, in a field of their own each",
			on(v1alpha1.AppDecision{Name: "svarut", Decision: decline}, v1alpha1.EnvironmentDecision{Name: "test", Decision: decline}),
			[]string{"spec.apps[1].reason: " + noReason, "spec.apps[1].environments[0].reason: " + noReason}},
		{"one environment gives a reason of its own",
			on(v1alpha1.AppDecision{Name: "svarut", Decision: decline}, v1alpha1.EnvironmentDecision{Name: "test", Reason: "no partner"}),
			[]string{"spec.apps[1].reason: " + noReason}},
		{"the environment adopts, and the other gives a reason",
			on(v1alpha1.AppDecision{Name: "svarut", Decision: decline, Reason: "own system"}, v1alpha1.EnvironmentDecision{Name: "test", Decision: adopt}), nil},
		{"the municipality's own network", v1alpha1.AppDecision{Name: "svarut", Decision: adopt, Network: "digi-tv"}, nil},
		{"a network that nobody knows", v1alpha1.AppDecision{Name: "svarut", Decision: adopt, Network: "digi-tw"},
			[]string{`spec.apps[1].network: there is no Network "digi-tw": name another network, or a channel`}},
		{"a network that does not propose the app", v1alpha1.AppDecision{Name: "svarut", Decision: adopt, Network: "helse"},
			[]string{"spec.apps[1].network: Network helse does not propose svarut: name another network, or a channel"}},
		{"a network of others", v1alpha1.AppDecision{Name: "svarut", Decision: adopt, Network: "agder"},
			[]string{"spec.apps[1].network: Network agder proposes svarut to none of the environments of vinje, or does not have it as a member: name another network, or a channel"}},
		{"a channel that the app has", v1alpha1.AppDecision{Name: "svarut", Decision: adopt, Channel: "pilot"}, nil},
		{"a channel that it does not have", v1alpha1.AppDecision{Name: "svarut", Decision: adopt, Channel: "beta"},
			[]string{`spec.apps[1].channel: SharedApp svarut has no channel "beta": it has stable, pilot: name another, or a version`}},
		{"the default, where the app has no channel", v1alpha1.AppDecision{Name: "bare", Decision: adopt},
			[]string{`spec.apps[1].channel: SharedApp bare has no channel "stable": it has none: name another, or a version`}},
		{"a version that the app has", v1alpha1.AppDecision{Name: "svarut", Decision: adopt, Version: "2.3.0"}, nil},
		{"a version that it does not have", v1alpha1.AppDecision{Name: "svarut", Decision: adopt, Version: "9.9.9"}, []string{"spec.apps[1].version: " + noVersion}},
		{"a hold of a version that the app has", v1alpha1.AppDecision{Name: "svarut", Hold: hold("2.3.0", time.Time{})}, nil},
		{"a hold of one that it does not have", v1alpha1.AppDecision{Name: "svarut", Hold: hold("9.9.9", tomorrow.Time)}, []string{"spec.apps[1].hold.version: " + noVersion}},
		{"a hold of one that has run out", v1alpha1.AppDecision{Name: "svarut", Hold: hold("9.9.9", now)}, nil},
		{"a hold in one environment",
			on(v1alpha1.AppDecision{Name: "svarut", Hold: hold("2.3.0", time.Time{})}, v1alpha1.EnvironmentDecision{Name: "test", Hold: hold("9.9.9", time.Time{})}),
			[]string{"spec.apps[1].environments[0].hold.version: " + noVersion}},
		{"a hold in one environment that has run out leaves the other in force",
			on(v1alpha1.AppDecision{Name: "svarut", Hold: hold("9.9.9", time.Time{})}, v1alpha1.EnvironmentDecision{Name: "test", Hold: hold("2.3.0", now)}),
			[]string{"spec.apps[1].hold.version: " + noVersion}},
		{"a hold of what is declined holds nothing", v1alpha1.AppDecision{Name: "svarut", Decision: decline, Reason: "own system", Hold: hold("9.9.9", time.Time{})}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			m := municipality("vinje", v1alpha1.AppDecision{Name: "kobo"}, tc.decision)
			in := resolution.Input{Municipality: m, Networks: known.Networks.Of(m), All: known.Networks, Apps: known.Apps, Now: now}
			var verdicts []resolution.Verdict
			for i := range m.Spec.Environments {
				for _, app := range resolution.Apps(in, m.Spec.Environments[i].Name) {
					if v, found := resolution.One(in, &m.Spec.Environments[i], app); found {
						verdicts = append(verdicts, v)
					}
				}
			}
			got := reference.Municipality(m, nil, verdicts, known)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}
