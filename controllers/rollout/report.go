package rollout

import (
	"context"
	"slices"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/rollout"
)

// The lines of the log that docs/operations.md lists; each is written once for what it names.
const (
	logMoved     = "moved"
	logReturned  = "returned"
	logStuck     = "stuck"
	logApproved  = "approved"
	logCompleted = "completed"
	logHalted    = "halted"
	logEnded     = "ended"
)

// reportMove logs a move that was written. A failure is an event, too, for whoever describes the
// installation; that it moves is in its spec, and an event as well would double what a step costs.
func (r *Reconciler) reportMove(ctx context.Context, intro country.Introduction, live *v1alpha1.AppInstallation, move rollout.Move) {
	line := map[rollout.Kind]string{
		rollout.Advance: logMoved, rollout.CatchUp: logMoved, rollout.Return: logReturned, rollout.Hold: logStuck,
	}[move.Kind]
	from := ""
	if live != nil {
		from = live.Spec.Version
	}
	ofRollout(ctx, intro.Course.Current).Info(line,
		"municipality", move.Municipality, "environment", move.Environment, "wave", move.Stamp.Wave, "from", from, "to", move.To.Version, "why", move.Stamp.Message)
	if live != nil && move.Stamp.Outcome != "" {
		r.Events.Eventf(live, nil, "Warning", string(move.Stamp.Outcome), "Rollout", "%s", move.Stamp.Message)
	}
}

// reportStatus makes events and lines of the log of what changed in the status of a Rollout.
func (r *Reconciler) reportStatus(ctx context.Context, live *v1alpha1.Rollout, next v1alpha1.RolloutStatus) {
	log := ofRollout(ctx, live)
	for _, wave := range approved(live.Status, next) {
		log.Info(logApproved, "wave", wave)
	}
	for _, e := range condition.Events(live.Status.Conditions, next.Conditions) {
		r.Events.Eventf(live, nil, e.Type, e.Reason, "Rollout", "%s", e.Message)
	}
	if next.Phase == live.Status.Phase {
		return
	}

	if line := lineOf(next.Phase); line != "" {
		log.Info(line, "wave", next.Wave, "progress", next.Progress, "failed", next.Failed, "why", next.Next)
	}
	if next.Phase != v1alpha1.RolloutPending && next.Phase != v1alpha1.RolloutHalted {
		r.Events.Eventf(live, nil, "Normal", string(next.Phase), "Rollout", "%s", next.Next)
	}
}

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

// ofRollout is the log with the keys that each line about a Rollout has.
func ofRollout(ctx context.Context, r *v1alpha1.Rollout) logr.Logger {
	spec := r.Spec
	return ctrl.LoggerFrom(ctx).WithValues("rollout", r.Name, "network", spec.Network, "channel", spec.Channel, "app", spec.App,
		"version", spec.Version, "attempt", spec.Attempt)
}
