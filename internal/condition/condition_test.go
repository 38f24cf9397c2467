package condition_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

var (
	monday  = metav1.NewTime(time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC))
	tuesday = metav1.NewTime(time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC))
)

func TestOf(t *testing.T) {
	ready := condition.Outcome{State: condition.Ready, Reason: "Ready", Message: "2 of 2"}
	stalled := condition.Outcome{State: condition.Stalled, Reason: "InvalidSpec", Message: "fix it"}
	working := condition.Outcome{State: condition.Progressing, Reason: "Progressing", Message: "0 of 2"}
	cases := []struct {
		reason   string
		previous []metav1.Condition
		outcome  condition.Outcome
		want     []string
	}{
		{
			reason:  "a first visit has Ready and, while at work, Reconciling",
			outcome: working,
			want:    []string{"Ready=False g3 2026-11-03", "Reconciling=True g3 2026-11-03"},
		},
		{
			reason:   "Reconciling goes when the work is done",
			previous: condition.Of(nil, working, 2, monday),
			outcome:  ready,
			want:     []string{"Ready=True g3 2026-11-03"},
		},
		{
			reason:   "what stays as it was keeps its time and gets the new generation",
			previous: condition.Of(nil, ready, 2, monday),
			outcome:  ready,
			want:     []string{"Ready=True g3 2026-11-02"},
		},
		{
			reason:   "Stalled takes the place of Reconciling",
			previous: condition.Of(nil, working, 2, monday),
			outcome:  stalled,
			want:     []string{"Ready=False g3 2026-11-02", "Stalled=True g3 2026-11-03"},
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			var got []string
			for _, c := range condition.Of(tc.previous, tc.outcome, 3, tuesday) {
				if c.ObservedGeneration != 3 {
					t.Errorf("%s speaks of generation %d, want 3", c.Type, c.ObservedGeneration)
				}
				got = append(got, c.Type+"="+string(c.Status)+" g3 "+c.LastTransitionTime.Format(time.DateOnly))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSuspendedKeepsWhatReadySaid(t *testing.T) {
	before := condition.Of(nil, condition.Outcome{State: condition.Ready, Reason: "Ready", Message: "fine"}, 1, monday)
	after := condition.Suspended(before, 2, tuesday)
	if len(after) != 2 || after[0].Type != v1alpha1.ConditionReady || after[0].ObservedGeneration != 1 {
		t.Errorf("a suspended object must not claim that its new generation is ready: %+v", after)
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	long := condition.Outcome{State: condition.Stalled, Reason: "InvalidSpec", Message: strings.Repeat("å", 4000)}
	for _, c := range condition.Of(nil, long, 1, monday) {
		if len(c.Message) > 1024 {
			t.Errorf("%s has a message of %d bytes, want at most 1024", c.Type, len(c.Message))
		}
	}
}

func TestWorst(t *testing.T) {
	retry := condition.Outcome{State: condition.Retrying, Message: "again"}
	stall := condition.Outcome{State: condition.Stalled, Message: "fix it"}
	if got := condition.Worst("all ready", retry, stall, retry); got.Message != "fix it" {
		t.Errorf("Worst = %q, want the stalled one", got.Message)
	}
	if got := condition.Worst("all ready"); got.State != condition.Ready || got.Message != "all ready" {
		t.Errorf("Worst of nothing = %+v, want ready", got)
	}
}

func TestEvents(t *testing.T) {
	of := func(state condition.State, message string) []metav1.Condition {
		return condition.Of(nil, condition.Outcome{State: state, Reason: "R", Message: message}, 1, monday)
	}
	after := func(previous []metav1.Condition, state condition.State) []metav1.Condition {
		return condition.Of(previous, condition.Outcome{State: state, Reason: "R"}, 1, monday)
	}
	cases := []struct {
		reason         string
		previous, next []metav1.Condition
		want           []condition.Event
	}{
		{"a first Ready is no event", nil, of(condition.Ready, ""), nil},
		{"stalling warns", of(condition.Ready, ""), of(condition.Stalled, "x"), []condition.Event{{"Warning", "R", "x"}}},
		{"the same fault is no news", of(condition.Stalled, "x"), of(condition.Stalled, "x"), nil},
		{"another fault is", of(condition.Stalled, "x"), of(condition.Stalled, "y"), []condition.Event{{"Warning", "R", "y"}}},
		{"so is that it is ready again", of(condition.Stalled, "x"), of(condition.Ready, ""), []condition.Event{{"Normal", "Recovered", "ready again after: x"}}},
		{"work after a fault is not ready yet", of(condition.Stalled, "x"), after(of(condition.Stalled, "x"), condition.Progressing), nil},
		{"ready after that work is news", after(of(condition.Stalled, "x"), condition.Progressing), of(condition.Ready, ""), []condition.Event{{"Normal", "Recovered", "ready again"}}},
		{"also where it was tried again in between", after(after(of(condition.Stalled, "x"), condition.Progressing), condition.Retrying), of(condition.Ready, ""),
			[]condition.Event{{"Normal", "Recovered", "ready again"}}},
		{"ready after work without a fault is none", of(condition.Progressing, ""), of(condition.Ready, ""), nil},
		{"nor is it once more", after(after(of(condition.Stalled, "x"), condition.Progressing), condition.Ready), of(condition.Ready, ""), nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, condition.Events(tc.previous, tc.next)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOwn(t *testing.T) {
	all := []metav1.Condition{{Type: v1alpha1.ConditionReady}, {Type: v1alpha1.ConditionAppsReady}, {Type: "Other"}}
	own := condition.Own(all)
	if len(own) != 2 || own[0].Type != "Other" || own[1].Type != v1alpha1.ConditionReady {
		t.Errorf("own are %v, want Other and Ready, by type", own)
	}
	if all[1].Type != v1alpha1.ConditionAppsReady {
		t.Error("the status that was read is changed")
	}
}
