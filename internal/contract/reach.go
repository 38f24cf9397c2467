package contract

import (
	"fmt"
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// budgetRule: nodes must be drained, so that some pod of an app may always go.
func budgetRule(w *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, "policy", "PodDisruptionBudget") {
		return nil
	}
	budget, found := typed[policyv1.PodDisruptionBudget](o.Object, "")
	if budget == nil {
		return found
	}
	if most := budget.Spec.MaxUnavailable; most != nil && ofHundred(most) == 0 {
		found = append(found, write("spec.maxUnavailable", "0 lets no pod go, so that no node could be drained", "write at least 1", 1)...)
	}
	found = append(found, w.leastAvailable(budget)...)
	for _, other := range w.objects {
		if other.GetName() < o.GetName() && is(other, "policy", "PodDisruptionBudget") && w.shared(budget, other) {
			found = append(found, one("spec.selector", Name(other)+" selects the same pods, and Kubernetes lets none go that two budgets select", "leave one budget for each workload")...)
		}
	}
	return found
}

// shared says whether another budget selects pods of the bundle that this one selects too.
func (w *whole) shared(budget *policyv1.PodDisruptionBudget, other *unstructured.Unstructured) bool {
	beside, _ := typed[policyv1.PodDisruptionBudget](other.Object, "")
	if beside == nil {
		return false
	}
	both := make([]labels.Selector, 0, 2)
	for _, selector := range []*metav1.LabelSelector{budget.Spec.Selector, beside.Spec.Selector} {
		parsed, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil {
			return false
		}
		both = append(both, parsed)
	}
	return slices.ContainsFunc(w.pods, func(pod *corev1.PodTemplateSpec) bool {
		return pod != nil && both[0].Matches(labels.Set(pod.Labels)) && both[1].Matches(labels.Set(pod.Labels))
	})
}

// leastAvailable judges how many pods a budget keeps.
func (w *whole) leastAvailable(budget *policyv1.PodDisruptionBudget) []Finding {
	least := budget.Spec.MinAvailable
	if least == nil {
		return nil
	}
	if least.Type == intstr.String && ofHundred(least) >= 100 {
		return lettingGo("100% lets no pod go, so that no node could be drained", "write maxUnavailable: 1 instead")
	}
	pods, known := w.replicasOf(budget.Spec.Selector)
	if !known || pods == 0 {
		return nil
	}
	stay, err := intstr.GetScaledValueFromIntOrPercent(least, int(pods), true) // as the disruption controller rounds
	if err == nil && int64(stay) >= pods {
		return lettingGo(fmt.Sprintf("%s of %d pods lets no pod go, so that no node could be drained", least, pods), "write maxUnavailable: 1 instead, or run more pods")
	}
	return nil
}

// lettingGo is a finding on a budget that keeps all pods, and is to let one go.
func lettingGo(problem, fix string) []Finding {
	return []Finding{{Field: "spec.minAvailable", Problem: problem, Fix: fix, Patch: []Operation{
		{Op: "remove", Path: "spec.minAvailable"}, {Op: "add", Path: "spec.maxUnavailable", Value: 1},
	}}}
}

// ofHundred is how many of a hundred pods a number or a percentage means; -1 where it is neither, which the API server refuses.
func ofHundred(value *intstr.IntOrString) int {
	count, err := intstr.GetScaledValueFromIntOrPercent(value, 100, true)
	if err != nil {
		return -1
	}
	return count
}

// replicasOf is how many pods of the bundle a selector means at least, where all that it means is of workloads whose number is known. Pods of
// Jobs end by themselves, and most of the time there are none.
func (w *whole) replicasOf(selector *metav1.LabelSelector) (pods int64, known bool) {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil || selector == nil {
		return 0, false
	}
	for i, o := range w.objects {
		pod := w.pods[i]
		if pod == nil || !parsed.Matches(labels.Set(pod.Labels)) {
			continue
		}
		switch gvk := o.GroupVersionKind(); gvk.Group + "/" + gvk.Kind {
		case "batch/Job", "batch/CronJob":
		case "apps/Deployment", "apps/StatefulSet", "apps/ReplicaSet":
			pods, known = pods+w.fewest(o), true
		default:
			return 0, false
		}
	}
	return pods, known
}

// fewest is how many pods a workload has at least: as many as it says, or as its autoscaler may leave it.
func (w *whole) fewest(o *unstructured.Unstructured) int64 {
	count, found, err := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if err != nil || !found {
		count = 1
	}
	for _, scaler := range w.objects {
		if kind, name := ScaleTarget(scaler); kind != o.GetKind() || name != o.GetName() || count == 0 { // one that is off is not scaled
			continue
		}
		least, found, err := unstructured.NestedInt64(scaler.Object, "spec", "minReplicas")
		if err != nil || !found {
			least = 1
		}
		count = max(least, 1)
	}
	return count
}

