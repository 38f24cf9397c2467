package behaviour_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// requiring lets each version of an app, in turn, connect to one range.
func requiring(cidrs ...string) func(*v1alpha1.SharedApp) {
	return func(app *v1alpha1.SharedApp) {
		for i, cidr := range cidrs {
			if cidr != "" {
				app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Egress: []v1alpha1.RequiredEgress{{CIDR: cidr, Ports: []v1alpha1.Port{{Port: 443}}, Reason: "post"}}}
			}
		}
	}
}

// opens waits until exactly these ranges are open for an app.
func opens(t *testing.T, ns, app string, cidrs ...string) {
	t.Helper()
	until(t, "the walls of "+app, at(&networkingv1.NetworkPolicy{}, ns, "allmenning-app-"+app), func(wall *networkingv1.NetworkPolicy) error {
		var open []string
		for _, rule := range wall.Spec.Egress {
			if block := rule.To[0].IPBlock; block != nil {
				open = append(open, block.CIDR)
			}
		}
		if strings.Join(open, " ") != strings.Join(cidrs, " ") {
			return fmt.Errorf("open are %v, want %v", open, cidrs)
		}
		return nil
	})
}

// A member has the walls of the version that it runs, and gets those of the next with it: both while pods of both may
// run, and only the new when all of it is ready. A return goes the same way back.
func TestWallsMoveWithTheVersion(t *testing.T) {
	parallel(t)
	const first, second, third = "203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"
	app := publish(t, unique("walls"), requiring(first, second, third), files("walls", nil), broken("walls"), files("walls", nil))
	stays, moves := town(t, "bo", adopts(app.Name, version("1.0.0"))), town(t, "aas", adopts(app.Name, version("1.0.0")))
	for _, m := range []*v1alpha1.Municipality{stays, moves} {
		runs(t, m.Name+"-prod", app.Name, "1.0.0")
		opens(t, m.Name+"-prod", app.Name, first)
	}

	ns := moves.Name + "-prod"
	names := func(version string) func(*v1alpha1.Municipality) {
		return func(m *v1alpha1.Municipality) { m.Spec.Apps[0].Version = version }
	}
	edit(t, moves, names("1.1.0")) // it does not get ready
	opens(t, ns, app.Name, second, first)
	opens(t, stays.Name+"-prod", app.Name, first)

	edit(t, moves, names("1.0.0"))
	runs(t, ns, app.Name, "1.0.0")
	opens(t, ns, app.Name, first)

	edit(t, moves, names("1.2.0"))
	runs(t, ns, app.Name, "1.2.0")
	opens(t, ns, app.Name, third)
	until(t, "the status says whose walls they are", appInstallation(ns, app.Name), func(i *v1alpha1.AppInstallation) error {
		return holds(strings.Join(i.Status.WallsOf, " "), "1.2.0")
	})
	opens(t, stays.Name+"-prod", app.Name, first)
}

