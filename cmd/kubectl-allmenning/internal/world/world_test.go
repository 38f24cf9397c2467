package world_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/catalogue"
)

func TestTake(t *testing.T) {
	app := catalogue.Compile(&v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "svarut"}, Spec: v1alpha1.SharedAppSpec{
		Versions: []v1alpha1.Version{{Version: "2.3.0", State: v1alpha1.VersionWithdrawn}, {Version: "2.4.1", State: v1alpha1.VersionDeprecated}},
	}})
	for _, tc := range []struct{ reason, version, want string }{
		{"one that is discouraged may be taken", "2.4.1", ""},
		{"one that is withdrawn", "2.3.0", "version 2.3.0 of SharedApp svarut is withdrawn: it is not newly installed anywhere: take another version"},
		{"one that there is not", "2.5.0", "SharedApp svarut has no version 2.5.0: see its spec.versions (2.3.0, 2.4.1)"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := ""
			if err := world.Take(app, tc.version); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestCountry goes by what an installation says whose it is, and not by the name of its namespace.
func TestCountry(t *testing.T) {
	municipality := func(name string) v1alpha1.Municipality {
		return v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.MunicipalitySpec{
			Environments: []v1alpha1.Environment{{Name: "prod"}, {Name: "bo-prod"}},
		}}
	}
	installation := func(namespace, owner, environment string) v1alpha1.AppInstallation {
		i := v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "svarut"}}
		i.Spec.App, i.Spec.Tenant.Municipality, i.Spec.Tenant.Environment = "svarut", owner, environment
		return i
	}
	w := &world.World{
		Municipalities: []v1alpha1.Municipality{municipality("midt"), municipality("midt-bo")},
		Installations: []v1alpha1.AppInstallation{
			installation("midt-bo-prod", "midt-bo", "prod"), installation("midt-prod", "midt-bo", "prod"),
		},
	}
	c := w.Country(time.Now())
	if c.Live("midt-bo", "prod", "svarut") == nil {
		t.Error("midt-bo has it in prod")
	}
	if c.Live("midt", "bo-prod", "svarut") != nil || c.Live("midt", "prod", "svarut") != nil {
		t.Error("midt has it nowhere: one is another's, and one is in a namespace that its tenant does not have")
	}
}
