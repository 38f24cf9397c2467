package installation_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/resolution"
)

func TestPlaceOf(t *testing.T) {
	labelled := func(municipality, environment string) map[string]string {
		return map[string]string{v1alpha1.LabelMunicipality: municipality, v1alpha1.LabelEnvironment: environment}
	}
	for _, c := range []struct {
		reason    string
		namespace string
		labels    map[string]string
		tenant    v1alpha1.Tenant
		want      string
	}{
		{"as its labels say", "vinje-prod", labelled("vinje", "prod"), v1alpha1.Tenant{}, "vinje prod"},
		{"one from a file has the tenant alone", "vinje-prod", nil, v1alpha1.Tenant{Municipality: "vinje", Environment: "prod"}, "vinje prod"},
		{"a municipality may have dashes in its name", "nore-og-uvdal-prod", labelled("nore-og-uvdal", "prod"), v1alpha1.Tenant{}, "nore-og-uvdal prod"},
		{"labels that do not fit the namespace", "elsewhere", labelled("vinje", "prod"), v1alpha1.Tenant{}, ""},
		{"the label of another environment", "vinje-prod", labelled("vinje", "test"), v1alpha1.Tenant{}, ""},
		{"neither labels nor tenant", "vinje-prod", nil, v1alpha1.Tenant{}, ""},
	} {
		t.Run(c.reason, func(t *testing.T) {
			municipality, place, ok := installation.PlaceOf(&v1alpha1.AppInstallation{
				ObjectMeta: metav1.ObjectMeta{Name: "svarut", Namespace: c.namespace, Labels: c.labels},
				Spec:       v1alpha1.AppInstallationSpec{Tenant: c.tenant},
			})
			got := ""
			if ok {
				got = municipality + " " + place.Environment
			}
			if got != c.want || place.App != "svarut" {
				t.Errorf("got %q, %v, want %q", got, place, resolution.Place{App: "svarut", Environment: c.want})
			}
		})
	}
}
