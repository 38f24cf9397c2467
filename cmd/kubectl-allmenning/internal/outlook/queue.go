package outlook

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// Queue is what a rollout waits in whose group carries as many introductions as it may.
type Queue struct {
	// WaitsFor is what it waits for, in the operator's words.
	WaitsFor string `json:"waitsFor"`
	// Behind are the Rollouts that go before it: those under way, and those whose turn is
	// earlier. Sorted.
	Behind []string `json:"behind"`
	// From is when all but the queue lets it begin. When its turn comes is unknown, as
	// that depends on the others, so the times of the group are given as if it came then.
	From time.Time `json:"from"`
}

// queueAt asks the operator's plan of a whole group about the moment at which all else lets
// one introduction begin; nil where it begins then.
func queueAt(c *country.Country, plan []country.Introduction, this int, in planner.Input, from time.Time, q Question) *Queue {
	in = beginning(in, from, q)
	if !planner.Plan(in).Begins {
		return nil // it is under way
	}

	var all []planner.QueueEntry
	at := 0
	for i := range plan {
		if plan[i].Course.Current == nil {
			continue
		}
		one := planner.QueueEntry{Priority: c.Subject(plan[i].Group, plan[i].App).Priority}
		if i == this {
			at, one.Input = len(all), in
		} else {
			one.Input = other(&plan[i], from, q)
		}
		all = append(all, one)
	}

	atOnce := in.Strategy.MaxIntroductions
	step := planner.PlanAll(all, atOnce)[at].Step
	if step.Begins {
		return nil
	}
	return &Queue{WaitsFor: waitsFor(step.Status.Waves), Behind: ahead(all, at, atOnce), From: from}
}

// waitsFor is what the first wave that has to wait waits for.
func waitsFor(waves []v1alpha1.WaveStatus) string {
	for i := range waves {
		if waves[i].WaitsFor != "" {
			return waves[i].WaitsFor
		}
	}
	return ""
}

// beginning is an introduction at the moment at which it may begin.
func beginning(in planner.Input, from time.Time, q Question) planner.Input {
	in.Now = from
	if q.Approved {
		in.Strategy = in.Strategy.WithApprovals()
	}
	return in
}

// other is another introduction of the group at that moment. One that goes on now, and is
// foreseen to take longer, goes on then.
func other(intro *country.Introduction, from time.Time, q Question) planner.Input {
	in := intro.Input
	if !intro.Step.Carried && !intro.Step.Begins {
		in.Now = from
		return in
	}
	completed := planner.Forecast(in, q.assumptions(), from).CompletedAt
	if !completed.IsZero() {
		in.Rollout = in.Rollout.DeepCopy()
		in.Rollout.Status.StartedAt = cmp.Or(intro.Step.Status.StartedAt, new(metav1.NewTime(in.Now))) // where it begins with this step
		in.Rollout.Status.CompletedAt = new(metav1.NewTime(completed))
	}
	return in
}

// ahead are the Rollouts that a group carries by the time at which it takes up one of them:
// it may carry more and more, until it does.
func ahead(all []planner.QueueEntry, at, atOnce int) []string {
	var names []string
	for more := atOnce + 1; more <= len(all); more++ {
		steps := planner.PlanAll(all, more)
		if !steps[at].Step.Begins {
			continue
		}
		for i := range steps {
			if i != at && (steps[i].Step.Carried || steps[i].Step.Begins) {
				names = append(names, all[i].Rollout.Name)
			}
		}
		break
	}
	slices.Sort(names)
	return names
}
