package behaviour_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Not parallel: it holds for the whole platform.
func TestAFreezeStopsWhatIsNewAndNothingElse(t *testing.T) {
	startOperator(t)
	app := publish(t, unique("frozen"), nil, files("frozen", nil), files("frozen", nil))
	m := town(t, "vinje", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")

	frozen := &v1alpha1.Platform{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.PlatformName}, Spec: v1alpha1.PlatformSpec{Freeze: new(true)}}
	create(t, frozen)
	promote(t, app, "1.1.0")
	tells(t, m, app.Name, "Blocked", "spec.freeze of Platform default")
	late := town(t, "tokke", adopts(app.Name))
	standing(t, late)
	tells(t, late, app.Name, "Blocked", "spec.freeze of Platform default")
	absent(t, late.Name+"-prod", app.Name)
	web := at(&appsv1.Deployment{}, ns, "frozen")
	remove(t, read(t, web))
	until(t, "drift is corrected", web, func(*appsv1.Deployment) error { return nil })
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	tells(t, m, app.Name, "Blocked", "spec.freeze of Platform default")
	runs(t, ns, app.Name, "1.0.0")

	remove(t, frozen)
	gone(t, appInstallation(ns, app.Name))
	runs(t, late.Name+"-prod", app.Name, "1.1.0")
}
