package planner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// country is a rollout of many members with two environments each, of every kind there is.
func country(size int) planner.Input {
	in := world(waves(
		wave("pilot", "m0000000", "m0000001"), wave("early", "m0000002"),
		v1alpha1.Wave{Name: "everyone", MaxConcurrent: percent("10%"), MaxFailures: percent("20%")},
	), done("pilot", "early"))
	in.Members = make([]planner.Member, 0, size)
	kinds := [][]func(*planner.Member){
		{test(has(before)), prod(has(before))},
		{test(healthy(target, 5*time.Hour), moved("everyone", 6*time.Hour)), prod(healthy(target, 2*time.Hour), moved("everyone", 3*time.Hour))},
		{test(healthy(target, 20*time.Minute), moved("everyone", 25*time.Minute)), prod(has(before))},
		{test(has(before), excused("Held", "held at 2.4.1: year-end")), prod(has(before), excused("Held", "held at 2.4.1: year-end"))},
		{test(unhealthy(target, 10*time.Minute), moved("everyone", 20*time.Minute)), prod(has(before))},
		{test(), prod()},
		{test(has(before)), prod(away(v1alpha1.ReasonEnvironmentNotReady, "environment prod is not ready"))},
		{weekdays, test(has(before)), prod(has(before))},
		{test(has(before), moved("everyone", time.Hour), outcome(v1alpha1.OutcomeReturned, "returned to 2.4.1")), prod(has(before))},
		{suspended, test(has(before)), prod(has(before))},
	}
	for i := range size {
		m := planner.Member{Name: fmt.Sprintf("m%07d", i), Labels: map[string]string{"county": fmt.Sprint(i % 15)}}
		for _, detail := range kinds[i%len(kinds)] {
			detail(&m)
		}
		in.Members = append(in.Members, m)
	}
	return in
}

// BenchmarkPlan has bars: less than 50 ms for a plan of 10,000 members, and less than 1 s for
// one of 1,000,000.
func BenchmarkPlan(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			in := country(size)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				planner.Plan(in)
			}
		})
	}
}

// TestManyAreCountedAsFew shows that members who are shared out among the processors are counted as
// those who are not: there are as many of each kind in every ten.
func TestManyAreCountedAsFew(t *testing.T) {
	more := func(size int) counts { // who comes with the second half
		half, all := country(size/2), country(size)
		half.Gates.Frozen, all.Gates.Frozen = "frozen", "frozen"
		a, b := countsOf(planner.Plan(half).Status), countsOf(planner.Plan(all).Status)
		return counts{b.Waiting - a.Waiting, b.Away - a.Away, b.Moving - a.Moving, b.Verified - a.Verified, b.Failed - a.Failed, b.Excused - a.Excused}
	}
	few, many := more(1_000), more(50_000)
	diff(t, "fifty times as many of each kind", "counts", many, counts{50 * few.Waiting, 50 * few.Away, 50 * few.Moving, 50 * few.Verified, 50 * few.Failed, 50 * few.Excused})
}

// TestPlanIsQuick catches disasters, on the slowest machine: five times the bar. The best of
// three counts, as others may use the machine.
func TestPlanIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	const most = 250 * time.Millisecond
	in, best := country(10_000), time.Hour
	for range 3 {
		began := time.Now()
		step := planner.Plan(in)
		best = min(best, time.Since(began))
		if len(step.Moves) == 0 {
			t.Fatal("the plan moves nobody: it measures nothing")
		}
	}
	if best > most {
		t.Errorf("a plan for 10,000 members took %s, want less than %s", best, most)
	}
}
