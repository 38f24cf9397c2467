package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
			AppsReady:    "1/1",
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
		{"no app anywhere proves nothing", "0 of 0 installations are ready",
			func(s *snapshot) { s.municipalities[0].Status.AppsReady, s.installations = "", nil }},
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

func TestJudgeMove(t *testing.T) {
	what := promotion{app: "svarut", channel: "stable", from: "2.4.1", to: "2.5.0"}
	tokke := v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: "tokke"},
		Spec:       v1alpha1.MunicipalitySpec{Apps: []v1alpha1.AppDecision{{Name: "svarut", Hold: &v1alpha1.Hold{Version: "2.4.1"}}}},
	}
	app := v1alpha1.SharedApp{
		ObjectMeta: metav1.ObjectMeta{Name: "svarut", Generation: 2},
		Status:     v1alpha1.SharedAppStatus{Conditions: conditions(2)},
	}
	before := app
	before.Generation, before.Status.Conditions = 1, conditions(1)
	held := installation("tokke-prod", "tokke", "prod", "2.4.1", "2.4.1")
	cases := []struct {
		reason       string
		app          v1alpha1.SharedApp
		installation v1alpha1.AppInstallation
		want         [3]int // at the version, wanted there, stayed
		done         bool
	}{
		{"moved", app, installation("vinje-prod", "vinje", "prod", "2.5.0", "2.5.0"), [3]int{1, 1, 1}, true},
		{"not asked to yet", app, installation("vinje-prod", "vinje", "prod", "2.4.1", "2.4.1"), [3]int{0, 1, 1}, false},
		{"asked to, not applied yet", app, installation("vinje-prod", "vinje", "prod", "2.5.0", "2.4.1"), [3]int{0, 1, 1}, false},
		{"the watch is behind the promotion", before, installation("vinje-prod", "vinje", "prod", "2.5.0", "2.5.0"), [3]int{1, 1, 1}, false},
	}
	for _, c := range cases {
		seen := snapshot{
			municipalities: []v1alpha1.Municipality{vinje(), tokke},
			apps:           []v1alpha1.SharedApp{c.app},
			installations:  []v1alpha1.AppInstallation{c.installation, held},
		}
		at, wanted, stayed, missing := judgeMove(seen, what, 2, time.Now())
		if diff := cmp.Diff(c.want, [3]int{at, wanted, stayed}); diff != "" {
			t.Errorf("%s: at, wanted, stayed (-want +got):\n%s", c.reason, diff)
		}
		if (len(missing) == 0) != c.done {
			t.Errorf("%s: missing is %q, want done %v", c.reason, missing, c.done)
		}
	}
}

func TestPromotionPatch(t *testing.T) {
	what := promotion{app: "svarut", channel: "stable", from: "2.4.1", to: "2.5.0"}
	channels := []v1alpha1.Channel{{Name: "pilot", Version: "2.5.0"}, {Name: "stable", Version: "2.4.1"}}
	got, err := promotionPatch(channels, what)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"op":"test","path":"/spec/channels/1/version","value":"2.4.1"},{"op":"replace","path":"/spec/channels/1/version","value":"2.5.0"}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the second channel is the one to change (-want +got):\n%s", diff)
	}
	if _, err := promotionPatch(channels[:1], what); err == nil {
		t.Error("a channel that is not there: got no error")
	}
}

func TestCountRequests(t *testing.T) {
	const metrics = `# TYPE allmenning_api_requests_total counter
allmenning_api_requests_total{resource="municipalities",verb="list"} 1
allmenning_api_requests_total{resource="namespaces",verb="get"} 12
allmenning_api_requests_total{resource="namespaces",verb="apply"} 1.2e+03
allmenning_api_requests_total{resource="events",verb="create"} 3
allmenning_api_requests_total{resource="namespaces",verb="watch"} 40
allmenning_api_requests_total{resource="leases",verb="update"} 50
workqueue_depth{name="municipality"} 7
`
	want := requests{reads: 13, writes: 1203}
	if got := countRequests(strings.NewReader(metrics)); got != want {
		t.Errorf("reads and writes, without leases and watches: got %+v, want %+v", got, want)
	}
}
