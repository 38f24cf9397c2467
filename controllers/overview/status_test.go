package overview

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, status any) {
	t.Helper()
	got, err := yaml.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".yaml")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run with -update if this is meant; -want +got:\n%s", diff)
	}
}

// vestTelemark is six municipalities, each in a state of its own, in two networks
// that overlap.
func vestTelemark() *country.Objects {
	o := objects(
		network("digi-tv", v1alpha1.ObligationRecommended, "svarut", "kobo"),
		network("helse", v1alpha1.ObligationMandatory, "svarut"),
	)
	o.Networks[1].Spec.Members = v1alpha1.Members{Names: []string{"tokke"}, Observers: []string{"vinje"}}
	done := bringing("svarut", "2.4.1", v1alpha1.RolloutCompleted, v1alpha1.WaveStatus{Name: "pilot", State: v1alpha1.WaveDone}, v1alpha1.WaveStatus{Name: "everyone", State: v1alpha1.WaveDone})
	done.Status.StartedAt, done.Status.CompletedAt = new(metav1.NewTime(now.Add(-50*time.Minute))), new(metav1.NewTime(now.Add(-time.Minute)))
	by(o, done)
	by(o, bringing("kobo", "2.4.1", v1alpha1.RolloutProgressing, v1alpha1.WaveStatus{Name: "pilot", State: v1alpha1.WaveDone}, v1alpha1.WaveStatus{Name: "everyone", State: v1alpha1.WaveRunning}))

	adopts := v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"}
	declines := v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDecline, Reason: "has its own"}
	fyresdal, kviteseid, nissedal := municipality("fyresdal"), municipality("kviteseid", adopts), municipality("nissedal", declines)
	with(o, fyresdal,
		installation(fyresdal, "prod", "svarut", "2.4.1", failed), installation(fyresdal, "test", "svarut", "2.4.1"),
		installation(fyresdal, "test", "kobo", "2.4.1", progressing),
	)
	with(o, kviteseid,
		installation(kviteseid, "prod", "svarut", "2.3.0"), installation(kviteseid, "test", "svarut", "2.3.0"),
		installation(kviteseid, "prod", "kobo", "2.3.0"), installation(kviteseid, "test", "kobo", "2.4.1"),
	)
	with(o, nissedal,
		installation(nissedal, "prod", "svarut", "2.4.1"),
		installation(nissedal, "prod", "kobo", "2.4.1"), installation(nissedal, "test", "kobo", "2.4.1"),
	)
	with(o, municipality("seljord"))
	for _, name := range []string{"tokke", "vinje"} {
		m := municipality(name)
		with(o, m,
			installation(m, "prod", "svarut", "2.4.1"), installation(m, "test", "svarut", "2.4.1"),
			installation(m, "prod", "kobo", "2.4.1"), installation(m, "test", "kobo", "2.4.1"),
		)
	}
	return o
}

func TestMunicipalityGolden(t *testing.T) {
	o := vestTelemark()
	for _, name := range []string{"fyresdal", "kviteseid", "nissedal", "vinje"} {
		t.Run(name, func(t *testing.T) {
			seen := lookAt(t, o, name)
			next, _ := municipalityStatus(seen)
			golden(t, "municipality-"+name, next)
			seen.live = seen.live.DeepCopy()
			seen.live.Status = *next.DeepCopy()
			seen.live.Status.Conditions = append(seen.live.Status.Conditions, metav1.Condition{Type: "Ready", Status: "True"})
			seen.country = seen.country.At(now.Add(time.Minute))
			if again, _ := municipalityStatus(seen); !sameMunicipality(seen.live.Status, again) {
				t.Error("a second look writes again")
			}
		})
	}
}

func TestNetworkGolden(t *testing.T) {
	o := vestTelemark()
	for i := range o.Networks {
		name := o.Networks[i].Name
		t.Run(name, func(t *testing.T) {
			seen := lookAtNetwork(o, name)
			next := networkStatus(seen)
			golden(t, "network-"+name, next)
			seen.live = seen.live.DeepCopy()
			seen.live.Status, seen.country = next, seen.country.At(now.Add(time.Minute))
			if !sameNetwork(seen.live.Status, networkStatus(seen)) {
				t.Error("a second look writes again")
			}
		})
	}
}

func TestSharedAppGolden(t *testing.T) {
	o := vestTelemark()
	m := municipality("vinje")
	retained := installation(m, "old", "svarut", "2.3.0")
	moving := installation(m, "prod", "svarut", "2.5.0", func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "2.4.1" })
	maps.Copy(o.Installations["vinje"], installedAt(retained, moving))
	seen := lookAtApp(o, "svarut")
	next := sharedAppStatus(seen)
	golden(t, "sharedapp-svarut", next)
	seen.live = seen.live.DeepCopy()
	seen.live.Status, seen.country = next, seen.country.At(now.Add(time.Minute))
	if !sameSharedApp(seen.live.Status, sharedAppStatus(seen)) {
		t.Error("a second look writes again")
	}
}

