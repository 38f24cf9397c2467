package health

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/allmenning/allmenning/internal/podtemplate"
)

// Room is what a namespace has for pods.
type Room struct {
	Quotas []corev1.ResourceQuota
	Limits []corev1.LimitRange
	// Claims are the names of the PersistentVolumeClaims that are there.
	Claims map[string]bool
	// Causes say of workloads, as Kind/name, why their pods are not ready, as it was seen last: see Causes.
	Causes map[string]string
}

// Lacks says which quota has no room for the next pod, or its claims, of a StatefulSet, DaemonSet or Job that lacks pods and
// has none on its way; empty where there is room. Their controllers report a spent quota in events alone,
// and not, as a Deployment's, in a condition. What its pods ask for is read from the object as it was
// applied: the cache has no pod templates. The words are those of the API server.
func (r Room) Lacks(o, applied *unstructured.Unstructured) string {
	if o.GroupVersionKind().Group != "apps" && o.GroupVersionKind().Group != "batch" || !lacksPods(o) {
		return ""
	}
	raw, _, err := unstructured.NestedMap(applied.Object, podtemplate.Path(o.GroupVersionKind())...)
	if err != nil {
		return ""
	}
	var template corev1.PodTemplateSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &template); err != nil {
		return ""
	}

	for _, asked := range []struct {
		what  string
		needs corev1.ResourceList
	}{{"its claims", r.claims(o, applied)}, {"its pods", r.needs(&template.Spec)}} { // in the order in which they are made
		for i := range r.Quotas {
			if q := &r.Quotas[i]; len(q.Spec.Scopes) == 0 && q.Spec.ScopeSelector == nil { // else it may not count them
				if short := exceeds(q, asked.needs); short != "" {
					return asked.what + " can't be made: " + short
				}
			}
		}
	}
	return ""
}

// claims are what the claims take of a quota that a StatefulSet makes for its next pod, and that are not there yet.
func (r Room) claims(o, applied *unstructured.Unstructured) corev1.ResourceList {
	all := corev1.ResourceList{}
	raw, _, err := unstructured.NestedSlice(applied.Object, "spec", "volumeClaimTemplates")
	if err != nil || o.GetKind() != "StatefulSet" {
		return all
	}
	next, _, _ := unstructured.NestedInt64(o.Object, "status", "replicas")
	start, _, _ := unstructured.NestedInt64(applied.Object, "spec", "ordinals", "start")
	for _, each := range raw {
		var claim corev1.PersistentVolumeClaim
		content, ok := each.(map[string]any)
		if !ok || runtime.DefaultUnstructuredConverter.FromUnstructured(content, &claim) != nil {
			continue
		}
		if r.Claims[fmt.Sprintf("%s-%s-%d", claim.Name, o.GetName(), start+next)] {
			continue
		}
		one, storage := *resource.NewQuantity(1, resource.DecimalSI), claim.Spec.Resources.Requests[corev1.ResourceStorage]
		takes := corev1.ResourceList{corev1.ResourcePersistentVolumeClaims: one, "count/persistentvolumeclaims": one, corev1.ResourceRequestsStorage: storage}
		if class := claim.Spec.StorageClassName; class != nil && *class != "" {
			takes[corev1.ResourceName(*class+".storageclass.storage.k8s.io/requests.storage")] = storage
			takes[corev1.ResourceName(*class+".storageclass.storage.k8s.io/persistentvolumeclaims")] = one
		}
		add(all, takes)
	}
	return all
}

// lacksPods says whether a workload has fewer pods than it is to have, as its controller saw it last, and
// all that it has are ready: it makes the next one now, or can't.
func lacksPods(o *unstructured.Unstructured) bool {
	number := func(otherwise int64, path ...string) int64 {
		n, found, err := unstructured.NestedInt64(o.Object, path...)
		if err != nil || !found {
			return otherwise
		}
		return n
	}

	if o.GetKind() != "Job" && number(0, "status", "observedGeneration") < o.GetGeneration() {
		return false
	}

	switch o.GetKind() {
	case "StatefulSet":
		has := number(0, "status", "replicas")
		return has < number(1, "spec", "replicas") && has == number(0, "status", "readyReplicas")
	case "DaemonSet":
		has := number(0, "status", "currentNumberScheduled")
		return has < number(0, "status", "desiredNumberScheduled") && has == number(0, "status", "numberReady")
	case "Job":
		return isUnderWay(o) && number(0, "status", "active") == 0 && number(0, "status", "succeeded") < number(1, "spec", "completions")
	}
	return false
}

