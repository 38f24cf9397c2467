package rollup

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
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
func vestTelemark() (country, []tenant) {
	c := countryOf(
		network("digi-tv", v1alpha1.ObligationRecommended, "svarut", "kobo"),
		network("helse", v1alpha1.ObligationMandatory, "svarut"),
	)
	c.networks[1].Spec.Members = v1alpha1.Members{Names: []string{"tokke"}}
	c.rollouts = currentRollouts([]v1alpha1.Rollout{
		bringing("svarut", "2.4.1", v1alpha1.RolloutCompleted, v1alpha1.WaveStatus{Name: "pilot", State: v1alpha1.WaveDone}, v1alpha1.WaveStatus{Name: "everyone", State: v1alpha1.WaveDone}),
		bringing("kobo", "2.4.1", v1alpha1.RolloutProgressing, v1alpha1.WaveStatus{Name: "pilot", State: v1alpha1.WaveDone},
			v1alpha1.WaveStatus{Name: "everyone", State: v1alpha1.WaveRunning}),
	})
	adopts := v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"}
	declines := v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDecline, Reason: "has its own"}
	who := municipality
	well := func(m *v1alpha1.Municipality) tenant {
		return tenant{m, installedAt(
			installation(m, "prod", "svarut", "2.4.1"), installation(m, "test", "svarut", "2.4.1"),
			installation(m, "prod", "kobo", "2.4.1"), installation(m, "test", "kobo", "2.4.1"),
		)}
	}
	fyresdal, kviteseid, nissedal, seljord := who("fyresdal"), who("kviteseid", adopts), who("nissedal", declines), who("seljord")
	return c, []tenant{
		{fyresdal, installedAt(
			installation(fyresdal, "prod", "svarut", "2.4.1", failed), installation(fyresdal, "test", "svarut", "2.4.1"),
			installation(fyresdal, "test", "kobo", "2.4.1", progressing),
		)},
		{kviteseid, installedAt(
			installation(kviteseid, "prod", "svarut", "2.3.0"), installation(kviteseid, "test", "svarut", "2.3.0"),
			installation(kviteseid, "prod", "kobo", "2.3.0"), installation(kviteseid, "test", "kobo", "2.4.1"),
		)},
		{nissedal, installedAt(
			installation(nissedal, "prod", "svarut", "2.4.1"),
			installation(nissedal, "prod", "kobo", "2.4.1"), installation(nissedal, "test", "kobo", "2.4.1"),
		)},
		{seljord, nil},
		well(who("tokke")),
		well(who("vinje")),
	}
}

func TestMunicipalityGolden(t *testing.T) {
	c, tenants := vestTelemark()
	for _, i := range []int{0, 1, 2, 5} {
		m := tenants[i].municipality
		t.Run(m.Name, func(t *testing.T) {
			places := placesOf(c, tenants[i], now)
			turns{country: c, tenant: tenants[i], now: now}.tell(places)
			next := municipalityStatus(m, places, nil, now)
			golden(t, "municipality-"+m.Name, next)
			m.Status = next
			m.Status.Conditions = append(m.Status.Conditions, metav1.Condition{Type: "Ready", Status: "True"})
			if !sameMunicipality(m.Status, municipalityStatus(m, places, nil, now.Add(time.Hour))) {
				t.Error("a second look writes again")
			}
		})
	}
}

func TestNetworkGolden(t *testing.T) {
	c, tenants := vestTelemark()
	for i := range c.networks {
		n := &c.networks[i]
		t.Run(n.Name, func(t *testing.T) {
			seen := observedNetwork{country: c, network: n, members: tenants}
			if n.Name == "helse" {
				seen.members = tenants[4:5]
			}
			places := placesOfAll(c, seen.members, now)
			next := networkStatus(seen, places, now)
			golden(t, "network-"+n.Name, next)
			n.Status = next
			if !sameNetwork(n.Status, networkStatus(seen, places, now.Add(time.Hour))) {
				t.Error("a second look writes again")
			}
		})
	}
}

func TestSharedAppGolden(t *testing.T) {
	c, tenants := vestTelemark()
	seen := observedSharedApp{country: c.narrowed(map[string]bool{"svarut": true}), app: c.apps["svarut"]}
	for _, one := range tenants {
		narrow := tenant{municipality: one.municipality, installed: map[resolution.Place]*v1alpha1.AppInstallation{}}
		for place, i := range one.installed {
			if place.App == "svarut" {
				narrow.installed[place] = i
				seen.installations = append(seen.installations, *i)
			}
		}
		seen.tenants = append(seen.tenants, narrow.narrowed(map[string]bool{"svarut": true}))
	}
	retained := installation(municipality("vinje"), "prod", "svarut", "2.3.0", func(i *v1alpha1.AppInstallation) { i.Namespace = "vinje-old" })
	moving := installation(municipality("vinje"), "prod", "svarut", "2.5.0", func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "2.4.1" })
	seen.installations = append(seen.installations, *retained, *moving)
	places := placesOfAll(seen.country, seen.tenants, now)
	next := sharedAppStatus(seen, places, now)
	golden(t, "sharedapp-svarut", next)
	seen.app.Status = next
	if !sameSharedApp(seen.app.Status, sharedAppStatus(seen, places, now.Add(time.Hour))) {
		t.Error("a second look writes again")
	}
}

