package rollout

import (
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// The lines of the log for a Rollout, which docs/operations.md lists; those for a move are in package moves.
const (
	logApproved  = "approved"
	logCompleted = "completed"
	logHalted    = "halted"
	logEnded     = "ended"
)

// lineOf is the line of the log for a phase that a Rollout comes to; empty where there is none.
func lineOf(phase v1alpha1.RolloutPhase) string {
	switch phase {
	case v1alpha1.RolloutCompleted:
		return logCompleted
	case v1alpha1.RolloutHalted:
		return logHalted
	case v1alpha1.RolloutSuperseded, v1alpha1.RolloutWithdrawn:
		return logEnded
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing:
	}
	return ""
}

// approved are the waves that are approved now and were not before, in order.
func approved(live, next v1alpha1.RolloutStatus) []string {
	var waves []string
	for _, w := range next.Waves {
		before := slices.ContainsFunc(live.Waves, func(b v1alpha1.WaveStatus) bool { return b.Name == w.Name && b.Approval == v1alpha1.ApprovalGiven })
		if w.Approval == v1alpha1.ApprovalGiven && !before {
			waves = append(waves, w.Name)
		}
	}
	return waves
}
