package resolution_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// inTest adds an environment of stage Test.
func inTest(in *resolution.Input) {
	in.Municipality.Spec.Environments = append(in.Municipality.Spec.Environments,
		v1alpha1.Environment{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen})
}

func raw(s string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(s)} }

func TestEnvironmentsDecideForThemselves(t *testing.T) {
	recommended := network("digi-tv", v1alpha1.ObligationRecommended, "stable")
	mandatory := network("digi-tv", v1alpha1.ObligationMandatory, "stable")
	here := func(d v1alpha1.AppDecision, override v1alpha1.EnvironmentDecision) func(*resolution.Input) {
		override.Name = "prod"
		d.Environments = []v1alpha1.EnvironmentDecision{override}
		return says(d)
	}
	hold := func(version string, until *metav1.Time) *v1alpha1.Hold {
		return &v1alpha1.Hold{Version: version, Reason: "load test", Until: until}
	}
	cases := []struct {
		reason string
		in     resolution.Input
		// want is "environment action version why" of each.
		want []string
	}{
		{"nothing said, all alike", world(inTest, recommended), []string{"prod Install 2.4.1 ", "test Install 2.4.1 "}},
		{"one declines", world(inTest, recommended, here(v1alpha1.AppDecision{}, v1alpha1.EnvironmentDecision{Decision: v1alpha1.DecisionDecline})), []string{"prod Nothing  Declined", "test Install 2.4.1 "}},
		{"one adopts what the others decline", world(inTest, recommended, here(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}, v1alpha1.EnvironmentDecision{Decision: v1alpha1.DecisionAdopt})), []string{"prod Install 2.4.1 ", "test Nothing  Declined"}},
		{"one defers, and only until then", world(inTest, recommended, here(v1alpha1.AppDecision{}, v1alpha1.EnvironmentDecision{Decision: v1alpha1.DecisionDefer, Until: &tomorrow})), []string{"prod Nothing  Deferred", "test Install 2.4.1 "}},
		{"a deferral that has run out leaves what is said for all", world(inTest, here(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Channel: "pilot"}, v1alpha1.EnvironmentDecision{Decision: v1alpha1.DecisionDefer, Until: &before})), []string{"prod Install 2.5.0 ", "test Install 2.5.0 "}},
		{"a Mandatory app declined without a reason", world(inTest, mandatory, here(v1alpha1.AppDecision{}, v1alpha1.EnvironmentDecision{Decision: v1alpha1.DecisionDecline})), []string{"prod Install 2.4.1 ", "test Install 2.4.1 "}},
		{"with a reason of its own", world(inTest, mandatory, here(v1alpha1.AppDecision{}, v1alpha1.EnvironmentDecision{Decision: v1alpha1.DecisionDecline, Reason: "no partner"})), []string{"prod Nothing  Declined", "test Install 2.4.1 "}},
		{"with the reason given for all", world(inTest, mandatory, here(v1alpha1.AppDecision{Reason: "own system"}, v1alpha1.EnvironmentDecision{Decision: v1alpha1.DecisionDecline})), []string{"prod Nothing  Declined", "test Install 2.4.1 "}},
		{"one gives the reason that the others lack", world(inTest, mandatory, here(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}, v1alpha1.EnvironmentDecision{Reason: "own system"})), []string{"prod Nothing  Declined", "test Install 2.4.1 "}},
		{"one holds", world(inTest, recommended, here(v1alpha1.AppDecision{}, v1alpha1.EnvironmentDecision{Hold: hold("2.3.0", nil)})), []string{"prod Install 2.3.0 Held", "test Install 2.4.1 "}},
		{"one holds another version", world(inTest, recommended, here(v1alpha1.AppDecision{Hold: hold("2.5.0", nil)}, v1alpha1.EnvironmentDecision{Hold: hold("2.3.0", &tomorrow)})), []string{"prod Install 2.3.0 Held", "test Install 2.5.0 Held"}},
		{"a hold that has run out leaves the one for all", world(inTest, recommended, here(v1alpha1.AppDecision{Hold: hold("2.5.0", nil)}, v1alpha1.EnvironmentDecision{Hold: hold("2.3.0", &before)})), []string{"prod Install 2.5.0 Held", "test Install 2.5.0 Held"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			var got []string
			for _, v := range verdictsOf(tc.in) {
				got = append(got, fmt.Sprintf("%s %s %s %s", v.Environment, v.Action, v.Version, v.Why))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParametersOfEnvironments(t *testing.T) {
	secret := func(name string) []v1alpha1.ParametersSource {
		return []v1alpha1.ParametersSource{{SecretRef: v1alpha1.LocalReference{Name: name}}}
	}
	in := world(inTest, says(v1alpha1.AppDecision{
		Decision: v1alpha1.DecisionAdopt, Parameters: raw(`{"sender":"Vinje","log":"info"}`), ParametersFrom: secret("svarut"),
		Environments: []v1alpha1.EnvironmentDecision{{Name: "test", Parameters: raw(`{"sender":"TEST"}`), ParametersFrom: secret("svarut-test")}},
	}))
	got := map[string]string{}
	for _, v := range verdictsOf(in) {
		got[v.Environment] = string(v.Parameters.Raw) + " " + v.ParametersFrom[0].SecretRef.Name
	}
	want := map[string]string{"prod": `{"sender":"Vinje","log":"info"} svarut`, "test": `{"log":"info","sender":"TEST"} svarut-test`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

// TestTimeAloneMovesOn goes from each verdict to the moment that it names.
func TestTimeAloneMovesOn(t *testing.T) {
	later := metav1.NewTime(tomorrow.Add(time.Hour))
	recommended := network("digi-tv", v1alpha1.ObligationRecommended, "stable")
	hold := &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end", Until: &later}
	cases := []struct {
		reason string
		in     resolution.Input
		// want is "action version why" from now on, each until the moment that it names.
		want []string
	}{
		{"a deferral", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Until: &tomorrow})), []string{"Nothing  Deferred", "Install 2.4.1 "}},
		{"a hold", world(recommended, says(v1alpha1.AppDecision{Hold: hold}), installed("2.3.0", "sha256:23", v1alpha1.LevelNetwork, "digi-tv")), []string{"Keep 2.3.0 Held", "Install 2.4.1 "}},
		{"a deferral, then a hold", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Until: &tomorrow, Hold: hold})), []string{"Nothing  Deferred", "Install 2.3.0 Held", "Install 2.4.1 "}},
		{"a deferral of one environment, then that of all", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Until: &later,
			Environments: []v1alpha1.EnvironmentDecision{{Name: "prod", Decision: v1alpha1.DecisionDefer, Until: &tomorrow}}})), []string{"Nothing  Deferred", "Nothing  Deferred", "Install 2.4.1 "}},
		{"a deferral of an app that nobody else asks for", world(says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Until: &tomorrow})), []string{"Nothing  Deferred"}},
		{"what has no end stays", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer})), []string{"Nothing  Deferred"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			var got []string
			for in := tc.in; ; {
				all := verdictsOf(in)
				if len(all) == 0 {
					break
				}
				got = append(got, fmt.Sprintf("%s %s %s", all[0].Action, all[0].Version, all[0].Why))
				if all[0].Until.IsZero() {
					break
				}
				in.Now = all[0].Until
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
