package behaviour_test

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// An address that changes is changed once: the walls of those who require the endpoint follow. A name that is gone is
// closed, and everybody says so, with the field.
func TestEndpointsOfThePlatform(t *testing.T) {
	startOperator(t)
	list := func(endpoints ...v1alpha1.Endpoint) {
		onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.Endpoints = endpoints })
	}
	register := func(cidrs ...string) v1alpha1.Endpoint {
		return v1alpha1.Endpoint{Name: "folkeregisteret", CIDRs: cidrs, Ports: []v1alpha1.Port{{Port: 443}}, Owner: "Skatteetaten"}
	}
	app := sells(t, unique("register"), files("register", nil), func(app *v1alpha1.SharedApp) {
		app.Spec.Versions[0].Requires = &v1alpha1.Requirements{Egress: []v1alpha1.RequiredEgress{{Endpoint: "folkeregisteret", Reason: "addresses"}}}
	})
	until(t, "a name that is not there is refused, with the field and the fix", app, func(app *v1alpha1.SharedApp) error {
		return isStalled(app.Status.Conditions, app.Generation, `spec.versions[1.0.0].requires.egress[0].endpoint: Platform default has no endpoint "folkeregisteret"`, "spec.endpoints")
	})

	list(register("203.0.113.0/28"))
	checked(t, app)
	m := town(t, "bo", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	opens(t, ns, app.Name, "203.0.113.0/28")

	list(register("198.51.100.7/32", "10.7.0.0/24"))
	opens(t, ns, app.Name, "198.51.100.7/32", "10.7.0.0/24")

	list(register("0.0.0.0/0"))
	opens(t, ns, app.Name)
	stalls(t, ns, app.Name, "0.0.0.0/0 reaches into the private range", "it is closed here")
	until(t, "the Platform says so", at(&v1alpha1.Platform{}, "", v1alpha1.PlatformName), func(p *v1alpha1.Platform) error {
		return isStalled(p.Status.Conditions, p.Generation, "spec.endpoints[0].cidrs[0]", "list the addresses that are meant")
	})

	list()
	stalls(t, ns, app.Name, "spec.versions[1.0.0].requires.egress[0].endpoint")
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, appInstallation(ns, app.Name))
}
