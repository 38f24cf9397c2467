package sharedapp

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
)

const (
	// maxTakenOut is how many versions are remembered after they were taken out of the spec.
	maxTakenOut = 64
	// maxMessage is what the message of a version may hold.
	maxMessage = 4096
	// maxNotes is how many adjustments, and warnings, of a version are listed, and maxNote the length of each.
	maxNotes, maxNote = 32, 512

	takenOut = "taken out of the spec; its digest is remembered, so that the number never means anything else"
)

// status is what came of a reconcile: the fields of the status that this controller
// owns, and none of the overview's.
func status(seen observed, todo planned, done applied, now time.Time) v1alpha1.SharedAppStatus {
	app := seen.app
	stamp := metav1.NewTime(now).Rfc3339Copy()
	if todo.suspended {
		next := owned(app.Status)
		next.Conditions = condition.Suspended(app.Status.Conditions, app.Generation, stamp)
		return next
	}

	next := v1alpha1.SharedAppStatus{
		ObservedGeneration:     app.Generation,
		LastHandledReconcileAt: app.Annotations[v1alpha1.AnnotationReconcile],
	}

	var outcomes []condition.Outcome
	for _, fault := range []*condition.Outcome{todo.fault, todo.channels, todo.pilots} {
		if fault != nil {
			outcomes = append(outcomes, *fault)
		}
	}

	available, offered := 0, 0
	for _, v := range todo.versions {
		is, outcome := versionStatus(v, todo.fault, done.errs[v.version])
		next.Versions = append(next.Versions, is)
		next.Warnings += int32(len(is.Warnings)) //nolint:gosec // 32 versions with 32 warnings each
		if v.withdrawn {
			continue
		}
		offered++
		if is.Available {
			available++
		}
		outcomes = append(outcomes, outcome)
	}

	next.VersionsAvailable = fmt.Sprintf("%d/%d", available, offered)
	next.Versions = append(next.Versions, past(app)...)
	whole := condition.Worst(fmt.Sprintf("%d of %d versions available", available, offered), outcomes...)
	next.Conditions = condition.Of(app.Status.Conditions, whole, app.Generation, stamp)
	return next
}

// versionStatus is what a version came to, given what is wrong with the SharedApp and what
// its write came to.
func versionStatus(v versionPlan, appFault *condition.Outcome, err error) (v1alpha1.VersionStatus, condition.Outcome) {
	outcome := v.outcome
	if err != nil {
		v.digest = v.remembered
		outcome = condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonStoreFailed, Message: err.Error()}
		if apply.Transient(err) {
			outcome.State, outcome.Reason = condition.Retrying, v1alpha1.ReasonRetrying
		}
	}
	outcome = v.requires.with(outcome)
	is := v1alpha1.VersionStatus{
		Version: v.version, Digest: v.digest, Available: outcome.State == condition.Ready && appFault == nil, Message: cut(outcome.Message),
		Adjusted: notes(v.answer.adjusted), Exceeds: v.exceeds,
	}
	for _, warning := range v.answer.warnings {
		is.Warnings = append(is.Warnings, contract.Text([]contract.Finding{warning}))
	}
	is.Warnings = notes(is.Warnings)
	is.Requires = v.requires.toRemember(is.Available)
	if is.Message == "" && appFault != nil {
		is.Message = cut(appFault.Message)
	}
	if outcome.Message != "" {
		outcome.Message = "version " + v.version + ": " + outcome.Message
	}
	return is, outcome
}

// past are the versions that were taken out of the spec after they had entered the
// catalogue, those taken out last first.
func past(app v1alpha1.SharedApp) []v1alpha1.VersionStatus {
	offered := map[string]bool{}
	for _, v := range app.Spec.Versions {
		offered[v.Version] = true
	}
	var all []v1alpha1.VersionStatus
	for _, v := range app.Status.Versions {
		if !offered[v.Version] && v.Digest != "" && len(all) < maxTakenOut {
			all = append(all, v1alpha1.VersionStatus{Version: v.Version, Digest: v.Digest, Requires: v.Requires, Message: takenOut})
		}
	}
	return all
}

// notes keeps a list within what the schema allows.
func notes(all []string) []string {
	if len(all) == 0 {
		return nil
	}
	kept := make([]string, 0, maxNotes)
	for _, note := range all[:min(len(all), maxNotes)] {
		kept = append(kept, condition.Within(note, maxNote))
	}
	return kept
}

// cut keeps a message within what the schema allows.
func cut(message string) string { return condition.Within(message, maxMessage) }

// owned keeps of a status what this controller owns.
func owned(s v1alpha1.SharedAppStatus) v1alpha1.SharedAppStatus {
	return v1alpha1.SharedAppStatus{
		ObservedGeneration: s.ObservedGeneration, LastHandledReconcileAt: s.LastHandledReconcileAt,
		Versions: s.Versions, VersionsAvailable: s.VersionsAvailable, Warnings: s.Warnings,
		Conditions: condition.Own(s.Conditions),
	}
}

// sameStatus says whether the owned part of the live status is already as it should be.
func sameStatus(live, next v1alpha1.SharedAppStatus) bool {
	next.Conditions = condition.Own(next.Conditions)
	return equality.Semantic.DeepEqual(owned(live), next)
}
