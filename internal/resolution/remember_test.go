package resolution_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// TestRemember deletes the AppInstallation of svarut in prod, and looks whether it is known.
func TestRemember(t *testing.T) {
	prod := resolution.Place{App: "svarut", Environment: "prod"}
	row := v1alpha1.MunicipalityApp{Name: "svarut", Environment: "prod", Version: "2.4.1", State: v1alpha1.AppReady, DecidedBy: v1alpha1.DecidedBy{Level: v1alpha1.LevelNetwork, Name: "digi-tv"}}
	with := func(change func(*v1alpha1.MunicipalityApp)) v1alpha1.MunicipalityApp {
		changed := row
		change(&changed)
		return changed
	}
	there := map[resolution.Place]*v1alpha1.AppInstallation{prod: {Spec: v1alpha1.AppInstallationSpec{App: "svarut", Version: "2.3.0"}}}
	cases := []struct {
		reason    string
		row       v1alpha1.MunicipalityApp
		installed map[resolution.Place]*v1alpha1.AppInstallation
		version   string
	}{
		{"its status says what ran there", row, nil, "2.4.1"},
		{"a higher version was asked for, and may have been there", with(func(r *v1alpha1.MunicipalityApp) { r.Asked = "2.5.0" }), nil, "2.5.0"},
		{"a lower version was asked for, and may not have been there yet", with(func(r *v1alpha1.MunicipalityApp) { r.Asked = "2.3.0" }), nil, "2.4.1"},
		{"a first version was asked for", with(func(r *v1alpha1.MunicipalityApp) { r.Version, r.Asked = "", "2.4.1" }), nil, "2.4.1"},
		{"what is there counts before its status", row, there, "2.3.0"},
		{"what was on its way out is gone", with(func(r *v1alpha1.MunicipalityApp) { r.State = v1alpha1.AppRemoving }), nil, ""},
		{"what never came is not remembered", with(func(r *v1alpha1.MunicipalityApp) { r.Version = "" }), nil, ""},
		{"a version whose digest nobody knows can't be written again", with(func(r *v1alpha1.MunicipalityApp) { r.Version = "1.0.0" }), nil, ""},
		{"nor an app that is not in the catalogue", with(func(r *v1alpha1.MunicipalityApp) { r.Name = "kobo" }), nil, ""},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world()
			in.Municipality.Status.Apps = []v1alpha1.MunicipalityApp{c.row}
			known := resolution.Remember(in.Municipality, in.Apps, c.installed, nil)
			version := ""
			if i := known[prod]; i != nil {
				version = i.Spec.Version
			}
			if diff := cmp.Diff(c.version, version); diff != "" {
				t.Errorf("version (-want +got):\n%s", diff)
			}
		})
	}
}
