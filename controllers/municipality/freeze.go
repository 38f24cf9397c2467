package municipality

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// isFrozen says whether the people and accounts of a namespace's municipality change nothing in it.
func isFrozen(ns *corev1.Namespace) bool { return ns.Labels[v1alpha1.LabelFrozen] == "true" }

// freeze is the label of a namespace that is frozen, by which the policy goes.
func freeze() map[string]string { return map[string]string{v1alpha1.LabelFrozen: "true"} }

// appAccounts names the service accounts of apps to the policy. Their pods go on in a namespace that is frozen: an app that
// may not write its own lock, or its own state, would not keep running.
func appAccounts(live environment) map[string]string {
	var all []string
	for _, o := range live.objects {
		if account, ok := o.(*corev1.ServiceAccount); ok && account.Labels[v1alpha1.LabelApp] != "" {
			all = append(all, account.Name)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return map[string]string{v1alpha1.AnnotationAppAccounts: listed(all)}
}

// frozen says how a Municipality stands whose spec.suspend is Freeze: it is not frozen before the policy, and the label
// that it goes by, are in force.
func frozen(seen observed, todo planned, done applied) condition.Outcome {
	out := condition.Outcome{Reason: v1alpha1.ReasonFrozen}
	if seen.unguarded != "" {
		out.Reason = v1alpha1.ReasonPolicyMissing
		out.Message = "spec.suspend is Freeze and the operator changes nothing, but people and accounts of the municipality are not stopped: " + seen.unguarded
		return out
	}
	if open := notFrozen(todo, done); len(open) > 0 {
		out.Message = "spec.suspend is Freeze and the operator changes nothing, but people and accounts of the municipality are not stopped yet: " + strings.Join(open, "; ")
		return out
	}
	out.Message = "spec.suspend is Freeze: no version comes, goes or returns, and people and accounts of the municipality change nothing, until a platform operator takes it out; access that expires ends"
	return out
}

// notFrozen says of which namespaces the label could not be written, and why.
func notFrozen(todo planned, done applied) []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(done.errs)) {
		for _, e := range todo.environments {
			for _, each := range append([]environmentPlan{e}, e.own...) {
				relabelled := slices.ContainsFunc(each.apply, func(o apply.Object) bool { return o.Kind == "Namespace" })
				if each.key() == key && relabelled {
					all = append(all, fmt.Sprintf("namespace %s: %v", each.namespace, done.errs[key]))
				}
			}
		}
	}
	return all
}
