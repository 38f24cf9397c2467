package outlook_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// shared is the world of config/samples/doors, where vert has lonn 1.0.0 and it has later versions.
func shared(t *testing.T) *world.World {
	t.Helper()
	files, err := world.ReadFolder("../../../../config/samples/doors", nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.FromFolder(files)
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.Apps {
		app := &w.Apps[i]
		if app.Name != "lonn" {
			continue
		}
		dropped, moved := app.Spec.Versions[0], *app.Spec.Versions[0].DeepCopy()
		dropped.Version, dropped.Services = "2.0.0", nil
		moved.Version, moved.Services[0].Ports[0].Port = "1.1.0", 444
		app.Spec.Versions = append(app.Spec.Versions, moved, dropped)
		app.Status.Versions = nil
		for _, v := range app.Spec.Versions {
			app.Status.Versions = append(app.Status.Versions, v1alpha1.VersionStatus{Version: v.Version, Digest: "sha256:" + v.Version, Available: true})
		}
	}
	w.Installations = []v1alpha1.AppInstallation{{
		ObjectMeta: metav1.ObjectMeta{Name: "lonn", Namespace: "vert-prod"},
		Spec: v1alpha1.AppInstallationSpec{
			App: "lonn", Version: "1.0.0", Digest: "sha256:1.0.0", State: v1alpha1.InstallationPresent, Tenant: v1alpha1.Tenant{Municipality: "vert", Environment: "prod", Stage: v1alpha1.StageProduction},
		},
	}}
	return w
}

// A version that drops a service closes the doors to it, and one that moves its port moves them; what connects waits for a door.
func TestPlanSaysWhichDoorsChange(t *testing.T) {
	const name = "service payroll of vert in prod, to gjest, environment prod"
	for _, tc := range []struct {
		reason, app, version string
		change               func(*world.World)
		want                 *outlook.Doors
	}{
		{"the same", "lonn", "1.0.0", nil, nil},
		{"another port", "lonn", "1.1.0", nil, &outlook.Doors{Moves: []string{name + ", now at port 444"}}},
		{"the service is dropped", "lonn", "2.0.0", nil, &outlook.Doors{Closes: []string{name}}},
		{"nobody asks for it", "lonn", "2.0.0", func(w *world.World) { w.Municipalities[0].Spec.Connects = nil }, nil},
		{"a connector with its door open", "lonn-kobling", "1.0.0", nil, nil},
		{"one without", "lonn-kobling", "1.0.0", func(w *world.World) { w.Municipalities[1].Spec.Hosts = nil },
			&outlook.Doors{Waits: []string{"gjest, environment prod: no open door to service payroll of lonn"}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := shared(t)
			if tc.change != nil {
				tc.change(w)
			}
			o, err := outlook.Of(w, question(func(q *outlook.Question) { q.App, q.Version = tc.app, tc.version }))
			if err != nil {
				t.Fatal(err)
			}
			if len(o.Groups) != 1 {
				t.Fatalf("groups: %+v", o.Groups)
			}
			if diff := cmp.Diff(tc.want, o.Groups[0].Doors); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var out bytes.Buffer
			outlook.Print(&out, o, false)
			if strings.Contains(out.String(), "  Doors\n") != (tc.want != nil) {
				t.Errorf("it prints\n%s", out.String())
			}
		})
	}
}
