package installation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/resolution"
)

func vinje() *v1alpha1.Municipality {
	return &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: "vinje", Labels: map[string]string{v1alpha1.LabelCounty: "40"}},
		Spec: v1alpha1.MunicipalitySpec{
			Number: "4036", DisplayName: "Vinje", Domains: []string{"vinje.kommune.no", "raulandsakademiet.no"},
			Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}},
		},
	}
}

func verdict() resolution.Verdict {
	return resolution.Verdict{
		Place: resolution.Place{App: "svarut", Environment: "prod"}, Version: "2.4.1", Digest: "sha256:24",
		Parameters:     &apiextensionsv1.JSON{Raw: []byte(`{"sender":"Vinje","copies":2}`)},
		ParametersFrom: []v1alpha1.ParametersSource{{SecretRef: v1alpha1.LocalReference{Name: "credentials"}}},
		DecidedBy:      v1alpha1.DecidedBy{Level: v1alpha1.LevelNetwork, Name: "digi-tv", Reason: "Recommended, channel stable"},
	}
}

func TestFor(t *testing.T) {
	m, v := vinje(), verdict()
	want := &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{Name: "svarut", Namespace: "vinje-prod", Labels: map[string]string{
			v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelMunicipality: "vinje",
			v1alpha1.LabelEnvironment: "prod", v1alpha1.LabelApp: "svarut",
		}, Annotations: map[string]string{v1alpha1.AnnotationDecision: "Recommended, channel stable"}},
		Spec: v1alpha1.AppInstallationSpec{
			App: "svarut", Version: "2.4.1", Digest: "sha256:24", State: v1alpha1.InstallationPresent,
			Tenant: v1alpha1.Tenant{
				Municipality: "vinje", Number: "4036", DisplayName: "Vinje", County: "40", Environment: "prod",
				Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed, Domain: "vinje.kommune.no",
			},
			Parameters: v.Parameters, ParametersFrom: v.ParametersFrom, DecidedBy: v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: "digi-tv"},
		},
	}
	if d := cmp.Diff(want, installation.For(installation.Rest{Apps: catalogue.Apps{}}, m, &m.Spec.Environments[0], v)); d != "" {
		t.Errorf("it says all that it needs (-want +got):\n%s", d)
	}
	m.Spec.Environments[0].Zone = v1alpha1.ZoneOpen
	m.Status.Environments = []v1alpha1.EnvironmentStatus{{Name: "prod", State: v1alpha1.EnvironmentReady, Zone: v1alpha1.ZoneClosed}}
	if got := installation.For(installation.Rest{Apps: catalogue.Apps{}}, m, &m.Spec.Environments[0], v).Spec.Tenant.Zone; got != v1alpha1.ZoneClosed {
		t.Errorf("an environment that is kept closed has the zone %s", got)
	}
	m.Spec.Domains = nil
	if got := installation.For(installation.Rest{Apps: catalogue.Apps{}}, m, &m.Spec.Environments[0], v).Spec.Tenant.Domain; got != "" {
		t.Errorf("a municipality without domains has none: got %q", got)
	}
}

func TestSame(t *testing.T) {
	cases := []struct {
		reason string
		live   func(*v1alpha1.AppInstallation)
		want   bool
	}{
		{"nothing differs", func(*v1alpha1.AppInstallation) {}, true},
		{"the API server writes JSON its own way", func(i *v1alpha1.AppInstallation) {
			i.Spec.Parameters.Raw = []byte("{ \"copies\" : 2, \"sender\":\"Vinje\"}")
		}, true},
		{"suspend is not the operator's to say", func(i *v1alpha1.AppInstallation) { i.Spec.Suspend = new(true) }, true},
		{"labels of others are theirs", func(i *v1alpha1.AppInstallation) { i.Labels["team"] = "helse" }, true},
		{"annotations of others are theirs", func(i *v1alpha1.AppInstallation) { i.Annotations["a"] = "b" }, true},
		{"nor is the status", func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "1.0.0" }, true},
		{"a label of ours is gone", func(i *v1alpha1.AppInstallation) { delete(i.Labels, v1alpha1.LabelApp) }, false},
		{"a label of ours says another thing", func(i *v1alpha1.AppInstallation) { i.Labels[v1alpha1.LabelMunicipality] = "tokke" }, false},
		{"another version", func(i *v1alpha1.AppInstallation) { i.Spec.Version = "2.5.0" }, false},
		{"another digest of the version", func(i *v1alpha1.AppInstallation) { i.Spec.Digest = "sha256:other" }, false},
		{"on its way out", func(i *v1alpha1.AppInstallation) { i.Spec.State = v1alpha1.InstallationAbsent }, false},
		{"another reason", func(i *v1alpha1.AppInstallation) {
			i.Annotations[v1alpha1.AnnotationDecision] = "Mandatory, channel stable"
		}, false},
		{"a fact of the tenant changed", func(i *v1alpha1.AppInstallation) { i.Spec.Tenant.Domain = "" }, false},
		{"another value of a parameter", func(i *v1alpha1.AppInstallation) { i.Spec.Parameters.Raw = []byte(`{"sender":"Vinje","copies":3}`) }, false},
		{"no parameters", func(i *v1alpha1.AppInstallation) { i.Spec.Parameters = nil }, false},
		{"parameters that are no JSON", func(i *v1alpha1.AppInstallation) { i.Spec.Parameters.Raw = []byte(`{`) }, false},
		{"other sources of parameters", func(i *v1alpha1.AppInstallation) { i.Spec.ParametersFrom = nil }, false},
		{"a stamp of a move", func(i *v1alpha1.AppInstallation) { i.Spec.Move = &v1alpha1.Move{Rollout: "r"} }, false},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			m := vinje()
			want := installation.For(installation.Rest{Apps: catalogue.Apps{}}, m, &m.Spec.Environments[0], verdict())
			live := want.DeepCopy()
			c.live(live)
			kept := live.DeepCopy()
			if got := installation.Same(want, live); got != c.want {
				t.Errorf("%s: Same is %v", c.reason, got)
			}
			if d := cmp.Diff(kept, live); d != "" {
				t.Errorf("%s: what was observed is changed:\n%s", c.reason, d)
			}
		})
	}
}
