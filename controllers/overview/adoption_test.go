package overview

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

func TestAdoptions(t *testing.T) {
	o := objects(
		network("digi-tv", v1alpha1.ObligationRecommended, "svarut"), network("helse", v1alpha1.ObligationRecommended, "svarut"), network("over", v1alpha1.ObligationRecommended, "svarut"))
	o.Networks[0].Spec.Members = v1alpha1.Members{Names: []string{"fyresdal", "tokke"}}
	o.Networks[1].Spec.Members = v1alpha1.Members{Names: []string{"nissedal"}}
	o.Networks[2].Spec.Ends = new(metav1.NewTime(now.Add(-time.Hour)))
	ofChannel := func(channel string, phase v1alpha1.RolloutPhase) v1alpha1.Rollout {
		r := bringing("svarut", "2.5.0", phase)
		r.Name, r.Spec.Network, r.Spec.Channel = "direct.svarut."+channel+".2.5.0.1", "", channel
		return r
	}
	for _, r := range []v1alpha1.Rollout{
		bringing("svarut", "2.4.1", v1alpha1.RolloutCompleted), ofChannel("stable", v1alpha1.RolloutCompleted), ofChannel("pilot", v1alpha1.RolloutHalted),
	} {
		by(o, r)
	}
	follows := func(channel string) v1alpha1.AppDecision {
		return v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Channel: channel}
	}
	holds := follows("stable")
	holds.Hold = &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end"}
	type tenant struct {
		municipality *v1alpha1.Municipality
		version      string
	}
	at := func(m *v1alpha1.Municipality, version string) tenant { return tenant{m, version} }
	digiTV := v1alpha1.NetworkAdoption{Name: "digi-tv", Wanted: "2.4.1", Running: "2/2", UpToDate: "1/2", Phase: v1alpha1.RolloutCompleted}
	helse := v1alpha1.NetworkAdoption{Name: "helse", Wanted: "2.4.1", Running: "1/1", UpToDate: "1/1"}
	networks := []tenant{at(municipality("fyresdal"), "2.3.0"), at(municipality("nissedal"), "2.4.1"), at(municipality("tokke"), "2.4.1")}
	oslo, bergen := at(municipality("oslo", follows("stable")), "2.4.1"), at(municipality("bergen", follows("pilot")), "2.4.1")
	voss := at(municipality("voss", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"}), "2.3.0")
	cases := []struct {
		reason  string
		tenants []tenant
		want    []v1alpha1.NetworkAdoption
	}{
		{"those that are not done come first; one that is over is not listed", networks, []v1alpha1.NetworkAdoption{digiTV, helse}},
		{
			"who follows a channel takes it directly", slices.Concat(networks, []tenant{oslo}),
			[]v1alpha1.NetworkAdoption{digiTV, {Name: "direct", Wanted: "2.4.1", Running: "1/1", UpToDate: "1/1", Phase: v1alpha1.RolloutHalted}, helse},
		},
		{
			"those who follow different channels have no version in common", slices.Concat(networks, []tenant{oslo, bergen, voss}),
			[]v1alpha1.NetworkAdoption{digiTV, {Name: "direct", Running: "3/3", UpToDate: "2/3", Phase: v1alpha1.RolloutHalted}, helse},
		},
		{
			"who holds opted out", slices.Concat(networks, []tenant{at(municipality("oslo", holds), "2.3.0")}),
			[]v1alpha1.NetworkAdoption{digiTV, {Name: "direct", Running: "0/0", UpToDate: "0/0", OptedOut: 1, Phase: v1alpha1.RolloutHalted}, helse},
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			o := *o
			o.Installations = map[string]map[resolution.Place]*v1alpha1.AppInstallation{}
			for _, who := range tc.tenants {
				m := who.municipality
				with(&o, m, installation(m, "prod", "svarut", who.version), installation(m, "test", "svarut", who.version))
			}
			if diff := cmp.Diff(tc.want, adoptions(lookAtApp(&o, "svarut"))); diff != "" {
				t.Errorf("adoptions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdoptionsAreBounded(t *testing.T) {
	o := with(objects(), municipality("vinje"))
	for i := range 120 {
		n := network(fmt.Sprintf("n%03d", i), v1alpha1.ObligationRecommended, "svarut")
		n.Spec.Members = v1alpha1.Members{}
		if i == 119 {
			n.Spec.Members = v1alpha1.Members{Names: []string{"vinje"}}
		}
		o.Networks = append(o.Networks, n)
	}
	got := adoptions(lookAtApp(o, "svarut"))
	if len(got) != maxAdoptions || got[0].Name != "n119" || got[1].Name != "n000" {
		t.Errorf("%d networks, first %s and %s: want 100, and the one that is not done first", len(got), got[0].Name, got[1].Name)
	}
}

func TestRunWithdrawn(t *testing.T) {
	o := objects()
	app := o.Apps["svarut"]
	app.Spec.Versions[0].State, app.Spec.Versions[2].State = v1alpha1.VersionWithdrawn, v1alpha1.VersionWithdrawn
	for i := range 60 {
		m := municipality(fmt.Sprintf("m%02d", 59-i))
		with(o, m, installation(m, "prod", "svarut", "2.3.0"))
	}
	tokke, vinje, oslo := municipality("tokke"), municipality("vinje"), municipality("oslo")
	with(o, tokke, installation(tokke, "prod", "svarut", "2.4.1", func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "2.5.0" }))
	with(o, vinje, installation(vinje, "prod", "svarut", "2.5.0", func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "" }))
	with(o, oslo, installation(oslo, "prod", "svarut", "2.4.1"))
	seen := lookAtApp(o, "svarut")
	text, names := runWithdrawn(seen.app, seen.country.Usage("svarut"))
	if want := "; 2.3.0 is withdrawn: 60 installations still run it; 2.5.0 is withdrawn: 1 installation still runs it"; text != want {
		t.Errorf("text %q, want %q", text, want)
	}
	if len(names) != maxNames || names[0] != "m00-prod" || names[49] != "m49-prod" {
		t.Errorf("%d names from %s to %s, want the first 50", len(names), names[0], names[len(names)-1])
	}
	status := sharedAppStatus(seen)
	if !strings.HasSuffix(status.Conditions[0].Message, text) || len(status.RunWithdrawn) != maxNames {
		t.Errorf("AppsReady says %q", status.Conditions[0].Message)
	}
}

func TestSkewOfManyVersions(t *testing.T) {
	o := objects(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
	number := 0
	have := func(version string, members int) {
		for range members {
			m := municipality(fmt.Sprintf("m%03d", number))
			with(o, m, installation(m, "prod", "svarut", version))
			number++
		}
	}
	have("2.4.1", 7)
	have("2.5.0", 7)
	have("2.3.0", 9)
	for i := range 40 {
		have(fmt.Sprintf("1.%02d.0", i), 1)
	}
	got := networkStatus(lookAtNetwork(o, "digi-tv")).Apps[0].Versions
	if len(got) != maxSkew || got[0].Version != "2.3.0" || got[1].Version != "2.4.1" || got[2].Version != "2.5.0" || got[3].Version != "1.00.0" {
		t.Errorf("versions = %v, want the 16 most frequent, and of equals the lower first", got)
	}
}
