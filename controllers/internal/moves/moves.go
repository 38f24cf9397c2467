// Package moves says what became of the version of an installation: in a line of the log, with the keys
// that docs/operations.md lists, and where a version failed in an event of the installation. Who writes
// a move reports it here, be it a rollout's or a municipality's own.
package moves

import (
	"context"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// The lines of the log.
const (
	Moved    = "moved"
	Returned = "returned"
	Stuck    = "stuck"
	Refused  = "refused"
)

// Written reports that an AppInstallation was written as was wanted, which may have moved nothing. Live is
// what was there before; nil where nothing was. It returns the line of the log; empty where there is none.
// That a version moves is in the installation's spec: an event as well would double what a step costs.
func Written(ctx context.Context, recorder events.EventRecorder, controller string, live, want *v1alpha1.AppInstallation) string {
	line := lineOf(live, want)
	if line == "" {
		return ""
	}
	why := want.Annotations[v1alpha1.AnnotationFailure]
	if line == Moved {
		why = ""
	}
	log(ctx, line, live, want, why)
	if live != nil && line != Moved {
		recorder.Eventf(live, nil, "Warning", string(outcomeOf(want)), controller, "%s", why)
	}
	return line
}

// RefusedForGood reports that the API server refuses for good what was wanted, and why.
func RefusedForGood(ctx context.Context, live, want *v1alpha1.AppInstallation, why string) {
	log(ctx, Refused, live, want, why)
}

func log(ctx context.Context, line string, live, want *v1alpha1.AppInstallation, why string) {
	from, move := "", v1alpha1.Move{}
	if live != nil {
		from = live.Spec.Version
	}
	if want.Spec.Move != nil {
		move = *want.Spec.Move
	}
	ctrl.LoggerFrom(ctx).Info(line,
		"rollout", move.Rollout, "network", move.Network, "channel", move.Channel, "app", want.Spec.App, "version", move.Target.Version, "attempt", move.Attempt,
		"municipality", want.Spec.Tenant.Municipality, "environment", want.Spec.Tenant.Environment, "wave", move.Wave,
		"from", from, "to", want.Spec.Version, "why", why)
}

// lineOf is the line for what a write changes of the version; empty where that is nothing.
func lineOf(live, want *v1alpha1.AppInstallation) string {
	outcome := outcomeOf(want)
	failed := outcome != "" && (live == nil || outcomeOf(live) != outcome || !sameMove(live, want))
	switch {
	case want.Spec.State == v1alpha1.InstallationAbsent:
		return ""
	case failed && outcome == v1alpha1.OutcomeReturned:
		return Returned
	case failed && outcome == v1alpha1.OutcomeStuck:
		return Stuck
	case live == nil, live.Spec.Version != want.Spec.Version, !sameMove(live, want):
		return Moved
	}
	return ""
}

// sameMove says whether two states of an installation are of one move.
func sameMove(a, b *v1alpha1.AppInstallation) bool {
	if a.Spec.Move == nil || b.Spec.Move == nil {
		return a.Spec.Move == b.Spec.Move
	}
	return a.Spec.Move.Rollout == b.Spec.Move.Rollout && a.Spec.Move.MovedAt.Equal(&b.Spec.Move.MovedAt)
}

func outcomeOf(i *v1alpha1.AppInstallation) v1alpha1.MoveOutcome {
	if i.Spec.Move == nil {
		return ""
	}
	return i.Spec.Move.Outcome
}
