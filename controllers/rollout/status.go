package rollout

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// report is what the Rollouts of an introduction come to.
type report struct {
	// ended are the statuses of those that end, as the course has them.
	ended []v1alpha1.RolloutStatus
	// current is that of the one that goes on; zero where there is none.
	current v1alpha1.RolloutStatus
}

// status is what the Rollouts of a group come to by a plan, in the order of its introductions.
func status(todo country.GroupPlan, now time.Time) []report {
	all := make([]report, len(todo.Introductions))
	for i := range todo.Introductions {
		intro := &todo.Introductions[i]
		for _, e := range intro.Course.End {
			all[i].ended = append(all[i].ended, ended(e, now))
		}
		if live := intro.Course.Current; live != nil {
			all[i].current = progress(live, intro.Step, now)
		}
	}
	return all
}

// progress is the status of a Rollout after a step, with its conditions.
func progress(live *v1alpha1.Rollout, step planner.Step, now time.Time) v1alpha1.RolloutStatus {
	next := step.Status
	outcome := condition.Outcome{State: condition.Progressing, Reason: string(next.Phase), Message: next.Next}
	if step.Details != "" {
		outcome.Message += "; " + step.Details
	}
	switch next.Phase {
	case v1alpha1.RolloutCompleted:
		outcome.State = condition.Ready
	case v1alpha1.RolloutHalted:
		outcome.State = condition.Stalled
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutSuperseded, v1alpha1.RolloutWithdrawn:
	}
	next.Conditions = condition.Of(live.Status.Conditions, outcome, live.Generation, stamp(now))
	return next
}

// ended is the status of a Rollout that ends before it completed. It will not get Ready,
// and nobody has to do anything about it.
func ended(e planner.Ending, now time.Time) v1alpha1.RolloutStatus {
	next := planner.End(e)
	outcome := condition.Outcome{Reason: string(next.Phase), Message: next.Next}
	next.Conditions = condition.Ended(e.Rollout.Status.Conditions, outcome, e.Rollout.Generation, stamp(now))
	return next
}

// counts says whether two statuses differ only in how many members have come how far: that may
// wait. A phase, a wave, a failure or what is waited for may not, nor what the plan remembers.
func counts(live, next v1alpha1.RolloutStatus) bool {
	return equality.Semantic.DeepEqual(uncounted(live), uncounted(next))
}

func uncounted(s v1alpha1.RolloutStatus) v1alpha1.RolloutStatus {
	s.Verified, s.Moving, s.Waiting, s.Away, s.Progress, s.OnTheWay, s.NextAt = 0, 0, 0, 0, "", nil, nil
	s.Next = strings.Map(withoutDigits, s.Next)
	s.Waves = slices.Clone(s.Waves)
	for i := range s.Waves {
		s.Waves[i].Verified, s.Waves[i].Moving, s.Waves[i].Waiting, s.Waves[i].Away = 0, 0, 0, 0
	}
	s.Conditions = slices.Clone(s.Conditions)
	for i := range s.Conditions {
		s.Conditions[i].Message = "" // it is made of next
	}
	return s
}

// withoutDigits drops, for strings.Map, what a count changes in a sentence.
func withoutDigits(r rune) rune {
	if unicode.IsDigit(r) {
		return -1
	}
	return r
}

func stamp(now time.Time) metav1.Time { return metav1.NewTime(now).Rfc3339Copy() }
