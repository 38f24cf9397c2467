package rollout

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/planner"
)

var now = time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC)

func TestProgress(t *testing.T) {
	cases := []struct {
		reason  string
		phase   v1alpha1.RolloutPhase
		details string
		// true lists the conditions that are True.
		true    string
		message string
	}{
		{"one that waits is at work", v1alpha1.RolloutPending, "", "Reconciling", "next"},
		{"so is one under way, and it says how to go on", v1alpha1.RolloutProgressing, "add an approval", "Reconciling", "next; add an approval"},
		{"one that was halted waits for a person", v1alpha1.RolloutHalted, "promote another", "Stalled", "next; promote another"},
		{"one that completed is ready", v1alpha1.RolloutCompleted, "", "Ready", "next"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			live := &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Generation: 3}}
			got := progress(live, planner.Step{Status: v1alpha1.RolloutStatus{Phase: tc.phase, Next: "next"}, Details: tc.details}, now)
			if is := trueOnes(got.Conditions); is != tc.true {
				t.Errorf("True are %q, want %q", is, tc.true)
			}
			ready := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionReady)
			if ready == nil || ready.Message != tc.message || ready.ObservedGeneration != 3 || ready.Reason != string(tc.phase) {
				t.Errorf("Ready = %+v, want message %q of generation 3", ready, tc.message)
			}
		})
	}
}

func TestEnded(t *testing.T) {
	live := &v1alpha1.Rollout{Status: v1alpha1.RolloutStatus{
		Phase: v1alpha1.RolloutHalted, Verified: 4, Failed: 2, Next: "halted",
		Waves:      []v1alpha1.WaveStatus{{Name: "pilot", State: v1alpha1.WaveHalted, WaitsFor: "somebody"}},
		Conditions: []metav1.Condition{{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue}},
	}}
	got := ended(planner.Ending{Rollout: live, Phase: v1alpha1.RolloutSuperseded, Message: "2.5.1 took its place"}, now)
	if is := trueOnes(got.Conditions); is != "" {
		t.Errorf("True are %q, want none: nobody has to do anything about a record", is)
	}
	if got.Phase != v1alpha1.RolloutSuperseded || got.Next != "2.5.1 took its place" || got.Verified != 4 || got.Failed != 2 || got.Waves[0].WaitsFor != "" {
		t.Errorf("status = %+v, want what it came to, and nothing that it waits for", got)
	}
	if live.Status.Phase != v1alpha1.RolloutHalted || live.Status.Waves[0].WaitsFor == "" {
		t.Error("the Rollout in the cache was changed")
	}
}

func trueOnes(conditions []metav1.Condition) string {
	var all []string
	for _, c := range conditions {
		if c.Status == metav1.ConditionTrue {
			all = append(all, c.Type)
		}
	}
	return strings.Join(all, " ")
}

// What somebody may act upon, and what the plan remembers, is written at once.
func TestCountsAlone(t *testing.T) {
	status := func(change ...func(*v1alpha1.RolloutStatus)) v1alpha1.RolloutStatus {
		s := v1alpha1.RolloutStatus{
			Phase: v1alpha1.RolloutProgressing, Wave: "everyone", Progress: "9/40", Members: 42, Verified: 9, Moving: 3, Waiting: 20, Away: 8, Excused: 2,
			Next:     "wave everyone: 9/40 verified, 3 moving",
			Waves:    []v1alpha1.WaveStatus{{Name: "everyone", State: v1alpha1.WaveRunning, Members: 42, Verified: 9, Moving: 3, Waiting: 20, Away: 8}},
			OnTheWay: []v1alpha1.MemberNote{{Name: "tokke"}},
		}
		for _, c := range change {
			c(&s)
		}
		s.Conditions = condition.Of(nil, condition.Outcome{State: condition.Progressing, Reason: string(s.Phase), Message: s.Next}, 1, metav1.Time{})
		return s
	}
	cases := []struct {
		reason string
		next   v1alpha1.RolloutStatus
		want   bool
	}{
		{"two more are verified", status(func(s *v1alpha1.RolloutStatus) {
			s.Progress, s.Verified, s.Moving, s.Next, s.OnTheWay = "11/40", 11, 1, "wave everyone: 11/40 verified, 1 moving", nil
			s.Waves[0].Verified, s.Waves[0].Moving = 11, 1
		}), true},
		{"one that was away came back", status(func(s *v1alpha1.RolloutStatus) {
			s.Waiting, s.Away, s.Waves[0].Waiting, s.Waves[0].Away = 21, 7, 21, 7
		}), true},
		{"one failed", status(func(s *v1alpha1.RolloutStatus) {
			s.Failed, s.FailedMembers, s.Waves[0].Failed = 1, []v1alpha1.MemberNote{{Name: "tokke"}}, 1
		}), false},
		{"it waits for something else", status(func(s *v1alpha1.RolloutStatus) { s.Next = "frozen" }), false},
		{"a wave that waits", status(func(s *v1alpha1.RolloutStatus) { s.Waves[0].WaitsFor = "an approval" }), false},
		{"a wave that is done", status(func(s *v1alpha1.RolloutStatus) { s.Waves[0].State = v1alpha1.WaveDone }), false},
		{"another phase", status(func(s *v1alpha1.RolloutStatus) { s.Phase = v1alpha1.RolloutHalted }), false},
		{"it began", status(func(s *v1alpha1.RolloutStatus) { s.StartedAt = &metav1.Time{} }), false},
		{"somebody is remembered", status(func(s *v1alpha1.RolloutStatus) { s.Memory = []v1alpha1.MemberMemory{{Name: "tokke"}} }), false},
		{"a lost status", v1alpha1.RolloutStatus{}, false},
	}
	for _, c := range cases {
		if got := counts(status(), c.next); got != c.want {
			t.Errorf("%s: counts alone is %v, want %v", c.reason, got, c.want)
		}
	}
}

func TestSooner(t *testing.T) {
	for _, c := range []struct{ a, b, want time.Duration }{{0, 0, 0}, {0, 2, 2}, {3, 0, 3}, {3, 2, 2}} {
		if got := sooner(c.a, c.b); got != c.want {
			t.Errorf("sooner of %v and %v is %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
