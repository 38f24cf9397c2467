package municipality

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/reference"
)

// maxMessage is the longest message, in bytes, of one environment in a status.
const maxMessage = 1024

// status is what came of a reconcile: the fields of the status that this controller owns, and
// none of the overview's.
func status(seen observed, todo planned, done applied, now time.Time) v1alpha1.MunicipalityStatus {
	m := seen.municipality
	stamp := metav1.NewTime(now).Rfc3339Copy()
	next := v1alpha1.MunicipalityStatus{
		ObservedGeneration:     m.Generation,
		LastHandledReconcileAt: m.Annotations[v1alpha1.AnnotationReconcile],
		SizeClass:              todo.sizeClass,
		RefusedDomains:         reference.DomainsTaken(&m, seen.sameDomain),
	}

	if todo.suspended {
		next = owned(m.Status)
		next.Conditions = condition.Suspended(m.Status.Conditions, m.Generation, stamp)
		if todo.frozen {
			next.Conditions = condition.SuspendedFor(m.Status.Conditions, frozen(seen, todo, done), m.Generation, stamp)
		}
		return next
	}

	if todo.fault != nil && (m.DeletionTimestamp.IsZero() || len(todo.environments) == 0) {
		next.EnvironmentsReady = fmt.Sprintf("0/%d", len(m.Spec.Environments))
		next.Conditions = condition.Of(m.Status.Conditions, *todo.fault, m.Generation, stamp)
		return next
	}

	outcomes := make([]condition.Outcome, 0, len(todo.environments))
	ready := 0
	for _, e := range todo.environments {
		state, outcome := afterApply(e, done.errs[e.name])
		if state == v1alpha1.EnvironmentReady {
			ready++
		}
		outcomes = append(outcomes, named(e.name, outcome))
		refused, fault := refusals(e, done.errs)
		if fault != nil {
			outcomes = append(outcomes, named(e.name, *fault))
		}
		if state == v1alpha1.EnvironmentDeleting && outcome.State == condition.Ready {
			continue // it is deleted
		}
		next.Environments = append(next.Environments, v1alpha1.EnvironmentStatus{
			Name: e.name, Namespace: e.namespace, State: state, Zone: zoneAfter(seen, e, done), Message: condition.Within(outcome.Message, maxMessage),
			RefusedNamespaces: refused, Kept: keptIn(m, e.name, seen.environments[e.name]),
		})
	}
	outcomes = append(outcomes, faultsOfSpec(seen, next.RefusedDomains)...)

	next.EnvironmentsReady = fmt.Sprintf("%d/%d", ready, len(m.Spec.Environments))
	next.Conditions = condition.Of(m.Status.Conditions, whole(m, readyMessage(ready)+keptMessage(next.Environments), outcomes), m.Generation, stamp)
	return next
}

// faultsOfSpec are what is wrong in the spec beside its environments.
func faultsOfSpec(seen observed, refused []v1alpha1.RefusedDomain) (all []condition.Outcome) {
	if unfit := accessUnfit(seen); unfit != nil && seen.municipality.DeletionTimestamp.IsZero() {
		all = append(all, *unfit)
	}
	if len(refused) > 0 {
		all = append(all, domainsTaken(refused))
	}
	return all
}

// domainsTaken says which domains the municipality is not given.
func domainsTaken(refused []v1alpha1.RefusedDomain) condition.Outcome {
	all := make([]string, 0, len(refused))
	for _, r := range refused {
		all = append(all, r.Message)
	}
	return condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonDomainTaken, Message: strings.Join(all, "; ")}
}

// whole is how the municipality is, by how its environments are.
func whole(m v1alpha1.Municipality, ready string, outcomes []condition.Outcome) condition.Outcome {
	worst := condition.Worst(ready, outcomes...)
	if !m.DeletionTimestamp.IsZero() && worst.State == condition.Ready {
		return condition.Outcome{State: condition.Progressing, Reason: v1alpha1.ReasonDeleting, Message: "being deleted"}
	}
	return worst
}

// zoneAfter is the zone that an environment has after what was applied.
func zoneAfter(seen observed, e environmentPlan, done applied) v1alpha1.Zone {
	if done.errs[e.name] != nil {
		return zoneNow(seen.environments[e.name].namespace)
	}
	return e.zone
}

func readyMessage(ready int) string {
	if ready == 1 {
		return "1 environment is ready"
	}
	return fmt.Sprintf("%d environments are ready", ready)
}

// afterApply is what an environment came to, given what its writes came to.
func afterApply(e environmentPlan, err error) (v1alpha1.EnvironmentState, condition.Outcome) {
	switch {
	case err == nil:
		return e.state, e.outcome
	case apply.Transient(err):
		return v1alpha1.EnvironmentPending, condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: err.Error()}
	}
	return v1alpha1.EnvironmentFailed, condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonEnvironmentFailed, Message: err.Error()}
}

// named puts the environment's name before its message.
func named(environment string, o condition.Outcome) condition.Outcome {
	if o.Message != "" {
		o.Message = "environment " + environment + ": " + o.Message
	}
	return o
}

// owned keeps of a status what this controller owns.
func owned(s v1alpha1.MunicipalityStatus) v1alpha1.MunicipalityStatus {
	return v1alpha1.MunicipalityStatus{
		ObservedGeneration: s.ObservedGeneration, LastHandledReconcileAt: s.LastHandledReconcileAt,
		SizeClass: s.SizeClass, Environments: s.Environments, EnvironmentsReady: s.EnvironmentsReady,
		RefusedDomains: s.RefusedDomains,
		Conditions:     condition.Own(s.Conditions),
	}
}

// sameStatus says whether the owned part of the live status is already as it should be.
func sameStatus(live, next v1alpha1.MunicipalityStatus) bool {
	next.Conditions = condition.Own(next.Conditions)
	return equality.Semantic.DeepEqual(owned(live), next)
}
