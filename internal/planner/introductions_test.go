package planner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// introduction of an app to a group of one, whose state the changes set.
func introduction(app string, priority int32, changes ...change) planner.QueueEntry {
	in := world(append([]change{waves(wave("all")), member("vinje")}, changes...)...)
	in.Rollout.Spec.App = app
	return planner.QueueEntry{Input: in, Priority: priority}
}

// nobody clears the members, so that others take their place.
func nobody(in *planner.Input) { in.Members = nil }

func TestPlanAll(t *testing.T) {
	carried := func(app string) planner.QueueEntry {
		return introduction(app, 0, nobody, member("vinje", prod(unseen(target), moved("all", time.Minute))))
	}
	halted := func(app string) planner.QueueEntry {
		return introduction(app, 0, nobody, member("vinje", returned("all")))
	}
	finished := func(app string) planner.QueueEntry {
		return introduction(app, 0, nobody, completed, done("all"), member("vinje", verified("all")))
	}
	stands := func(app string) planner.QueueEntry {
		return introduction(app, 0, nobody, member("vinje", test(healthy(target, 2*time.Hour), moved("all", 3*time.Hour)), prod(has(before), away(v1alpha1.ReasonRequiredAppMissing, "requires a"))))
	}
	stopped := func(g planner.Gates) planner.QueueEntry {
		intro := carried("z")
		intro.Gates = g
		return intro
	}
	emergency := func(in *planner.Input) { in.SecurityFix = true }
	cases := []struct {
		reason string
		all    []planner.QueueEntry
		atOnce int
		begin  string
		number map[string]string
	}{
		{"all may at once", []planner.QueueEntry{introduction("a", 0), introduction("b", 0)}, 2, "a b", nil},
		{"by name, where priorities are equal", []planner.QueueEntry{introduction("b", 0), introduction("a", 0), introduction("c", 0)}, 1, "a", map[string]string{"b": "number 1 in the queue", "c": "number 2 in the queue"}},
		{"the greater priority goes first", []planner.QueueEntry{introduction("a", 0), introduction("b", 5)}, 1, "b", map[string]string{"a": "number 1 in the queue"}},
		{"a security fix goes before all", []planner.QueueEntry{introduction("a", 9), introduction("z", 0, emergency)}, 1, "z", map[string]string{"a": "number 1 in the queue"}},
		{"one that is carried holds its place", []planner.QueueEntry{carried("z"), introduction("a", 0)}, 1, "", map[string]string{"a": "carries at most 1 at once (rollout.maxIntroductions): z; this one is number 1 in the queue"}},
		{"and leaves the others theirs", []planner.QueueEntry{carried("z"), introduction("a", 0), introduction("b", 0)}, 2, "a", nil},
		{"nor does a security fix wait for one that is carried", []planner.QueueEntry{carried("z"), introduction("a", 0, emergency), introduction("b", 0)}, 1, "a", map[string]string{"b": "z, a; this one is number 1"}},
		{"one whose next members are away holds no place: they may be waiting for this", []planner.QueueEntry{stands("z"), introduction("a", 0)}, 1, "a", nil},
		{"one that is halted holds no place", []planner.QueueEntry{halted("z"), introduction("a", 0)}, 1, "a", nil},
		{"one whose app is suspended holds no place", []planner.QueueEntry{stopped(planner.Gates{Suspended: "SharedApp z is suspended"}), introduction("a", 0)}, 1, "a", nil},
		{"nor does one whose app is paused", []planner.QueueEntry{stopped(planner.Gates{Paused: "SharedApp z is paused"}), introduction("a", 0)}, 1, "a", nil},
		{"nor one whose version can't be had", []planner.QueueEntry{stopped(planner.Gates{Unavailable: "it is to be fetched again"}), introduction("a", 0)}, 1, "a", nil},
		{"nor one whose strategy is to be fixed", []planner.QueueEntry{stopped(planner.Gates{Fault: "the strategy to be fixed"}), introduction("a", 0)}, 1, "a", nil},
		{"one that is completed holds no place", []planner.QueueEntry{finished("z"), introduction("a", 0)}, 1, "a", nil},
		{"one that could not begin anyway holds no place", []planner.QueueEntry{introduction("a", 0, gates(planner.Gates{Paused: "paused"})), introduction("b", 0)}, 1, "b", nil},
		{"more are carried than may: nobody begins, nobody stops", []planner.QueueEntry{carried("x"), carried("y"), introduction("a", 0)}, 1, "", map[string]string{"a": "number 1 in the queue"}},
		{"none", nil, 1, "", nil},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			steps := planner.PlanAll(c.all, c.atOnce)
			var begin []string
			for i, step := range steps {
				app := c.all[i].Rollout.Spec.App
				if step.Step.Begins {
					begin = append(begin, app)
				}
				if want := c.number[app]; want != "" {
					mentions(t, c.reason, step.Step.Status.Next, want)
				}
			}
			diff(t, c.reason, "those that begin", strings.Join(begin, " "), c.begin)
		})
	}
}

// A move records when it was made, not when its plan was made for a place in the queue.
func TestWhoLeavesTheQueueBeginsThen(t *testing.T) {
	first, second := introduction("a", 5), introduction("b", 0)
	second.Planned = planner.PlanAll([]planner.QueueEntry{first, second}, 1)[1]
	if second.Planned.Step.Begins {
		t.Fatal("the second begins at once: it was to wait in the queue")
	}

	second.Now = now.Add(6 * time.Hour)
	step := planner.PlanAll([]planner.QueueEntry{second}, 1)[0].Step
	if len(step.Moves) == 0 || !step.Moves[0].Stamp.MovedAt.Time.Equal(second.Now) {
		t.Errorf("it makes the moves %+v, want some at %s", step.Moves, second.Now)
	}
}