// isUnderWay says whether a Job was begun, is not suspended, and has neither completed nor failed.
func isUnderWay(job *unstructured.Unstructured) bool {
	suspended, _, _ := unstructured.NestedBool(job.Object, "spec", "suspend")
	_, started, _ := unstructured.NestedString(job.Object, "status", "startTime")
	conditions, _, _ := unstructured.NestedSlice(job.Object, "status", "conditions")
	return started && !suspended && len(conditions) == 0
}

// exceeds says in the API server's words how a pod exceeds a quota; empty where it has room.
func exceeds(q *corev1.ResourceQuota, needs corev1.ResourceList) string {
	var requested, used, limited []string
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		hard, counted := q.Status.Hard[name]
		if !counted {
			continue
		}
		has, need := q.Status.Used[name], needs[name]
		sum := has.DeepCopy()
		sum.Add(need)
		if sum.Cmp(hard) > 0 {
			requested = append(requested, fmt.Sprintf("%s=%s", name, need.String()))
			used = append(used, fmt.Sprintf("%s=%s", name, has.String()))
			limited = append(limited, fmt.Sprintf("%s=%s", name, hard.String()))
		}
	}
	if len(requested) == 0 {
		return ""
	}
	return fmt.Sprintf("exceeded quota: %s, requested: %s, used: %s, limited: %s",
		q.Name, strings.Join(requested, ","), strings.Join(used, ","), strings.Join(limited, ","))
}

// needs are what a pod takes of a quota, by the names that quotas have for it.
func (r Room) needs(pod *corev1.PodSpec) corev1.ResourceList {
	together, largest := corev1.ResourceList{}, corev1.ResourceList{}
	for i := range pod.Containers {
		add(together, r.takes(&pod.Containers[i]))
	}
	for i := range pod.InitContainers {
		takes := r.takes(&pod.InitContainers[i])
		if policy := pod.InitContainers[i].RestartPolicy; policy != nil && *policy == corev1.ContainerRestartPolicyAlways {
			add(together, takes) // it runs beside the others
			continue
		}
		atLeast(largest, takes)
	}
	atLeast(together, largest)
	one := *resource.NewQuantity(1, resource.DecimalSI)
	together[corev1.ResourcePods], together["count/pods"] = one, one
	return together
}

// takes is what a container requests, and is limited to, with the defaults of the namespace.
func (r Room) takes(c *corev1.Container) corev1.ResourceList {
	requests, limits := corev1.ResourceList{}, corev1.ResourceList{}
	missing(requests, c.Resources.Requests)
	missing(limits, c.Resources.Limits)
	missing(requests, limits) // who says a limit alone requests as much
	for i := range r.Limits {
		for _, item := range r.Limits[i].Spec.Limits {
			if item.Type == corev1.LimitTypeContainer {
				missing(requests, item.DefaultRequest)
				missing(limits, item.Default)
			}
		}
	}

	all := corev1.ResourceList{}
	for name, amount := range requests {
		all[name], all["requests."+name] = amount, amount
	}
	for name, amount := range limits {
		all["limits."+name] = amount
	}
	return all
}

// missing takes over what is missing.
func missing(to, from corev1.ResourceList) {
	for name, amount := range from {
		if _, there := to[name]; !there {
			to[name] = amount
		}
	}
}

func add(to, more corev1.ResourceList) {
	for name, amount := range more {
		sum := to[name].DeepCopy()
		sum.Add(amount)
		to[name] = sum
	}
}

func atLeast(to, other corev1.ResourceList) {
	for name, amount := range other {
		if has := to[name]; has.Cmp(amount) < 0 {
			to[name] = amount
		}
	}
}
