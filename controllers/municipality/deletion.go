package municipality

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// volumesPause is how long to wait before looking again whether somebody deleted the volumes
// of an environment that is kept for them: they are not watched.
const volumesPause = time.Minute

// goes says whether an environment is to be deleted: by deletionPolicy Delete, when the
// Municipality is deleted or the environment has left the spec. A Municipality deletes only
// what it holds, and nothing while its number belongs to another or while the definition
// itself is being deleted, as then nobody asked for namespaces to be deleted.
func goes(seen observed, environment string) bool {
	m := seen.municipality
	if m.Spec.DeletionPolicy != v1alpha1.DeletionDelete || seen.definitionGoes || numberTaken(seen) != nil {
		return false
	}
	if live := seen.environments[environment]; live.namespace != nil && (!held(live.namespace, m) || takenUp(live.namespace)) {
		return false
	}
	return !m.DeletionTimestamp.IsZero() || m.Spec.Environment(environment) == nil
}

// held says whether this very Municipality made the namespace, or took it up.
func held(ns *corev1.Namespace, m v1alpha1.Municipality) bool {
	return ours(ns, m.Name) && ns.Annotations[v1alpha1.AnnotationHeldBy] == string(m.UID)
}

// takenUp says whether a Municipality took a namespace up while its deletionPolicy was Delete: who set that did not speak of it.
func takenUp(ns *corev1.Namespace) bool {
	return ns.Annotations[v1alpha1.AnnotationTakenUp] == string(v1alpha1.DeletionDelete)
}

// keepsFinalizer says whether the Municipality must wait for the operator when it is deleted:
// only with deletionPolicy Delete, while there are namespaces to delete first. With Retain
// nothing is done, so nothing can hold it up.
func keepsFinalizer(seen observed) bool {
	m := seen.municipality
	if m.Spec.DeletionPolicy != v1alpha1.DeletionDelete {
		return false
	}
	if m.DeletionTimestamp.IsZero() {
		return true
	}

	for name, e := range seen.environments {
		if goes(seen, name) && (e.namespace != nil || len(e.own) > 0) {
			return true
		}
	}
	return false
}

// planGoing takes an environment down with the namespaces that apps have for themselves. Its own namespace is the last: while
// one of theirs is kept, as it holds volumes, the environment is.
func planGoing(seen observed, e environmentPlan, live environment) environmentPlan {
	own := planOwnDeletion(seen, e.name, live)
	if live.installations > 0 || len(live.own) == 0 {
		e = planDeletion(e, live, seen.municipality)
		e.own = own
		return e
	}
	e = stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "the namespaces of its apps are being deleted")
	for _, each := range own {
		if each.state == v1alpha1.EnvironmentRetained && e.state != v1alpha1.EnvironmentRetained {
			e = stateOf(e, v1alpha1.EnvironmentRetained, each.outcome.State, each.outcome.Message)
		}
	}
	e.own = own
	return e
}

// planDeletion takes an environment down in an order that leaves no pod unguarded: the
// consent controller uninstalls the apps, as the state Deleting asks for; then the namespace
// is deleted, with a finalizer on its default-deny policy that is taken off when the last pod
// has ended. Without it pods could outlive their network policies.
func planDeletion(e environmentPlan, live environment, m v1alpha1.Municipality) environmentPlan {
	deny := live.objects[key("NetworkPolicy", denyName)]
	switch {
	case live.namespace == nil:
		return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Ready, "deleted")
	case live.installations > 0:
		return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "its apps are being uninstalled"+live.uninstalling)
	case live.namespace.DeletionTimestamp.IsZero() && len(live.volumes) > 0 && m.Annotations[v1alpha1.AnnotationDeleteVolumes] != "true":
		return planVolumes(e, live, m)
	case live.namespace.DeletionTimestamp.IsZero():
		if policy := withFinalizer(e, m.Name, deny); policy != nil {
			e.apply = []apply.Object{*policy}
		}
		e.remove = []apply.Live{live.namespace}
		return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "its namespace is being deleted")
	case live.pods > 0:
		e.again = drainPause
		return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "its pods are ending")
	case deny != nil && slices.Contains(deny.GetFinalizers(), v1alpha1.FinalizerDrain):
		e.release = deny
	}
	return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "its namespace is being deleted")
}

// uninstalling says of apps of an environment that goes why they are still there: first those that can't go on by themselves.
func uninstalling(installed []v1alpha1.AppInstallation) string {
	const shown, letters = 3, 200
	var stalled, others []string
	for i := range installed {
		at := &installed[i]
		if fault := meta.FindStatusCondition(at.Status.Conditions, v1alpha1.ConditionStalled); uninstallStalled(at) {
			stalled = append(stalled, at.Spec.App+" can't be uninstalled: "+condition.Within(fault.Message, letters))
			continue
		}
		others = append(others, at.Spec.App)
	}
	slices.Sort(stalled)
	slices.Sort(others)
	all := slices.Concat(stalled, others)
	if len(all) == 0 {
		return ""
	}
	text := ": " + strings.Join(all[:min(len(all), shown)], "; ")
	if more := len(all) - shown; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// uninstallStalled says whether an app that is to be uninstalled can't be.
func uninstallStalled(i *v1alpha1.AppInstallation) bool {
	return i.Spec.State == v1alpha1.InstallationAbsent && meta.IsStatusConditionTrue(i.Status.Conditions, v1alpha1.ConditionStalled)
}

// planVolumes keeps an environment that holds volumes. Its network policies stay, and the
// access of people ends.
func planVolumes(e environmentPlan, live environment, m v1alpha1.Municipality) environmentPlan {
	for _, k := range slices.Sorted(maps.Keys(live.objects)) {
		binding, ok := live.objects[k].(*rbacv1.RoleBinding)
		if ok && binding.Name != v1alpha1.InstallerName && binding.Labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy {
			e.remove = append(e.remove, binding)
		}
	}

	e.again = volumesPause
	return stateOf(e, v1alpha1.EnvironmentRetained, condition.Stalled, fmt.Sprintf(
		"to delete namespace %s with its volumes, annotate Municipality %s %s=true; to keep it, set spec.deletionPolicy to Retain: "+
			"its apps are uninstalled and access has ended, and it is kept because it holds %s",
		e.namespace, m.Name, v1alpha1.AnnotationDeleteVolumes, claimsOf(live.volumes)))
}

// claimsOf names claims, the first few of many.
func claimsOf(claims []string) string {
	const shown = 5
	text := "PersistentVolumeClaim " + claims[0]
	if len(claims) > 1 {
		text = "PersistentVolumeClaims " + strings.Join(claims[:min(len(claims), shown)], ", ")
	}
	if more := len(claims) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// withFinalizer is the default-deny policy with the drain finalizer; nil where it has one already. One that somebody took
// away is made again: else nothing would wall off the pods that are ending.
func withFinalizer(e environmentPlan, municipality string, deny apply.Live) *apply.Object {
	if deny != nil && slices.Contains(deny.GetFinalizers(), v1alpha1.FinalizerDrain) {
		return nil
	}

	np := policy(e.namespace, denyName, networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
		WithLabels(labelsOf(municipality, e.name)).
		WithFinalizers(v1alpha1.FinalizerDrain)
	out := apply.NetworkPolicy(np)
	return &out
}
