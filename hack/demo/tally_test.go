package main

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// conditions are Ready and AppsReady, true of a generation.
func conditions(generation int64) []metav1.Condition {
	return []metav1.Condition{
		{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: generation},
		{Type: v1alpha1.ConditionAppsReady, Status: metav1.ConditionTrue, ObservedGeneration: generation},
	}
}

func installation(namespace, municipality, environment, version, applied string) v1alpha1.AppInstallation {
	return v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{Name: "svarut", Namespace: namespace, Generation: 1},
		Spec: v1alpha1.AppInstallationSpec{
			App: "svarut", Version: version,
			Tenant: v1alpha1.Tenant{Municipality: municipality, Environment: environment},
		},
		Status: v1alpha1.AppInstallationStatus{AppliedVersion: applied, Conditions: conditions(1)},
	}
}

// vinje is a municipality that is well, with one environment and one app.
func vinje() v1alpha1.Municipality {
	return v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: "vinje", Generation: 1},
		Spec:       v1alpha1.MunicipalitySpec{Environments: []v1alpha1.Environment{{Name: "prod"}}},
		Status: v1alpha1.MunicipalityStatus{
			Environments: []v1alpha1.EnvironmentStatus{{Name: "prod", State: v1alpha1.EnvironmentReady}},
			Running:      "1/1",
			Conditions:   conditions(1),
		},
	}
}

func TestCount(t *testing.T) {
	well := installation("vinje-prod", "vinje", "prod", "2.4.1", "2.4.1")
	cases := []struct {
		reason, missing string
		change          func(*snapshot)
	}{
		{"all is well", "", func(*snapshot) {}},
		{"a municipality that was applied is not seen yet", "municipality vinje: Ready: not there yet",
			func(s *snapshot) { s.municipalities = nil }},
		{"its conditions speak of an earlier generation", "municipality vinje: AppsReady",
			func(s *snapshot) { s.municipalities[0].Generation = 2 }},
		{"a network is not well, and says why", "network digi-tv: AppsReady: Progressing: 1 of 2",
			func(s *snapshot) {
				s.networks = []v1alpha1.Network{{ObjectMeta: metav1.ObjectMeta{Name: "digi-tv"}, Status: v1alpha1.NetworkStatus{
					Conditions: []metav1.Condition{
						{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue},
						{Type: v1alpha1.ConditionAppsReady, Status: metav1.ConditionFalse, Reason: "Progressing", Message: "1 of 2"},
					},
				}}}
			}},
		{"an app without conditions", "app svarut: Ready: not there yet",
			func(s *snapshot) { s.apps = []v1alpha1.SharedApp{{ObjectMeta: metav1.ObjectMeta{Name: "svarut"}}} }},
		{"a rollout that is not completed yet would get the deadlines that are made for a bad version",
			"rollout digi-tv.svarut.2.4.1.1 is Progressing: 1 of 2 on the way",
			func(s *snapshot) {
				s.rollouts = []v1alpha1.Rollout{{ObjectMeta: metav1.ObjectMeta{Name: "digi-tv.svarut.2.4.1.1"},
					Status: v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutProgressing, Next: "1 of 2 on the way"}}}
			}},
		{"no app anywhere proves nothing", "0 of 0 installations are ready",
			func(s *snapshot) { s.municipalities[0].Status.Running, s.installations = "", nil }},
		{"the operator's count is not what there is", "1 apps are installed, but 0 of 1",
			func(s *snapshot) { s.installations[0].Status.AppliedVersion = "" }},
		{"an installation that nobody counts", "1 apps are installed, but 2 of 2",
			func(s *snapshot) { s.installations = append(s.installations, well) }},
	}
	for _, c := range cases {
		seen := snapshot{municipalities: []v1alpha1.Municipality{vinje()}, installations: []v1alpha1.AppInstallation{well}}
		c.change(&seen)
		got := strings.Join(count(seen, []v1alpha1.Municipality{vinje()}).missing, "\n")
		if c.missing == "" && got != "" || !strings.Contains(got, c.missing) {
			t.Errorf("%s: missing is %q, want it to hold %q", c.reason, got, c.missing)
		}
	}
}

func TestStays(t *testing.T) {
	now := time.Date(2027, 1, 5, 12, 0, 0, 0, time.UTC)
	past, future := metav1.NewTime(now.Add(-time.Hour)), metav1.NewTime(now.Add(time.Hour))
	own := func(e v1alpha1.EnvironmentDecision) []v1alpha1.EnvironmentDecision {
		e.Name = "prod"
		return []v1alpha1.EnvironmentDecision{e}
	}
	cases := []struct {
		reason   string
		decision v1alpha1.AppDecision
		want     bool
	}{
		{"a decision on another app", v1alpha1.AppDecision{Name: "other", Version: "1.0.0"}, false},
		{"adopted, follows its channel", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt}, false},
		{"adopted at a version", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Version: "2.4.1"}, true},
		{"follows another channel", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Channel: "pilot"}, true},
		{"held without end", v1alpha1.AppDecision{Name: "svarut", Hold: &v1alpha1.Hold{}}, true},
		{"held until later", v1alpha1.AppDecision{Name: "svarut", Hold: &v1alpha1.Hold{Until: &future}}, true},
		{"held until earlier", v1alpha1.AppDecision{Name: "svarut", Hold: &v1alpha1.Hold{Until: &past}}, false},
		{"deferred", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDefer}, true},
		{"deferred until earlier", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDefer, Until: &past}, false},
		{"held in this environment", v1alpha1.AppDecision{Name: "svarut", Environments: own(v1alpha1.EnvironmentDecision{Hold: &v1alpha1.Hold{}})}, true},
		{"deferred, but not in this environment", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDefer,
			Environments: own(v1alpha1.EnvironmentDecision{Decision: v1alpha1.DecisionAdopt})}, false},
	}
	for _, c := range cases {
		m := v1alpha1.Municipality{Spec: v1alpha1.MunicipalitySpec{Apps: []v1alpha1.AppDecision{c.decision}}}
		if got := stays(m, "prod", "svarut", now); got != c.want {
			t.Errorf("%s: got %v, want %v", c.reason, got, c.want)
		}
	}
}
