package catalogue_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// requiring is what svarut requires of id-gateway, in a range of versions.
func requiring(within string) *catalogue.Requirement {
	return catalogue.Compile(svarut(func(a *v1alpha1.SharedApp) {
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway", Version: within}}}
		}
	})).Version("2.4.1").Required("id-gateway")
}

// found is id-gateway 1.2.3 in vinje-prod, ready.
func found(changes ...func(*v1alpha1.AppInstallation)) *v1alpha1.AppInstallation {
	i := &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{Name: "id-gateway", Namespace: "vinje-prod", Generation: 2},
		Spec:       v1alpha1.AppInstallationSpec{App: "id-gateway", Version: "1.2.3", State: v1alpha1.InstallationPresent},
		Status: v1alpha1.AppInstallationStatus{
			ObservedGeneration: 2, AppliedVersion: "1.2.3",
			Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 2}},
		},
	}
	for _, c := range changes {
		c(i)
	}

	return i
}

func TestUnmet(t *testing.T) {
	cases := []struct {
		reason string
		within string
		found  *v1alpha1.AppInstallation
		want   string
	}{
		{"it is there, and ready", ">=1.2", found(), ""},
		{"any version will do", "", found(), ""},
		{"it is not there", ">=1.2", nil, "id-gateway >=1.2, which is not installed there"},
		{"it is not there, in any version", "", nil, "id-gateway, which is not installed there"},
		{"it is being uninstalled", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Spec.State = v1alpha1.InstallationAbsent }), "which is not installed there"},
		{"it is too old", ">=1.3", found(), `id-gateway >=1.3, and vinje-prod has version "1.2.3"`},
		{"what is asked for does not count before it is applied", ">=1.3", found(func(i *v1alpha1.AppInstallation) { i.Spec.Version = "1.3.0" }), `has version "1.2.3"`},
		{"nothing was applied yet", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "" }), `has version ""`},
		{"it is not ready", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Status.Conditions[0].Status = metav1.ConditionFalse }), "which is not ready yet"},
		{"it is ready with another digest of the version", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Spec.Digest = "sha256:12" }), "which is not ready yet"},
		{"nobody looked yet", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Status.Conditions = nil }), "which is not ready yet"},
		{"a status of an earlier spec does not count", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Generation = 3 }), "which is not ready yet"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := requiring(tc.within).Unmet(tc.found, catalogue.Return{}).String()
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestUnmetByWhatMayReturn has the required app at 1.2.3, ready, which is not verified there yet.
func TestUnmetByWhatMayReturn(t *testing.T) {
	in := func(environment string) func(*v1alpha1.AppInstallation) {
		return func(i *v1alpha1.AppInstallation) { i.Spec.Tenant.Environment = environment }
	}
	cases := []struct {
		reason       string
		within, back string
		want         string
	}{
		{"it would return to what is not required", ">=1.2", "1.1.0", "id-gateway >=1.2: id-gateway 1.2.3 is not verified yet in prod, and would return to 1.1.0"},
		{"it would return to what will do as well", ">=1.1", "1.1.0", ""},
		{"any version will do", "", "1.1.0", ""},
		{"it would return to none", ">=1.2", "", ""},
		{"what it has is not what is required", ">=1.3", "1.1.0", `id-gateway >=1.3, and vinje-prod has version "1.2.3"`},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := requiring(tc.within).Unmet(found(in("prod")), catalogue.Return{Version: tc.back, While: "is not verified yet"}).String(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAdmits(t *testing.T) {
	cases := []struct {
		reason, version, within string
		want                    bool
	}{
		{"the empty range holds all", "1.0.0", "", true},
		{"the empty range holds even what does not parse", "yesterday's", "", true},
		{"within", "1.4.2", ">=1.2, <2", true},
		{"below", "1.1.9", ">=1.2, <2", false},
		{"above", "2.0.0", ">=1.2, <2", false},
		{"a version that does not parse is in none", "yesterday's", ">=1.2", false},
		{"a range that does not parse holds none", "1.2.0", "newer", false},
		{"what comes before a release is not in its range", "1.2.0-rc.1", ">=1.2", false},
	}
	for _, tc := range cases {
		if got := requiring(tc.within).Admits(tc.version); got != tc.want {
			t.Errorf("%s: %q admits %q is %v", tc.reason, tc.within, tc.version, got)
		}
	}
}

func TestUnfit(t *testing.T) {
	app := catalogue.Compile(svarut(func(a *v1alpha1.SharedApp) {
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}}}
		}
	}))
	cases := []struct {
		reason string
		stage  v1alpha1.Stage
		// zone that is asked for, and that the environment has.
		zone, has v1alpha1.Zone
		want      string
	}{
		{"the zone that is required", v1alpha1.StageProduction, v1alpha1.ZoneClosed, v1alpha1.ZoneClosed, ""},
		{"kept closed for now", v1alpha1.StageProduction, v1alpha1.ZoneOpen, v1alpha1.ZoneClosed, "decline svarut in spec.apps, or set zone of environment e in spec.environments to Closed: version 2.4.1 of SharedApp svarut requires zone Closed in Production, and the environment has Closed, but is to be Open"},
		{"not closed yet", v1alpha1.StageProduction, v1alpha1.ZoneClosed, v1alpha1.ZoneOpen, "environment e is still Open, and status.environments says why: version 2.4.1 of SharedApp svarut requires zone Closed in Production"},
		{"another zone", v1alpha1.StageProduction, v1alpha1.ZoneOpen, v1alpha1.ZoneOpen, "decline svarut in spec.apps, or set zone of environment e in spec.environments to Closed: version 2.4.1 of SharedApp svarut requires zone Closed in Production, and the environment has Open"},
		{"a stage of which nothing is required", v1alpha1.StageTest, v1alpha1.ZoneOpen, v1alpha1.ZoneOpen, ""},
	}
	for _, tc := range cases {
		if got := app.Unfit("2.4.1", &v1alpha1.Environment{Name: "e", Stage: tc.stage, Zone: tc.zone}, tc.has).String(); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
		}
	}
}

func TestLower(t *testing.T) {
	for _, tc := range []struct {
		reason, version, than string
		want                  bool
	}{
		{"by number, and not as a text", "2.9.0", "2.10.0", true},
		{"the same is not lower", "2.4.1", "2.4.1", false},
		{"a candidate comes before its release", "2.4.1-rc.1", "2.4.1", true},
		{"higher", "2.5.0", "2.4.1", false},
		{"what can't be read is lower than nothing", "latest", "2.4.1", false},
		{"nor is anything lower than that", "2.4.1", "latest", false},
	} {
		if got := catalogue.Lower(tc.version, tc.than); got != tc.want {
			t.Errorf("%s: %s lower than %s: %v", tc.reason, tc.version, tc.than, got)
		}
	}
}
