package appinstallation

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func requiring(version string) func(*observed) {
	return func(s *observed) {
		for i := range s.app.Spec.Versions {
			s.app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway", Version: version}}}
		}
	}
}

// gateway is the app that svarut builds on, installed and ready at a version.
func gateway(version string, change ...func(*v1alpha1.AppInstallation)) func(*observed) {
	i := &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Namespace: "vinje-prod", Generation: 3}, Spec: v1alpha1.AppInstallationSpec{Version: version}, Status: v1alpha1.AppInstallationStatus{
		ObservedGeneration: 3, AppliedVersion: version,
		Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 3}},
	}}
	for _, c := range change {
		c(i)
	}
	return func(s *observed) { s.dependencies["id-gateway"] = i }
}

func TestClosed(t *testing.T) {
	nothing := func(*v1alpha1.AppInstallation) {}
	noNamespace := func(s *observed) { s.namespace = nil }
	noApp := func(s *observed) { s.app = nil }
	noBundle := func(s *observed) { s.bundle = nil }
	pending := func(s *observed) {
		s.municipality.Status.Environments[0] = v1alpha1.EnvironmentStatus{Name: "prod", State: v1alpha1.EnvironmentPending, Message: "its quota is not in force yet"}
	}
	runs := func(s *observed) {
		s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = "2.4.1", digest
	}
	wants := func(zone v1alpha1.Zone) func(*observed) {
		return func(s *observed) {
			for i := range s.app.Spec.Versions {
				s.app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: zone}}}
			}
		}
	}
	cases := []struct {
		reason string
		seen   observed
		want   string
		says   string
	}{
		{"all gates are open", world(), "", ""},
		{"there is no namespace", world(noNamespace), "Progressing EnvironmentNotReady", "vinje-prod"},
		{"the namespace is on its way out", world(func(s *observed) { s.namespace.DeletionTimestamp = at(0) }), "Progressing EnvironmentNotReady", "vinje-prod"},
		{"the catalogue lost the app", world(noApp), "Stalled SharedAppMissing", "put it back, or decline"},
		{"the bundle is not in the store", world(noBundle), "Retrying BundleMissing", digest},
		{"somebody changed the stored bundle", world(noBundle, func(s *observed) { s.tampered = "ConfigMap bundle-24: no" }), "Stalled BundleTampered", "ConfigMap bundle-24"},
		{"the environment is not complete", world(pending), "Progressing EnvironmentNotReady", "environment prod of Municipality vinje is not ready yet: its quota is not in force yet"},
		{"the municipality controller was not there yet", world(func(s *observed) { s.municipality.Status.Environments = nil }), "Progressing EnvironmentNotReady", "it is being made"},
		{"what runs there is corrected meanwhile", world(pending, runs), "", ""},
		{"the environment has left the spec, and is retained", world(pending, func(s *observed) { s.municipality.Spec.Environments = nil }), "", ""},
		{"the Municipality was deleted, and its namespaces are retained", world(func(s *observed) { s.municipality = nil }), "", ""},

		{"the environment has the zone that the app requires", world(wants(v1alpha1.ZoneClosed)), "", ""},
		{"it has another", world(wants(v1alpha1.ZoneOpen)), "Stalled ZoneUnfit", "decline svarut in spec.apps, or set zone of environment prod in spec.environments to Open"},
		{"what runs there is corrected, and is not ready", world(wants(v1alpha1.ZoneOpen), runs), "", ""},

		{"an app that it builds on is missing", world(requiring("")), "Progressing RequiredAppMissing", "requires id-gateway, which is not installed in vinje-prod"},
		{"it is on its way out", world(requiring(""), gateway("1.2.0", func(i *v1alpha1.AppInstallation) { i.Spec.State = v1alpha1.InstallationAbsent })), "Progressing RequiredAppMissing", "id-gateway"},
		{"it is too old", world(requiring(">=1.2"), gateway("1.1.0")), "Progressing RequiredAppVersion", `>=1.2, and vinje-prod has version "1.1.0"`},
		{"it was never applied", world(requiring(">=1.2"), gateway("")), "Progressing RequiredAppVersion", `""`},
		{"it is not ready", world(requiring(">=1.2"), gateway("1.2.0", func(i *v1alpha1.AppInstallation) { i.Status.Conditions[0].Status = metav1.ConditionFalse })), "Progressing RequiredAppNotReady", "not ready yet"},
		{"what it says speaks of an earlier spec", world(requiring(">=1.2"), gateway("1.2.0", func(i *v1alpha1.AppInstallation) { i.Generation++ })), "Progressing RequiredAppNotReady", "not ready yet"},
		{"it says nothing yet", world(requiring(">=1.2"), gateway("1.2.0", func(i *v1alpha1.AppInstallation) { i.Status.Conditions = nil })), "Progressing RequiredAppNotReady", "not ready yet"},
		{"it is ready", world(requiring(">=1.2"), gateway("1.2.0", nothing)), "", ""},
		{"a version that runs stays, whatever becomes of what it builds on", world(requiring(">=1.2"), func(s *observed) {
			s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = "2.4.1", digest
		}), "", ""},

		{"of several the first to fix is reported: the environment", world(pending, noApp, noBundle), "Progressing EnvironmentNotReady", ""},
		{"then the app", world(noApp, noBundle), "Stalled SharedAppMissing", ""},
		{"then the zone", world(wants(v1alpha1.ZoneOpen), noBundle), "Stalled ZoneUnfit", ""},
		{"then the bundle", world(noBundle, requiring("")), "Retrying BundleMissing", ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := closed(tc.seen)
			if brief(got) != tc.want {
				t.Fatalf("gate %q, want %q", brief(got), tc.want)
			}
			if got != nil && !strings.Contains(got.Message, tc.says) {
				t.Errorf("it says %q, want %q in it", got.Message, tc.says)
			}
		})
	}
}

