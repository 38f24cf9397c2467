package installation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/resolution"
)

// What an app knows of a door rests on the request, whatever the host says to it; the address is where the host has the app.
func TestDoors(t *testing.T) {
	apps := catalogue.Apps{"lonn": catalogue.Compile(&v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "lonn"}, Spec: v1alpha1.SharedAppSpec{Isolation: v1alpha1.IsolationOwn}})}
	m := vinje()
	m.Spec.Connects = []v1alpha1.DoorRequest{
		{App: "lonn", Service: "payroll", Environment: "prod", Host: "seljord", HostEnvironment: "drift", Clients: []string{"kobo", "svarut"}, SecretRef: &v1alpha1.LocalReference{Name: "key"}},
		{App: "arkiv", Service: "search", Environment: "prod", Host: "tokke", Clients: []string{"svarut"}},
		{App: "arkiv", Service: "write", Environment: "prod", Host: "tokke", Clients: []string{"kobo"}, OwnWorkloads: true},
		{App: "arkiv", Service: "other", Environment: "test", Host: "tokke", Clients: []string{"svarut"}},
	}
	search := v1alpha1.InstalledDoor{App: "arkiv", Service: "search", Host: "tokke", HostEnvironment: "prod", Address: "search.tokke-prod.svc"}
	payroll := v1alpha1.InstalledDoor{App: "lonn", Service: "payroll", Host: "seljord", HostEnvironment: "drift", Address: "payroll.seljord-drift--lonn.svc", Secret: "key"}
	hosted := map[resolution.Place]*v1alpha1.AppInstallation{}
	rest := installation.Rest{Apps: apps, Installed: func(municipality string, place resolution.Place) *v1alpha1.AppInstallation {
		if municipality != "seljord" {
			return nil
		}
		return hosted[place]
	}}
	want := func() *v1alpha1.AppInstallation { return installation.For(rest, m, &m.Spec.Environments[0], verdict()) }
	if diff := cmp.Diff([]v1alpha1.InstalledDoor{payroll, search}, want().Spec.Doors); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	hosted[resolution.Place{App: "lonn", Environment: "drift"}] = &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{Name: "lonn", Namespace: "seljord-drift"}, Spec: v1alpha1.AppInstallationSpec{App: "lonn", Isolation: v1alpha1.IsolationOwn},
	}
	for _, tc := range []struct {
		reason  string
		offered *catalogue.App
	}{
		{"the host has it where it is, also when the catalogue has lost it", nil},
		{"and when it was offered again, and otherwise", catalogue.Compile(&v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "lonn"}})},
	} {
		before := apps["lonn"]
		if apps["lonn"] = tc.offered; tc.offered == nil {
			delete(apps, "lonn")
		}
		if diff := cmp.Diff([]v1alpha1.InstalledDoor{payroll, search}, want().Spec.Doors); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
		apps["lonn"] = before
	}

	live := want()
	live.Spec.Doors = []v1alpha1.InstalledDoor{search, payroll}
	if w := want(); !installation.Same(w, live) || !installation.Arrived(w, live) {
		t.Error("the order says nothing")
	}
	m.Spec.Connects = m.Spec.Connects[1:]
	w := want()
	installation.StayHome(w, live)
	if !installation.Same(w, live) || !installation.Arrived(want(), live) {
		t.Errorf("that a request was taken out changes what is installed: %+v", w.Spec.Doors)
	}
	m.Spec.Connects[0].Host = "bo"
	w = want()
	installation.StayHome(w, live)
	if installation.Same(w, live) || installation.Arrived(want(), live) || len(w.Spec.Doors) != 2 {
		t.Errorf("another host is another address: %+v", w.Spec.Doors)
	}
}