// ScaleTarget is the kind and name of the workload whose pods a HorizontalPodAutoscaler counts; empty for
// other objects.
func ScaleTarget(o *unstructured.Unstructured) (kind, name string) {
	if !is(o, "autoscaling", "HorizontalPodAutoscaler") {
		return "", ""
	}
	kind, _, _ = unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "kind")
	name, _, _ = unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "name")
	return kind, name
}

// autoscalerRule: an app scales its own workloads.
func autoscalerRule(w *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, "autoscaling", "HorizontalPodAutoscaler") {
		return nil
	}
	scaler, found := typed[autoscalingv2.HorizontalPodAutoscaler](o.Object, "")
	if scaler == nil {
		return found
	}
	ref := scaler.Spec.ScaleTargetRef
	group, _, _ := strings.Cut(ref.APIVersion, "/")
	if !strings.Contains(ref.APIVersion, "/") {
		group = ""
	}
	if !w.has(group, ref.Kind, ref.Name) {
		found = append(found, one("spec.scaleTargetRef", fmt.Sprintf("%s/%s (%s) is not in this bundle", ref.Kind, ref.Name, ref.APIVersion), "name a workload of the bundle")...)
	}
	return found
}

// selectorsRule: Services and budgets are narrowed to the pods of their app when they are installed; one
// that means none of them is a mistake.
func selectorsRule(w *whole, o *unstructured.Unstructured) []Finding {
	var selector *metav1.LabelSelector
	field := "spec.selector"
	switch {
	case is(o, "", "Service"):
		service, _ := typed[corev1.Service](o.Object, "")
		if service == nil || service.Spec.Type == corev1.ServiceTypeExternalName {
			return nil
		}
		if len(service.Spec.Selector) == 0 {
			return warn(field, "it selects no pods, so that nothing answers", "name labels of the app's pods")
		}
		selector = metav1.SetAsLabelSelector(service.Spec.Selector)
	case is(o, "policy", "PodDisruptionBudget"):
		budget, _ := typed[policyv1.PodDisruptionBudget](o.Object, "")
		if budget == nil {
			return nil
		}
		if selector = budget.Spec.Selector; selector == nil {
			return warn(field, "it selects no pods", "name labels of the app's pods")
		}
	default:
		return nil
	}
	if w.selects(selector) {
		return nil
	}
	return warn(field, "no pods of this bundle have these labels", "name labels of the app's pods")
}

func warn(field, problem, fix string) []Finding {
	return []Finding{{Field: field, Problem: problem, Fix: fix, Warning: true}}
}

// selects says whether a selector means pods that the bundle makes, with the labels that they get when they
// are installed. Kinds that only the app knows may make pods too.
func (w *whole) selects(selector *metav1.LabelSelector) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return true // the API server refuses it, in its own words
	}
	for i, o := range w.objects {
		pod := w.pods[i]
		if pod == nil {
			if isOwnKind(o) {
				return true
			}
			continue
		}
		if parsed.Matches(labels.Set(pod.Labels)) {
			return true
		}
	}
	return false
}

// isOwnKind says whether an object is of a kind that Kubernetes does not bring.
func isOwnKind(o *unstructured.Unstructured) bool { return !IsBuiltIn(o.GroupVersionKind().Group) }

// IsBuiltIn says whether Kubernetes itself brings the kinds of a group.
func IsBuiltIn(group string) bool {
	switch group {
	case "", "apps", "autoscaling", "batch", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io":
		return true
	}
	return false
}

// jobRule: what a Job runs can't be changed, so that the next version would be refused.
func jobRule(_ *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, "batch", "Job") || o.GetAnnotations()[v1alpha1.AnnotationReplace] != "" || o.GetAnnotations()[v1alpha1.AnnotationRunOnce] != "" {
		return nil
	}
	return warn("metadata.annotations", "a Job can't be changed: a version with another template of it is stalled",
		fmt.Sprintf(`write %s: "true" to have it run once for each version, or %s: %s`, v1alpha1.AnnotationRunOnce, v1alpha1.AnnotationReplace, v1alpha1.ReplaceRecreate))
}

// healthRule: of a kind that nobody knows, nobody can say that it works.
func healthRule(w *whole, o *unstructured.Unstructured) []Finding {
	if !isOwnKind(o) || w.terms.HasHealthRule == nil || w.terms.HasHealthRule(o.GroupVersionKind()) {
		return nil
	}
	return warn("", "nothing says when it is healthy, unless its controller writes the usual conditions",
		fmt.Sprintf("add a rule for %s to spec.versions[].health of the SharedApp", o.GetKind()))
}