// Narrowing to one app is for speed, and must not change what is said about it.
func TestNarrowedSaysTheSame(t *testing.T) {
	c, tenants := vestTelemark()
	only := map[string]bool{"svarut": true}
	for _, one := range tenants {
		for _, p := range placesOf(c, one, now) { // as it was told before, of all apps
			one.municipality.Status.Apps = append(one.municipality.Status.Apps, p.shown)
		}
		var whole []v1alpha1.MunicipalityApp
		for _, p := range placesOf(c, one, now) {
			if p.shown.Name == "svarut" {
				whole = append(whole, p.shown)
			}
		}
		narrow := tenant{municipality: one.municipality, installed: map[resolution.Place]*v1alpha1.AppInstallation{}}
		for place, i := range one.installed {
			if only[place.App] {
				narrow.installed[place] = i
			}
		}
		some := placesOf(c.narrowed(only), narrow.narrowed(only), now)
		narrowed := make([]v1alpha1.MunicipalityApp, 0, len(some))
		for _, p := range some {
			narrowed = append(narrowed, p.shown)
		}
		if diff := cmp.Diff(whole, narrowed); diff != "" {
			t.Errorf("%s (-whole +narrowed):\n%s", one.municipality.Name, diff)
		}
	}
	if len(c.networks[0].Spec.Apps) != 2 {
		t.Error("narrowing changed what it was given, which is the cache's")
	}
}

func TestStatusWithoutApps(t *testing.T) {
	m := municipality("oslo")
	got := municipalityStatus(m, nil, nil, now)
	if c := got.Conditions[0]; got.Running != "0/0" || c.Status != "True" || c.Message != "no apps" || c.ObservedGeneration != 4 {
		t.Errorf("municipality: %s, %+v", got.Running, c)
	}
	n := network("empty", v1alpha1.ObligationRecommended)
	if c := networkStatus(observedNetwork{network: &n}, nil, now).Conditions[0]; c.Status != "True" || c.ObservedGeneration != 2 {
		t.Errorf("network: %+v", c)
	}
}

func TestStatusStaysSmall(t *testing.T) {
	const many = 600
	n := network("digi-tv", v1alpha1.ObligationRecommended, "svarut")
	seen := observedNetwork{country: countryOf(n), network: &n}
	app := observedSharedApp{country: seen.country, app: sharedApp("svarut")}
	for i := range many {
		seen.members = append(seen.members, tenant{municipality: municipality(fmt.Sprintf("m%03d", i))})
	}
	places := placesOfAll(seen.country, seen.members, now)
	got := networkStatus(seen, places, now)
	if got.Running != "0/600" || len(got.Apps[0].NotReady) != maxNames {
		t.Errorf("network: %s, %d names", got.Running, len(got.Apps[0].NotReady))
	}
	if got := sharedAppStatus(app, places, now); got.Running != "0/1200" || len(got.NotReady) != maxNames {
		t.Errorf("SharedApp: %s, %d names", got.Running, len(got.NotReady))
	}
	if got := municipalityStatus(municipality("m"), flat(places), nil, now); len(got.Apps) != maxApps {
		t.Errorf("Municipality: %d apps", len(got.Apps))
	}
}

// BenchmarkSharedApp is one pass over a country ten times Norway's, with ten
// networks and five apps, for one of the apps.
func BenchmarkSharedApp(b *testing.B) {
	const municipalities, networks = 5000, 10
	apps := []string{"svarut", "kobo", "portal", "archive", "gateway"}
	c := country{apps: map[string]*v1alpha1.SharedApp{}}
	for _, name := range apps {
		c.apps[name] = sharedApp(name)
	}
	for i := range networks {
		c.networks = append(c.networks, network(fmt.Sprintf("network-%d", i), v1alpha1.ObligationRecommended, apps...))
	}
	only := map[string]bool{"svarut": true}
	all := make([]*v1alpha1.Municipality, 0, municipalities)
	installations := make([]v1alpha1.AppInstallation, 0, 2*municipalities)
	for i := range municipalities {
		m := municipality(fmt.Sprintf("m%04d", i))
		all = append(all, m)
		installations = append(installations, *installation(m, "prod", "svarut", "2.4.1"), *installation(m, "test", "svarut", "2.4.1"))
	}
	b.ReportAllocs()
	for b.Loop() {
		seen := observedSharedApp{country: c.narrowed(only), app: c.apps["svarut"], installations: installations}
		installed := byMunicipality(installations)
		for _, m := range all {
			seen.tenants = append(seen.tenants, tenant{m, installed[m.Name]}.narrowed(only))
		}
		if got := sharedAppStatus(seen, placesOfAll(seen.country, seen.tenants, now), now); got.Running != "10000/10000" {
			b.Fatal(got.Running)
		}
	}
}
