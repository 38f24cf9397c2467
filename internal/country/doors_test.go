package country_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// A client gets the address of its host's app, and another only where the app moved: not as the catalogue loses the app.
func TestTheAddressOfADoor(t *testing.T) {
	const client, hosted = "svarut", "lonn"
	place := resolution.Place{App: hosted, Environment: "prod"}
	isOwn := func(isolation v1alpha1.Isolation) *v1alpha1.SharedApp {
		a := app(hosted)
		a.Spec.Isolation = isolation
		return a
	}
	at := func(isolation v1alpha1.Isolation) *v1alpha1.AppInstallation {
		return &v1alpha1.AppInstallation{
			ObjectMeta: metav1.ObjectMeta{Name: hosted, Namespace: "tokke-prod"},
			Spec:       v1alpha1.AppInstallationSpec{App: hosted, Isolation: isolation, State: v1alpha1.InstallationPresent},
		}
	}
	const own, shared = "web.tokke-prod--lonn.svc", "web.tokke-prod.svc"
	m := country.NewModel()
	o := world(func(o *country.Objects) { o.Apps[hosted] = isOwn(v1alpha1.IsolationOwn) })
	for name, a := range o.Apps {
		m.SetApp(name, a)
	}
	for _, town := range o.Municipalities {
		if town.Name == "oslo" {
			town.Spec.Connects = []v1alpha1.DoorRequest{{App: hosted, Service: "web", Environment: "prod", Host: "tokke", Clients: []string{client}, Reason: "x"}}
		}
		m.SetMunicipality(town.Name, town)
	}
	for name, installed := range o.Installations {
		for where, i := range installed {
			if name == "oslo" && where.Environment == "prod" { // it has the address already
				i.Spec.Doors = []v1alpha1.InstalledDoor{{App: hosted, Service: "web", Host: "tokke", HostEnvironment: "prod", Address: own}}
			}
			m.SetInstallation(name, where, i)
		}
	}
	m.Settle(now)

	for _, step := range []struct {
		reason string
		does   func()
		want   string
	}{
		{"it gets the address before the host has the app", func() {}, own},
		{"the host has it", func() { m.SetInstallation("tokke", place, at(v1alpha1.IsolationOwn)) }, own},
		{"the catalogue loses the app", func() { m.SetApp(hosted, nil) }, own},
		{"and has another of the name", func() { m.SetApp(hosted, isOwn("")) }, own},
		{"the host has lost it", func() { m.SetInstallation("tokke", place, nil) }, shared},
		{"and has it again, elsewhere", func() { m.SetInstallation("tokke", place, at(v1alpha1.IsolationOwn)) }, own},
		{"the catalogue says where it would be", func() {
			m.SetInstallation("tokke", place, nil)
			m.SetApp(hosted, isOwn(""))
		}, shared},
		{"and says something else", func() { m.SetApp(hosted, isOwn(v1alpha1.IsolationOwn)) }, own},
	} {
		before := addressOf(m.Country(), client)
		step.does()
		changed := m.Settle(now)
		got := addressOf(m.Country(), client)
		if got != step.want {
			t.Errorf("%s: the address is %s, want %s", step.reason, got, step.want)
		}
		row := m.Country().Tenant("oslo").Row(resolution.Place{App: client, Environment: "prod"})
		if arrived := !strings.Contains(row.Status.Message, "about to be brought up to date"); arrived != (step.want == own) {
			t.Errorf("%s: the client, which knows %s, is %s: %s", step.reason, own, row.Status.State, row.Status.Message)
		}
		if got != before && !changed.Decisions["oslo"] {
			t.Errorf("%s: the address is another, and nobody is woken", step.reason)
		}
	}
}

// addressOf is the address that the client of oslo is to know.
func addressOf(c *country.Country, client string) string {
	oslo := c.Tenant("oslo")
	for _, i := range c.Consent(oslo).Write {
		if i.Name == client && i.Spec.Tenant.Environment == "prod" && len(i.Spec.Doors) == 1 {
			return i.Spec.Doors[0].Address
		}
	}
	return oslo.Installed[resolution.Place{App: client, Environment: "prod"}].Spec.Doors[0].Address
}
