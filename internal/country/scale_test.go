package country_test

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// scaled is a country in which one network introduces ten apps, each installed once at every
// municipality; and a function that makes one installation's status change, at another place
// each time.
func scaled(tenants int) (m *country.Model, event func()) {
	const apps = 10
	o := world()
	everybody := o.Networks[0]
	everybody.Spec.Members = v1alpha1.Members{Selector: selector(v1alpha1.LabelCounty, "40")}
	proposal := everybody.Spec.Apps[0]
	proposal.Stages = []v1alpha1.Stage{v1alpha1.StageProduction}
	everybody.Spec.Apps = nil

	m = country.NewModel()
	name := func(i int) string { return fmt.Sprintf("app%02d", i) }
	for i := range apps {
		m.SetApp(name(i), app(name(i)))
		proposal.Name = name(i)
		everybody.Spec.Apps = append(everybody.Spec.Apps, proposal)
		r := record("digi-tv", "", name(i), target, 1, v1alpha1.RolloutProgressing)
		m.SetRollout(r.Name, r)
	}
	m.SetNetwork(everybody.Name, &everybody)
	installed := func(tenant, app int, since time.Time) {
		at := metav1.NewTime(since)
		m.SetInstallation(tenantName(tenant), resolution.Place{App: name(app), Environment: "prod"}, &v1alpha1.AppInstallation{
			ObjectMeta: metav1.ObjectMeta{
				Name: name(app), Namespace: v1alpha1.NamespaceFor(tenantName(tenant), "prod"), Generation: 1,
				Labels: map[string]string{v1alpha1.LabelMunicipality: tenantName(tenant), v1alpha1.LabelEnvironment: "prod", v1alpha1.LabelApp: name(app)},
			},
			Spec: v1alpha1.AppInstallationSpec{App: name(app), Version: before.Version, Digest: before.Digest, State: v1alpha1.InstallationPresent},
			Status: v1alpha1.AppInstallationStatus{
				ObservedGeneration: 1, AppliedVersion: before.Version, AppliedDigest: before.Digest, HealthySince: &at,
				Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 1, LastTransitionTime: at}},
			},
		})
	}
	for tenant := range tenants {
		municipality := municipality(tenantName(tenant))
		municipality.Spec.Environments = municipality.Spec.Environments[:1]
		m.SetMunicipality(municipality.Name, municipality)
		for app := range apps {
			installed(tenant, app, now.Add(-240*time.Hour))
		}
	}
	m.Settle(now)

	step := 0
	return m, func() {
		step++
		installed(step*7919%tenants, step%apps, now.Add(-time.Duration(step)*time.Minute))
		m.Settle(now)
	}
}

func tenantName(i int) string { return fmt.Sprintf("m%06d", i) }

// BenchmarkEvent100000 has a bar: one status event brings a country of 100,000 tenants with ten
// apps up to date in less than 1 ms.
func BenchmarkEvent100000(b *testing.B) {
	_, event := scaled(100_000)
	b.ReportAllocs()
	for b.Loop() {
		event()
	}
}

// TestAnEventDoesNotGrowWithTheCountry catches what is worked out for everybody where one has
// changed. Allocations are the same on every machine; of the time the best of several counts, and
// the limit is five times the bar, as others may use the machine.
func TestAnEventDoesNotGrowWithTheCountry(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	const most = 5 * time.Millisecond
	measure := func(tenants int) (allocations float64, best time.Duration) {
		m, event := scaled(tenants)
		if m.Country().Tenant(tenantName(tenants-1)) == nil {
			t.Fatal("the last tenant is not there: it measures nothing")
		}
		best = time.Hour
		for range 10 {
			began := time.Now()
			for range 50 {
				event()
			}
			best = min(best, time.Since(began)/50)
		}
		return testing.AllocsPerRun(200, event), best
	}
	few, _ := measure(1_000)
	many, best := measure(10_000)
	if many > 1.5*few {
		t.Errorf("an event makes %.0f allocations among 1,000 tenants, and %.0f among 10,000", few, many)
	}
	if best > most {
		t.Errorf("an event among 10,000 tenants takes %s, want less than %s", best, most)
	}
}
