package appinstallation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/controllers/internal/kinds"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/parameters"
	"github.com/allmenning/allmenning/internal/tenancy"
)

const (
	historyLength = 10
	// keptLength is how many kept objects a status names.
	keptLength = 50
)

// status is what came of a reconcile.
func status(seen observed, todo planned, done applied, now time.Time) (v1alpha1.AppInstallationStatus, condition.Outcome) {
	i, before := &seen.installation, seen.previous()
	stamp := metav1.NewTime(now).Rfc3339Copy()
	next := *before.DeepCopy()
	if todo.suspended {
		next.Conditions = condition.Suspended(before.Conditions, i.Generation, stamp)
		return next, condition.Outcome{State: condition.Ready}
	}

	next.ObservedGeneration, next.Namespace = i.Generation, ""
	if i.IsOwn() {
		next.Namespace = seen.home()
	}
	outcome := outcomeOf(seen, todo, done)
	outcome.Message = parameters.Hide(outcome.Message, secretsOf(seen))
	next.Generated = generatedNames(seen, done)
	if todo.outcome == nil && done.failed == nil && done.refused == nil {
		next.LastHandledReconcileAt = i.Annotations[v1alpha1.AnnotationReconcile]
	}
	if todo.outcome == nil && done.refused == nil {
		next.Inventory = nextInventory(seen, todo, done)
		next.Kept = nil
		for _, name := range todo.kept[:min(len(todo.kept), keptLength)] {
			next.Kept = append(next.Kept, name.String())
		}
		next.WallsOf = todo.wallsOf // also where not all was applied: what was, may run
		if done.failed == nil && !todo.held {
			recordVersion(&next, i, stamp)
		}
	}

	if faultEnded(before.Conditions, outcome) {
		next.FaultEndedAt = &stamp
	}
	next.HealthySince = healthySince(*before, next, outcome, stamp)
	next.LongestHealthy = longestHealthy(*before, next, stamp)
	next.Conditions = condition.Of(before.Conditions, outcome, i.Generation, stamp)
	return next, outcome
}

// secretsOf are the values of the tenant's Secrets that the app reads: no message may show one, also none
// that the API server wrote.
func secretsOf(seen observed) []any {
	var all []any
	for _, data := range seen.secrets {
		for _, value := range data {
			all = append(all, string(value))
		}
	}
	for _, value := range seen.generated.data {
		all = append(all, string(value))
	}
	return all
}

// generatedNames are the parameters whose values are kept. Those of a Secret that is gone are remembered, so that they
// are not made again behind anybody's back.
func generatedNames(seen observed, done applied) []string {
	switch {
	case len(done.made) > 0:
		return done.made
	case seen.installation.Spec.State == v1alpha1.InstallationAbsent:
		return nil
	case seen.generated.identity == nil:
		return seen.previous().Generated
	}
	return seen.generated.names()
}

// faultEnded says whether something ended that kept the app from running, and was not the version's.
func faultEnded(before []metav1.Condition, outcome condition.Outcome) bool {
	return installation.IsBlocked(before) && !installation.IsElsewhere(outcome.Reason)
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
	case before.HealthySince != nil && before.AppliedDigest == next.AppliedDigest && before.AppliedVersion == next.AppliedVersion:
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
	known := inventory(seen.previous())
	var all []v1alpha1.InstalledObject
	for _, o := range todo.objects {
		entry, ok := known[o.ref]
		if live := done.live[o.ref]; done.sent[o.ref] {
			entry = v1alpha1.InstalledObject{
				APIVersion: o.desired.GetAPIVersion(), Kind: o.Kind, Name: o.Name,
				UID: string(live.GetUID()), Sent: o.sent, Content: shown(apply.ContentHash(live), seen.salt),
			}
		} else if !ok {
			continue
		}
		entry.Done = o.done || (o.live != nil && !o.send && isComplete(o.live))
		all = append(all, entry)
	}
	for _, o := range todo.stale {
		all = append(all, v1alpha1.InstalledObject{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Name: o.GetName(), UID: string(o.GetUID())})
	}
	if !todo.isUninstalled() {
		all = append(all, ofGone(seen)...)
	}
	return all
}

// ofGone are the objects that went with the definition of their kind. They are listed until the app is uninstalled, so that it is said
// then what became of them.
func ofGone(seen observed) []v1alpha1.InstalledObject {
	var all []v1alpha1.InstalledObject
	for _, o := range seen.previous().Inventory {
		if slices.Contains(seen.gone, inventoried(o).GroupVersionKind()) {
			all = append(all, o)
		}
	}
	return all
}

// outcomeOf picks what a person must know first: what keeps the app from being applied, then
// what the API server refused, then what is not healthy, then what it requires and lacks.
func outcomeOf(seen observed, todo planned, done applied) condition.Outcome {
	i := &seen.installation
	switch {
	case len(todo.missing) > 0 && done.failed != nil:
		return failure(seen, *done.failed)
	case todo.outcome != nil:
		return *todo.outcome
	case done.refused != nil:
		return refusedBefore(seen, done.refused)
	case done.failed != nil:
		return failure(seen, *done.failed)
	case i.Spec.State == v1alpha1.InstallationAbsent:
		return uninstallOutcome(seen, todo)
	}
	outcome := healthOf(i, seen.room, todo, done)
	if closed := wallsClosed(seen); closed != nil { // it is not the version's fault if it does not run so
		if outcome.State != condition.Ready {
			closed.Message += "; and " + outcome.Message
		}
		return *closed
	}
	if outcome.State != condition.Ready {
		return outcome
	}
	if lacking := lacks(seen, todo, done); lacking != nil {
		return *lacking
	}
	return outcome
}

