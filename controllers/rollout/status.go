package rollout

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/rollout"
)

// progress is the status of a Rollout after a step, with its conditions.
func progress(live *v1alpha1.Rollout, step rollout.Step, now time.Time) v1alpha1.RolloutStatus {
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
func ended(e rollout.Ending, now time.Time) v1alpha1.RolloutStatus {
	next := rollout.End(e)
	outcome := condition.Outcome{Reason: string(next.Phase), Message: next.Next}
	next.Conditions = condition.Ended(e.Rollout.Status.Conditions, outcome, e.Rollout.Generation, stamp(now))
	return next
}

func stamp(now time.Time) metav1.Time { return metav1.NewTime(now).Rfc3339Copy() }
