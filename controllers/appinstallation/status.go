package appinstallation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/internal/condition"
)

const (
	historyLength = 10
	// keptLength is how many kept objects a status names.
	keptLength = 50
)

// status tells what came of a reconcile.
func status(seen observed, todo planned, done applied, now time.Time) (v1alpha1.AppInstallationStatus, condition.Outcome) {
	i := &seen.installation
	stamp := metav1.NewTime(now).Rfc3339Copy()
	next := *i.Status.DeepCopy()
	if todo.suspended {
		next.Conditions = condition.Suspended(i.Status.Conditions, i.Generation, stamp)
		return next, condition.Outcome{State: condition.Ready}
	}
	next.ObservedGeneration = i.Generation
	outcome := outcomeOf(seen, todo, done)
	if todo.outcome == nil && done.failed == nil {
		next.LastHandledReconcileAt = i.Annotations[v1alpha1.AnnotationReconcile]
	}
	if todo.outcome == nil {
		next.Inventory = nextInventory(seen, todo, done)
		next.Kept = nil
		for _, name := range todo.kept[:min(len(todo.kept), keptLength)] {
			next.Kept = append(next.Kept, name.String())
		}
		if done.failed == nil {
			recordVersion(&next, i, stamp)
		}
	}
	next.HealthySince = healthySince(i.Status, next, outcome, stamp)
	next.LongestHealthy = longestHealthy(i.Status, next, stamp)
	next.Conditions = condition.Of(i.Status.Conditions, outcome, i.Generation, stamp)
	return next, outcome
}

// recordVersion notes that all objects of a version were applied.
func recordVersion(next *v1alpha1.AppInstallationStatus, i *v1alpha1.AppInstallation, stamp metav1.Time) {
	if i.Spec.State == v1alpha1.InstallationAbsent {
		next.AppliedVersion, next.AppliedDigest = "", ""
		return
	}
	if next.AppliedDigest != i.Spec.Digest || next.AppliedVersion != i.Spec.Version {
		entry := v1alpha1.InstalledVersion{Version: i.Spec.Version, Digest: i.Spec.Digest, AppliedAt: stamp}
		next.History = append([]v1alpha1.InstalledVersion{entry}, next.History...)
		next.History = next.History[:min(len(next.History), historyLength)]
	}
	next.AppliedVersion, next.AppliedDigest = i.Spec.Version, i.Spec.Digest
}

// healthySince is when the applied digest became healthy; nil while it is not.
func healthySince(before, next v1alpha1.AppInstallationStatus, outcome condition.Outcome, stamp metav1.Time) *metav1.Time {
	switch {
	case outcome.State != condition.Ready || next.AppliedDigest == "":
		return nil
	case before.HealthySince != nil && before.AppliedDigest == next.AppliedDigest:
		return before.HealthySince
	}
	return &stamp
}

// longestHealthy is how long the applied digest was healthy on end, before the last fault.
func longestHealthy(before, next v1alpha1.AppInstallationStatus, stamp metav1.Time) *metav1.Duration {
	switch {
	case before.AppliedDigest != next.AppliedDigest || before.AppliedVersion != next.AppliedVersion:
		return nil
	case before.HealthySince == nil || next.HealthySince != nil:
		return before.LongestHealthy
	}
	lasted := stamp.Sub(before.HealthySince.Time)
	if before.LongestHealthy != nil {
		lasted = max(lasted, before.LongestHealthy.Duration)
	}
	return &metav1.Duration{Duration: lasted}
}

// nextInventory lists the objects of the installation with their hashes: new ones for
// what was sent, the earlier ones for what was not, and those that are still to go.
func nextInventory(seen observed, todo planned, done applied) []v1alpha1.InstalledObject {
	known := inventory(&seen.installation)
	var all []v1alpha1.InstalledObject
	for _, o := range todo.objects {
		entry, ok := known[o.ref]
		if live := done.live[o.ref]; done.sent[o.ref] {
			entry = v1alpha1.InstalledObject{
				APIVersion: o.desired.GetAPIVersion(), Kind: o.Kind, Name: o.Name,
				UID: string(live.GetUID()), Sent: o.sent, Owned: apply.OwnedHash(live),
			}
		} else if !ok {
			continue
		}
		all = append(all, entry)
	}
	for _, o := range todo.prune {
		all = append(all, v1alpha1.InstalledObject{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Name: o.GetName(), UID: string(o.GetUID())})
	}
	return all
}

