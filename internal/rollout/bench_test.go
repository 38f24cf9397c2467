package rollout_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/rollout"
)

// country is a rollout of 10,000 members with two environments each, of every kind there is.
func country() rollout.Input {
	in := world(waves(
		wave("pilot", "m00000", "m00001"), wave("early", "m00002"),
		v1alpha1.Wave{Name: "everyone", MaxConcurrent: percent("10%"), MaxFailures: percent("20%")},
	), done("pilot", "early"))
	in.Members = make([]rollout.Member, 0, 10_000)
	for i := range 10_000 {
		m := rollout.Member{Name: fmt.Sprintf("m%05d", i), Labels: map[string]string{"county": fmt.Sprint(i % 15)}}
		kinds := [][]func(*rollout.Member){
			{test(has(before)), prod(has(before))},
			{test(healthy(target, 5*time.Hour), moved("everyone", 6*time.Hour)), prod(healthy(target, 2*time.Hour), moved("everyone", 3*time.Hour))},
			{test(healthy(target, 20*time.Minute), moved("everyone", 25*time.Minute)), prod(has(before))},
			{test(has(before), excused("Held", "held at 2.4.1: year-end")), prod(has(before), excused("Held", "held at 2.4.1: year-end"))},
			{test(unhealthy(target, 10*time.Minute), moved("everyone", 20*time.Minute)), prod(has(before))},
			{test(), prod()},
			{test(has(before)), prod(away("EnvironmentPending", "environment prod is not there yet"))},
			{weekdays, test(has(before)), prod(has(before))},
			{test(has(before), moved("everyone", time.Hour), outcome(v1alpha1.OutcomeReturned, "went back to 2.4.1")), prod(has(before))},
			{suspended, test(has(before)), prod(has(before))},
		}
		for _, detail := range kinds[i%len(kinds)] {
			detail(&m)
		}
		in.Members = append(in.Members, m)
	}
	return in
}

// BenchmarkPlan10000 has a bar: less than 50 ms for a plan.
func BenchmarkPlan10000(b *testing.B) {
	in := country()
	b.ReportAllocs()
	for b.Loop() {
		rollout.Plan(in)
	}
}

// TestPlanIsQuick catches disasters, on the slowest machine: five times the bar. The best of
// three counts, as others may use the machine.
func TestPlanIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	const most = 250 * time.Millisecond
	in, best := country(), time.Hour
	for range 3 {
		began := time.Now()
		step := rollout.Plan(in)
		best = min(best, time.Since(began))
		if len(step.Moves) == 0 {
			t.Fatal("the plan moves nobody: it measures nothing")
		}
	}
	if best > most {
		t.Errorf("a plan for 10,000 members took %s, want less than %s", best, most)
	}
}
