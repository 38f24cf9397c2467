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

// nation is one network of so many municipalities that introduces so many apps, with each app
// installed in two environments.
func nation(municipalities, apps int) *country.Model {
	m := country.NewModel()
	everybody := network("digi-tv")
	everybody.Spec.Members = v1alpha1.Members{Selector: selector(v1alpha1.LabelCounty, "40")}
	everybody.Spec.Apps = nil
	for i := range apps {
		name := fmt.Sprintf("app%02d", i)
		m.SetApp(name, app(name))
		everybody.Spec.Apps = append(everybody.Spec.Apps, v1alpha1.Proposal{
			Name: name, Channel: "stable", Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
		})
		m.SetRollout(name, record("digi-tv", "", name, target, 1, v1alpha1.RolloutProgressing))
	}
	m.SetNetwork(everybody.Name, &everybody)
	for i := range municipalities {
		name := fmt.Sprintf("m%06d", i)
		m.SetMunicipality(name, municipality(name))
		for _, environment := range []string{"prod", "test"} {
			for j := range apps {
				place := resolution.Place{App: fmt.Sprintf("app%02d", j), Environment: environment}
				m.SetInstallation(name, place, installation(name, place, before))
			}
		}
	}
	m.Settle(now)
	return m
}

func installation(municipality string, place resolution.Place, r v1alpha1.Release) *v1alpha1.AppInstallation {
	o := country.Objects{Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{}}
	installApp(place.App, municipality, place.Environment, r, moved("everyone"))(&o)
	return o.Installations[municipality][place]
}

// sizes are those of the issue: installations of 357 municipalities, and a country of 100,000.
var sizes = []struct{ municipalities, apps int }{{357, 1}, {357, 10}, {357, 30}, {100_000, 10}}

// BenchmarkStatusEvent is what an installation's status costs that gets healthy, or ceases to be.
func BenchmarkStatusEvent(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dx%d", size.municipalities, size.apps), func(b *testing.B) {
			m := nation(size.municipalities, size.apps)
			place := resolution.Place{App: "app00", Environment: "prod"}
			well, ill := installation("m000100", place, before), installation("m000100", place, before)
			ill.Status.Conditions[0].Status = metav1.ConditionFalse
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				m.SetInstallation("m000100", place, []*v1alpha1.AppInstallation{ill, well}[i%2])
				if changed := m.Settle(now); !changed.Groups["digi-tv"] {
					b.Fatal("nobody is woken: it measures nothing")
				}
			}
		})
	}
}

// BenchmarkChangedLabel is what a changed label of one municipality costs, with the plans of its group.
func BenchmarkChangedLabel(b *testing.B) {
	for _, size := range sizes[:3] {
		b.Run(fmt.Sprintf("%dx%d", size.municipalities, size.apps), func(b *testing.B) {
			m := nation(size.municipalities, size.apps)
			in, out := municipality("m000100"), municipality("m000100")
			out.Labels = map[string]string{v1alpha1.LabelCounty: "42"}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				m.SetMunicipality("m000100", []*v1alpha1.Municipality{out, in}[i%2])
				m.Settle(now)
				if len(m.Country().Plan("digi-tv").Introductions) != size.apps {
					b.Fatal("the plan is not the one to measure")
				}
			}
		})
	}
}

// TestAnEventTouchesItsTenantAlone catches what would make an event cost as much as the country
// is large, on the slowest machine: the best of many counts, as others may use it.
func TestAnEventTouchesItsTenantAlone(t *testing.T) {
	best := func(municipalities int) time.Duration {
		m := nation(municipalities, 10)
		place := resolution.Place{App: "app00", Environment: "prod"}
		least := time.Hour
		for i := range 200 {
			one := installation("m000100", place, before)
			one.Status.Conditions[0].Status = []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse}[i%2]
			m.SetInstallation("m000100", place, one)
			began := time.Now()
			m.Settle(now)
			least = min(least, time.Since(began))
		}
		return least
	}
	few, many := best(200), best(4_000)
	if many > 3*few && many > time.Millisecond {
		t.Errorf("an event among 4,000 municipalities took %s, and among 200 %s: it looks at all of them", many, few)
	}
}
