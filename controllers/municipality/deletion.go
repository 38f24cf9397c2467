package municipality

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// goes says whether an environment shall be deleted: by deletionPolicy Delete, when
// the Municipality is deleted or the environment has left the spec. While the
// definition itself goes, nobody asked for namespaces to go.
func goes(seen observed, environment string) bool {
	m := seen.municipality
	if m.Spec.DeletionPolicy != v1alpha1.DeletionDelete || seen.definitionGoes {
		return false
	}
	live := seen.environments[environment]
	if live.namespace != nil && !ours(live.namespace, m.Name) {
		return false
	}
	return !m.DeletionTimestamp.IsZero() || specOf(m, environment) == nil
}

// keepsFinalizer says whether the Municipality must wait for us when it is deleted:
// only where there are namespaces to delete first. With Retain there is nothing to
// do, so nothing can be in the way.
func keepsFinalizer(seen observed) bool {
	m := seen.municipality
	if m.Spec.DeletionPolicy != v1alpha1.DeletionDelete {
		return false
	}
	if m.DeletionTimestamp.IsZero() {
		return true
	}
	for name, e := range seen.environments {
		if goes(seen, name) && e.namespace != nil {
			return true
		}
	}
	return false
}

// planDeletion takes an environment down in an order that leaves nobody unguarded:
// the apps are uninstalled (the rollout controller asks for that), then the
// namespace is deleted with a finalizer on its default-deny policy, which is let go
// when the last pod has ended. Without it pods would outlive their walls.
func planDeletion(e environmentPlan, live environment) environmentPlan {
	deny := live.objects[key("NetworkPolicy", denyName)]
	switch {
	case live.namespace == nil:
		return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Ready, "gone")
	case live.installations > 0:
		return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "its apps are being uninstalled")
	case live.namespace.DeletionTimestamp.IsZero():
		if held := heldPolicy(e.namespace, deny); held != nil {
			e.apply = []apply.Object{*held}
		}
		e.remove = []apply.Live{live.namespace}
		return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "its namespace is being deleted")
	case live.pods > 0:
		e.draining = true
		return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "its pods are ending")
	case deny != nil && slices.Contains(deny.GetFinalizers(), v1alpha1.FinalizerDrain):
		e.release = deny
	}
	return stateOf(e, v1alpha1.EnvironmentDeleting, condition.Progressing, "its namespace is being deleted")
}

// heldPolicy is the default-deny policy with the drain finalizer, if it has none yet.
func heldPolicy(namespace string, deny apply.Live) *apply.Object {
	if deny == nil || slices.Contains(deny.GetFinalizers(), v1alpha1.FinalizerDrain) {
		return nil
	}
	np := policy(namespace, denyName, networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
		WithLabels(deny.GetLabels()).
		WithFinalizers(v1alpha1.FinalizerDrain)
	held := apply.NetworkPolicy(np)
	return &held
}
