package country_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// everybody is so many municipalities in one network that introduces three apps.
func everybody(size int) country.Objects {
	o := world()
	o.Municipalities, o.Installations = nil, map[string]map[resolution.Place]*v1alpha1.AppInstallation{}
	n := &o.Networks[0]
	n.Spec.Members = v1alpha1.Members{Selector: selector(v1alpha1.LabelCounty, "40")}
	for _, name := range []string{"kobo", "visma"} {
		o.Apps[name] = app(name)
		proposal := n.Spec.Apps[0]
		proposal.Name = name
		n.Spec.Apps = append(n.Spec.Apps, proposal)
		o.Rollouts = append(o.Rollouts, record("digi-tv", "", name, target, 1, v1alpha1.RolloutPending))
	}
	for i := range size {
		name := fmt.Sprintf("m%05d", i)
		o.Municipalities = append(o.Municipalities, municipality(name))
		for _, app := range []string{"svarut", "kobo", "visma"} {
			installApp(app, name, "prod", before, moved("everyone"))(&o)
			installApp(app, name, "test", target, moved("everyone"))(&o)
		}
	}
	return o
}

// BenchmarkCountryPlan is a reconcile of one group when everything was read: compiled, resolved
// and planned.
func BenchmarkCountryPlan(b *testing.B) {
	o := everybody(10_000)
	b.ReportAllocs()
	for b.Loop() {
		country.Compile(o, now).Plan("digi-tv")
	}
}

// BenchmarkCountryPlanResolved is the same where the verdicts are known.
func BenchmarkCountryPlanResolved(b *testing.B) {
	c := country.Compile(everybody(10_000), now)
	c.Plan("digi-tv")
	b.ReportAllocs()
	for b.Loop() {
		c.Plan("digi-tv")
	}
}

// TestPlanGrowsWithTheCountry catches what costs more for each municipality the more there are. It
// compares two sizes on the same machine, as the race detector and other programs slow both down.
func TestPlanGrowsWithTheCountry(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	const few, many, most = 1_000, 10_000, 30
	small, large := planTakes(t, few), planTakes(t, many)
	if large > most*small {
		t.Errorf("a plan for %d municipalities and three apps took %s, and %s for %d: want at most %d times as long", many, large, small, few, most)
	}
}

// planTakes is how long a plan takes for so many municipalities: the best of three counts, as
// others may use the machine.
func planTakes(t *testing.T, size int) time.Duration {
	t.Helper()
	o, best := everybody(size), time.Hour
	for range 3 {
		began := time.Now()
		plan := country.Compile(o, now).Plan("digi-tv")
		best = min(best, time.Since(began))
		if len(plan.Introductions) != 3 || len(plan.Introductions[0].Input.Members) != size {
			t.Fatal("the plan counts not everybody: it measures nothing")
		}
	}
	return best
}