// What somebody changes in the walls is put back.
func TestWallsThatWereChangedArePutBack(t *testing.T) {
	parallel(t)
	app := publish(t, unique("drift"), requiring("203.0.113.0/24"), files("drift", nil))
	m := town(t, "bo", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	edit(t, at(&networkingv1.NetworkPolicy{}, ns, "allmenning-app-"+app.Name), func(p *networkingv1.NetworkPolicy) {
		p.Spec.Egress[1].To[0].IPBlock.CIDR = "10.0.0.0/8"
	})
	opens(t, ns, app.Name, "203.0.113.0/24")
}

// A private range is refused until the Platform lists it. What it takes out is closed at once, where the version runs
// too, and everybody says so; it is nobody's failure.
func TestThePlatformBoundsTheWalls(t *testing.T) {
	startOperator(t)
	const inside = "10.20.0.0/16"
	app := sells(t, unique("archive"), files("archive", nil), requiring(inside))
	until(t, "the version is refused, with the fix", app, func(app *v1alpha1.SharedApp) error {
		return isStalled(app.Status.Conditions, app.Generation, "spec.versions[1.0.0].requires.egress[0].cidr: "+inside, "private range 10.0.0.0/8", "{cidr: 10.20.0.0/16, ports: [{port: 443}]", "spec.allowedEgress")
	})
	allow := func(entries ...v1alpha1.AllowedEgress) {
		onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.AllowedEgress = entries })
	}
	allow(v1alpha1.AllowedEgress{CIDR: "0.0.0.0/0"}, v1alpha1.AllowedEgress{CIDR: "10.20.0.0/14", Ports: []v1alpha1.Port{{Port: 443}}})
	checked(t, app)
	m := town(t, "bo", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	opens(t, ns, app.Name, inside)

	allow()
	opens(t, ns, app.Name)
	stalls(t, ns, app.Name, "spec.versions[1.0.0].requires.egress[0].cidr", "it is closed here")
	until(t, "the SharedApp says so", app, func(app *v1alpha1.SharedApp) error {
		return isStalled(app.Status.Conditions, app.Generation, "private range", "where the version is installed it runs on, with that closed")
	})
	until(t, "the Platform says so", at(&v1alpha1.Platform{}, "", v1alpha1.PlatformName), func(p *v1alpha1.Platform) error {
		return errors.Join(isReady(p.Status.Conditions, p.Generation),
			speaks(p.Status.Conditions, p.Generation, v1alpha1.ConditionReady, "True", "SharedApp "+app.Name+", version 1.0.0, in 1 environments: closed is"))
	})
	late := town(t, "late", adopts(app.Name))
	reports(t, late, app.Name, "Blocked", "version 1.0.0", "spec.allowedEgress")
	absent(t, late.Name+"-prod", app.Name)
	if read(t, at(&appsv1.Deployment{}, ns, "archive")).UID == "" {
		t.Error("what ran is gone")
	}

	allow(v1alpha1.AllowedEgress{CIDR: inside})
	runs(t, ns, app.Name, "1.0.0")
	opens(t, ns, app.Name, inside)

	// With the Platform as it was, what is closed would be in its status, which other tests read.
	for _, m := range []*v1alpha1.Municipality{m, late} {
		edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
		gone(t, appInstallation(m.Name+"-prod", app.Name))
	}
}

// What a version requires is what it is, for ever: also one that was taken out, and is put back with other walls.
func TestWhatAVersionRequiresStays(t *testing.T) {
	parallel(t)
	app := publish(t, unique("stays"), requiring("203.0.113.0/24", ""), files("stays", nil), files("stays", nil))
	wider := func(app *v1alpha1.SharedApp) { requiring("203.0.0.0/16")(app) }
	before := read(t, at(&v1alpha1.SharedApp{}, "", app.Name))
	changed := before.DeepCopy()
	wider(changed)
	if err := admin.Patch(t.Context(), changed, client.MergeFrom(before)); err == nil || !strings.Contains(err.Error(), "what a version requires can't change once it was available") {
		t.Fatalf("the API server says %v", err)
	}
	second := app.Spec.Versions[1]
	edit(t, app, func(app *v1alpha1.SharedApp) { app.Spec.Versions = app.Spec.Versions[:1] })
	until(t, "it is taken out", app, func(app *v1alpha1.SharedApp) error { return isReady(app.Status.Conditions, app.Generation) })
	edit(t, app, func(app *v1alpha1.SharedApp) {
		second.Requires = &v1alpha1.Requirements{Egress: []v1alpha1.RequiredEgress{{CIDR: "203.0.0.0/16", Reason: "more"}}}
		app.Spec.Versions = append(app.Spec.Versions, second)
	})
	until(t, "it is refused", app, func(app *v1alpha1.SharedApp) error {
		return isStalled(app.Status.Conditions, app.Generation, "spec.versions[1.1.0].requires is not what the version required when it was offered")
	})
}
