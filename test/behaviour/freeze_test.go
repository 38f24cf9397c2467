package behaviour_test

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Not parallel: it holds for the whole platform.
func TestAFreezeStopsWhatIsNewAndNothingElse(t *testing.T) {
	startOperator(t)
	app := publish(t, unique("frozen"), nil, files("frozen", nil), files("frozen", nil))
	m, namer := town(t, "vinje", adopts(app.Name)), town(t, "nissedal", adopts(app.Name, version("1.0.0")))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	runs(t, namer.Name+"-prod", app.Name, "1.0.0")
	reaches(t, directRollout(app.Name, "stable", "1.0.0", 1), v1alpha1.RolloutCompleted)

	thaw := onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.Freeze = new(true) })
	promote(t, app, "1.1.0")
	late := town(t, "tokke", adopts(app.Name))
	standing(t, late)
	frozen := directRollout(app.Name, "stable", "1.1.0", 1)
	until(t, "the rollout waits with both", frozen, func(r *v1alpha1.Rollout) error {
		return errors.Join(expect("members", r.Status.Members, 2), phaseIs(r, v1alpha1.RolloutPending, "waits: ", "spec.freeze of Platform default"))
	})
	edit(t, namer, adopts(app.Name, version("1.1.0")))
	reports(t, namer, app.Name, "Blocked", "spec.freeze of Platform default")
	web := at(&appsv1.Deployment{}, ns, "frozen")
	remove(t, read(t, web))
	until(t, "drift is corrected", web, func(*appsv1.Deployment) error { return nil })
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	reports(t, m, app.Name, "Ready", "declined", "spec.freeze of Platform default")
	runs(t, ns, app.Name, "1.0.0")
	runs(t, namer.Name+"-prod", app.Name, "1.0.0")
	absent(t, late.Name+"-prod", app.Name)

	thaw()
	gone(t, appInstallation(ns, app.Name))
	runs(t, late.Name+"-prod", app.Name, "1.1.0")
	runs(t, namer.Name+"-prod", app.Name, "1.1.0")
}