// outcomeOf weighs what a person must know: what keeps the app from being applied,
// then what went wrong, then what is not well.
func outcomeOf(seen observed, todo planned, done applied) condition.Outcome {
	i := &seen.installation
	switch {
	case todo.outcome != nil:
		return *todo.outcome
	case done.failed != nil:
		return failure(i, *done.failed)
	case i.Spec.State == v1alpha1.InstallationAbsent:
		return uninstallOutcome(i, todo)
	}
	outcome := healthOf(i, todo, done)
	if gone := dependencyGone(seen); outcome.State == condition.Ready && gone != nil {
		return *gone
	}
	return outcome
}

func uninstallOutcome(i *v1alpha1.AppInstallation, todo planned) condition.Outcome {
	switch {
	case todo.draining || len(todo.prune) > 0:
		return *progressing(v1alpha1.ReasonUninstalling, i.Spec.App+" is being uninstalled: its pods are ending")
	case len(todo.kept) > 0:
		return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonUninstalled, Message: fmt.Sprintf("uninstalled; kept are %d objects that may hold data", len(todo.kept))}
	}
	return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonUninstalled, Message: "uninstalled"}
}

// failure tells what the API server refused, and what to do.
func failure(i *v1alpha1.AppInstallation, f objectError) condition.Outcome {
	t := i.Spec.Tenant
	what := f.String() + ": " + f.err.Error()
	switch {
	case apply.QuotaExceeded(f.err):
		return *stalled(v1alpha1.ReasonQuotaExceeded, fmt.Sprintf("%s; raise quota of environment %s in spec.environments of Municipality %s, or give the app less", what, t.Environment, t.Municipality))
	case apierrors.IsConflict(f.err):
		return condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: what}
	case apierrors.IsInvalid(f.err) && strings.Contains(f.err.Error(), "immutable"):
		return *stalled(v1alpha1.ReasonImmutableField, what+"; the new version must name this object otherwise, or it must be deleted by hand first")
	case apply.Transient(f.err):
		return condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: what}
	}
	return *stalled(v1alpha1.ReasonRefused, what)
}

// healthOf is the health of the worst object. An object that was applied a moment ago
// and is not in the cache yet counts as the API server returned it.
func healthOf(i *v1alpha1.AppInstallation, todo planned, done applied) condition.Outcome {
	var working, failed []string
	for _, o := range todo.objects {
		live := done.live[o.ref]
		if live == nil {
			working = append(working, o.String()+": not there yet")
			continue
		}
		switch state, message := health.Of(live, todo.rules); state {
		case health.Failed:
			failed = append(failed, o.String()+": "+message)
		case health.Progressing:
			working = append(working, o.String()+": "+cmp.Or(message, "not ready yet"))
		case health.Healthy:
		}
	}
	slices.Sort(failed)
	slices.Sort(working)
	switch {
	case len(failed) > 0:
		return *stalled(failedReason(failed), summary(failed)+remedy(i, failed))
	case len(working) > 0:
		return *progressing(v1alpha1.ReasonProgressing, summary(working))
	}
	return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: fmt.Sprintf("%s %s runs", i.Spec.App, i.Spec.Version)}
}

func failedReason(failed []string) string {
	if slices.ContainsFunc(failed, func(what string) bool { return strings.Contains(what, "exceeded quota") }) {
		return v1alpha1.ReasonQuotaExceeded
	}
	return v1alpha1.ReasonUnhealthy
}

func remedy(i *v1alpha1.AppInstallation, failed []string) string {
	if failedReason(failed) != v1alpha1.ReasonQuotaExceeded {
		return ""
	}
	return fmt.Sprintf("; raise quota of environment %s in spec.environments of Municipality %s, or give the app less", i.Spec.Tenant.Environment, i.Spec.Tenant.Municipality)
}

func summary(all []string) string {
	const shown = 3
	if len(all) <= shown {
		return strings.Join(all, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(all[:shown], "; "), len(all)-shown)
}

func same(a, b v1alpha1.AppInstallationStatus) bool { return equality.Semantic.DeepEqual(a, b) }