func uninstallOutcome(seen observed, todo planned) condition.Outcome {
	i := &seen.installation
	if todo.draining || len(todo.stale) > 0 {
		waits := "its objects are being deleted"
		if len(todo.remains) > 0 {
			waits = "it waits for " + summary(todo.remains)
		}
		return *progressing(v1alpha1.ReasonUninstalling, i.Spec.App+" is being uninstalled: "+waits)
	}
	if todo.leaving {
		return *progressing(v1alpha1.ReasonRemovingNamespace, fmt.Sprintf("%s is uninstalled, and its namespace %s is being deleted", i.Spec.App, tenancy.Home(i)))
	}
	message := "uninstalled"
	if len(todo.kept) > 0 {
		message += fmt.Sprintf("; kept are %d objects that may hold data", len(todo.kept))
		if i.IsOwn() {
			message += ", and namespace " + tenancy.Home(i) + " with them"
		}
	}
	if len(todo.remains) > 0 {
		message += fmt.Sprintf("; still there after %s are %s", drainTime, summary(todo.remains))
	}
	for _, gvk := range seen.gone {
		message += fmt.Sprintf("; nothing is left of its %s, whose CustomResourceDefinition was deleted", kinds.Named(gvk))
	}
	return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonUninstalled, Message: message}
}

// healthOf is the health of the worst object. An object that was applied a moment ago
// and is not in the cache yet counts as the API server returned it.
func healthOf(i *v1alpha1.AppInstallation, room health.Room, todo planned, done applied) condition.Outcome {
	var working, broken, claims []string
	for _, o := range todo.objects {
		state, message := healthOfOne(o, room, todo.rules, done)
		switch {
		case state == health.Failed:
			broken = append(broken, message)
		case state == health.Progressing && o.Kind == claimKind:
			claims = append(claims, message)
		case state == health.Progressing:
			working = append(working, message)
		}
	}

	if len(working) > 0 {
		working = append(working, claims...) // else nothing waits for them: a claim may wait for its first pod
	}
	slices.Sort(broken)
	slices.Sort(working)
	switch {
	case len(broken) > 0:
		return failed(i, broken)
	case len(working) > 0:
		return *progressing(v1alpha1.ReasonProgressing, summary(working))
	}
	return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: fmt.Sprintf("%s %s runs", i.Spec.App, i.Spec.Version)}
}

// autoscalers says which autoscalers of the app have had no metrics for too long, which is nothing that the version is to
// blame for; and where none has, how long until one has.
func autoscalers(todo planned, done applied, now time.Time) (*condition.Outcome, time.Duration) {
	var blind []string
	var next time.Duration
	for _, o := range todo.objects {
		live := done.live[o.ref]
		if live == nil {
			continue
		}
		message, wait := health.Blind(live, now)
		if message != "" {
			blind = append(blind, o.String()+": "+message)
		}
		if wait > 0 && (next == 0 || wait < next) {
			next = wait
		}
	}
	if len(blind) == 0 {
		return nil, next
	}
	return progressing(v1alpha1.ReasonEnvironmentNotReady, summary(blind)), next
}

// healthOfOne is how one object is, and what is to be said of it.
func healthOfOne(o object, room health.Room, rules *health.Rules, done applied) (health.State, string) {
	live := done.live[o.ref]
	switch {
	case o.done:
		return health.Healthy, ""
	case o.waits != "":
		return health.Progressing, o.waitsFor()
	case live == nil:
		return health.Progressing, o.String() + ": not there yet"
	}
	state, message := health.Of(live, rules)
	if short := room.Lacks(live, o.desired); state != health.Failed && short != "" {
		state, message = health.Failed, short
	}
	if cause := room.Causes[o.String()]; cause != "" && state != health.Healthy {
		message = cause + "; " + cmp.Or(message, "not ready yet") // what is last is cut
	}
	return state, o.String() + ": " + cmp.Or(message, "not ready yet")
}

// failed is the outcome of an app of which some objects failed.
func failed(i *v1alpha1.AppInstallation, objects []string) condition.Outcome {
	if slices.ContainsFunc(objects, func(what string) bool { return strings.Contains(what, "exceeded quota") }) {
		return *stalled(v1alpha1.ReasonQuotaExceeded, raiseQuota(i)+": "+summary(objects))
	}
	return *stalled(v1alpha1.ReasonUnhealthy, summary(objects))
}

// summary names the first few of many, and cuts what each has to say, so that none hides the others.
func summary(all []string) string {
	const shown, letters = 3, 256
	some := all[:min(len(all), shown)]
	first := make([]string, 0, len(some))
	for _, what := range some {
		first = append(first, condition.Within(what, letters))
	}

	if len(all) <= shown {
		return strings.Join(first, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(first, "; "), len(all)-shown)
}

func same(a, b v1alpha1.AppInstallationStatus) bool { return equality.Semantic.DeepEqual(a, b) }
