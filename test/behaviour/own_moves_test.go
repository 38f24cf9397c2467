package behaviour_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// greeted waits until an installation has the greeting that its municipality gave last: then what it
// decided with it was looked at, too.
func greeted(t *testing.T, namespace, app, greeting string) *v1alpha1.AppInstallation {
	t.Helper()
	return until(t, app+" in "+namespace+" greets with "+greeting, appInstallation(namespace, app), func(i *v1alpha1.AppInstallation) error {
		if i.Spec.Parameters == nil {
			return errors.New("it has no parameters")
		}
		return holds(string(i.Spec.Parameters.Raw), greeting)
	})
}

func greeting(text string) func(*v1alpha1.AppDecision) {
	return with(fmt.Sprintf(`{"greeting":%q}`, text))
}

// Not parallel: the platform's deadline is that of own moves.
func TestOwnMovesGoInStagesAndReturn(t *testing.T) {
	startOperator(t)
	app := publish(t, unique("own"), nil, files("own", nil), broken("own"), files("own", nil))
	m := town(t, "vinje", withTest, adopts(app.Name, version("1.0.0")))
	test, prod := m.Name+"-test", m.Name+"-prod"
	runs(t, test, app.Name, "1.0.0")
	runs(t, prod, app.Name, "1.0.0")
	asked := func(want, greets string, namespaces ...string) {
		t.Helper()
		for _, ns := range namespaces {
			if i := greeted(t, ns, app.Name, greets); i.Spec.Version != want {
				t.Errorf("%s is asked to have %s, want %s", ns, i.Spec.Version, want)
			}
		}
	}

	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Spec.Freezes = []v1alpha1.FreezePeriod{{From: metav1.Now(), Until: metav1.NewTime(time.Now().Add(time.Hour)), Reason: "election"}}
		adopts(app.Name, version("1.1.0"), greeting("frozen"))(m)
	})
	asked("1.0.0", "frozen", test, prod)
	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Spec.Freezes, m.Spec.Pause = nil, new(true)
		adopts(app.Name, version("1.1.0"), greeting("paused"))(m)
	})
	asked("1.0.0", "paused", test, prod)

	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Pause = nil })
	waits(t, test, app.Name, "Deployment/own")
	edit(t, m, adopts(app.Name, version("1.1.0"), greeting("staged")))
	asked("1.1.0", "staged", test)
	asked("1.0.0", "staged", prod)

	patient := onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.Rollout.Waves[0].ProgressDeadline = lasting(time.Second) })
	until(t, "test returns", appInstallation(test, app.Name), func(i *v1alpha1.AppInstallation) error {
		return errors.Join(expect("version", i.Spec.Version, "1.0.0"), came(i, v1alpha1.OutcomeReturned, "returned to 1.0.0, as 1.1.0 failed", "Deployment/own"))
	})
	patient()
	edit(t, m, adopts(app.Name, version("1.1.0"), greeting("failed")))
	asked("1.0.0", "failed", test, prod)

	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Spec.Freezes = []v1alpha1.FreezePeriod{{From: metav1.Now(), Until: metav1.NewTime(time.Now().Add(time.Hour)), Reason: "election"}}
		adopts(app.Name, version("1.2.0"), func(d *v1alpha1.AppDecision) { d.Immediate = new(true) })(m)
	})
	runs(t, test, app.Name, "1.2.0")
	runs(t, prod, app.Name, "1.2.0")
}