func TestStatusWithoutApps(t *testing.T) {
	o := with(objects(network("empty", v1alpha1.ObligationRecommended)), municipality("oslo"))
	got := statusOf(t, o, "oslo")
	if c := got.Conditions[0]; got.Running != "0/0" || c.Status != "True" || c.Message != "no apps" || c.ObservedGeneration != 4 {
		t.Errorf("municipality: %s, %+v", got.Running, c)
	}
	if c := networkStatus(lookAtNetwork(o, "empty")).Conditions[0]; c.Status != "True" || c.ObservedGeneration != 2 {
		t.Errorf("network: %+v", c)
	}
}

func TestStatusStaysSmall(t *testing.T) {
	const many = 600
	o := objects(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
	for i := range many {
		with(o, municipality(fmt.Sprintf("m%03d", i)))
	}
	got := networkStatus(lookAtNetwork(o, "digi-tv"))
	if got.Running != "0/600" || len(got.Apps[0].NotReady) != maxNames {
		t.Errorf("network: %s, %d names", got.Running, len(got.Apps[0].NotReady))
	}
	if got := sharedAppStatus(lookAtApp(o, "svarut")); got.Running != "0/1200" || len(got.NotReady) != maxNames {
		t.Errorf("SharedApp: %s, %d names", got.Running, len(got.NotReady))
	}
}

// A municipality with 180 apps in five environments is seen whole.
func TestOneHundredAndEightyAppsInFiveEnvironments(t *testing.T) {
	const many = 180
	names := make([]string, 0, many)
	for i := range many {
		names = append(names, fmt.Sprintf("app%03d", i))
	}
	n := network("digi-tv", v1alpha1.ObligationRecommended, names...)
	o := objects(n)
	for _, name := range names {
		o.Apps[name] = sharedApp(name)
	}
	m := municipality("oslo")
	for i := range 3 {
		m.Spec.Environments = append(m.Spec.Environments, v1alpha1.Environment{Name: fmt.Sprintf("test%d", i), Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen})
	}
	got := statusOf(t, with(o, m), "oslo")
	if want := 5 * many; len(got.Apps) != want || got.Running != fmt.Sprintf("0/%d", want) {
		t.Errorf("%d rows, %s run: want %d rows", len(got.Apps), got.Running, want)
	}
}

// An app that can't be had in a place where a network asks for it is one that should be there, in
// whichever status one looks.
func TestBlockedCountsEverywhere(t *testing.T) {
	unfit := func(a *v1alpha1.SharedApp) {
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{
				{Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneClosed}, {Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen},
			}}
		}
	}
	cases := []struct {
		reason     string
		obligation v1alpha1.Obligation
		installed  bool
	}{
		{"it has none, and must", v1alpha1.ObligationMandatory, false},
		{"it has an older one, and must", v1alpha1.ObligationMandatory, true},
		{"it has none, and should", v1alpha1.ObligationRecommended, false},
		{"it has an older one, and should", v1alpha1.ObligationRecommended, true},
	}
	for _, c := range cases {
		o := objects(network("digi-tv", c.obligation, "svarut"))
		unfit(o.Apps["svarut"])
		m := municipality("vinje")
		with(o, m)
		runs := 0
		if c.installed {
			o.Installations = map[string]map[resolution.Place]*v1alpha1.AppInstallation{}
			o.Municipalities = nil
			with(o, m, installation(m, "prod", "svarut", "2.3.0"), installation(m, "test", "svarut", "2.3.0"))
			runs = 1
		}
		n, a := networkStatus(lookAtNetwork(o, "digi-tv")), sharedAppStatus(lookAtApp(o, "svarut"))
		for kind, s := range map[string]struct {
			running, upToDate string
			conditions        []metav1.Condition
			places            int
		}{
			"Municipality": {statusOf(t, o, "vinje").Running, statusOf(t, o, "vinje").UpToDate, statusOf(t, o, "vinje").Conditions, 2},
			"Network":      {n.Running, n.UpToDate, n.Conditions, 1},
			"SharedApp":    {a.Running, a.UpToDate, a.Conditions, 2},
		} {
			running, upToDate := fmt.Sprintf("%d/%d", runs*s.places, s.places), fmt.Sprintf("0/%d", s.places)
			if s.running != running || s.upToDate != upToDate || s.conditions[0].Status != metav1.ConditionFalse || s.conditions[0].Reason != v1alpha1.ReasonAppsFailed {
				t.Errorf("%s: %s: %s running, %s up to date, %s; want %s, %s and False", kind, c.reason, s.running, s.upToDate, appsReadyOf(s.conditions), running, upToDate)
			}
		}
		if app := n.Apps[0]; app.Members != 1 || app.OptedOut != 0 {
			t.Errorf("%s: %d members, %d opted out", c.reason, app.Members, app.OptedOut)
		}
	}
}