func TestZoneUnfit(t *testing.T) {
	inZone := func(zone v1alpha1.Zone) func(*observed) {
		return func(s *observed) {
			for i := range s.app.Spec.Versions {
				s.app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: zone}}}
			}
		}
	}
	if got := zoneUnfit(world(inZone(v1alpha1.ZoneClosed))); got != nil {
		t.Errorf("in the zone that is required: got %+v", got)
	}
	seen := world(inZone(v1alpha1.ZoneOpen))
	got := outcomeOf(seen, planned{}, applied{})
	if brief(&got) != "Stalled ZoneUnfit" || !strings.Contains(got.Message, "requires zone Open in Production, and the environment has Closed") {
		t.Errorf("an app that runs in another zone is not ready: got %+v", got)
	}
	kept := world(inZone(v1alpha1.ZoneClosed), func(s *observed) { s.municipality.Spec.Environments[0].Zone = v1alpha1.ZoneOpen })
	got = outcomeOf(kept, planned{}, applied{})
	if brief(&got) != "Stalled ZoneUnfit" || !strings.Contains(got.Message, "the environment has Closed, but is to be Open") {
		t.Errorf("an app for which the environment is kept closed is not ready: got %+v", got)
	}
}

func TestOutgrown(t *testing.T) {
	cases := []struct {
		reason string
		seen   observed
		want   string
		says   string
	}{
		{"what it requires is installed", world(requiring(">=1.2"), gateway("1.2.0")), "", ""},
		{"the catalogue requires a newer version now", world(requiring(">=1.3"), gateway("1.2.0")), "Stalled RequiredAppVersion", `>=1.3, and vinje-prod has version "1.2.0"`},
		{"it lost its status, and says nothing of a version", world(requiring(">=1.3"), gateway("")), "", ""},
		{"it is not ready today", world(requiring(">=1.2"), gateway("1.2.0", func(i *v1alpha1.AppInstallation) { i.Status.Conditions = nil })), "", ""},
		{"it was uninstalled", world(requiring("")), "Stalled RequiredAppMissing", "id-gateway"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := outgrown(tc.seen)
			if brief(got) != tc.want {
				t.Fatalf("got %q, want %q", brief(got), tc.want)
			}
			if got != nil && !strings.Contains(got.Message, tc.says) {
				t.Errorf("it says %q, want %q in it", got.Message, tc.says)
			}
		})
	}
}
