package contract

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/internal/podtemplate"
)

// successorOf is the version that took the place of one that Kubernetes no longer serves; empty for one that it
// serves, and for one that has no successor.
func successorOf(gvk schema.GroupVersionKind) string {
	switch gvk.GroupVersion().String() + "/" + gvk.Kind {
	case "extensions/v1beta1/Deployment", "extensions/v1beta1/DaemonSet", "extensions/v1beta1/ReplicaSet",
		"apps/v1beta1/Deployment", "apps/v1beta1/StatefulSet",
		"apps/v1beta2/Deployment", "apps/v1beta2/StatefulSet", "apps/v1beta2/DaemonSet", "apps/v1beta2/ReplicaSet":
		return "apps/v1"
	case "extensions/v1beta1/Ingress", "networking.k8s.io/v1beta1/Ingress":
		return "networking.k8s.io/v1"
	case "batch/v1beta1/CronJob", "batch/v2alpha1/CronJob":
		return "batch/v1"
	case "policy/v1beta1/PodDisruptionBudget":
		return "policy/v1"
	case "autoscaling/v2beta1/HorizontalPodAutoscaler", "autoscaling/v2beta2/HorizontalPodAutoscaler":
		return "autoscaling/v2"
	case "rbac.authorization.k8s.io/v1alpha1/Role", "rbac.authorization.k8s.io/v1alpha1/RoleBinding",
		"rbac.authorization.k8s.io/v1beta1/Role", "rbac.authorization.k8s.io/v1beta1/RoleBinding":
		return "rbac.authorization.k8s.io/v1"
	}
	return ""
}

// fitOutdated writes an object of a version that is no longer served as the API server once did, where the
// successor says the same. One that would mean something else stays, and is refused.
func fitOutdated(o *unstructured.Unstructured) []string {
	retarget := fitScaleTarget(o)
	gvk := o.GroupVersionKind()
	successor := successorOf(gvk)
	if successor == "" {
		return retarget
	}
	fits := true
	switch gvk.Kind {
	case "Deployment", "DaemonSet", "ReplicaSet", "StatefulSet":
		fits = fitWorkload(o)
	case "Ingress":
		fits = fitIngress(o)
	case "PodDisruptionBudget": // of the old version, an empty selector means no pods; of the new one, all
		selector, _, err := unstructured.NestedMap(o.Object, "spec", "selector")
		fits = err == nil && len(selector) > 0
	case "HorizontalPodAutoscaler":
		fits = gvk.Version != "v2beta1"
	}
	if !fits {
		return retarget
	}
	before := o.GetAPIVersion()
	o.SetAPIVersion(successor)
	return append(retarget, fmt.Sprintf("%s is written as %s, as Kubernetes no longer has it", before, successor))
}

// fitScaleTarget has an autoscaler name the version of its workload that is served.
func fitScaleTarget(o *unstructured.Unstructured) []string {
	kind, _ := ScaleTarget(o)
	version, _, err := unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "apiVersion")
	if kind == "" || err != nil {
		return nil
	}
	successor := successorOf(schema.FromAPIVersionAndKind(version, kind))
	if successor == "" || unstructured.SetNestedField(o.Object, successor, "spec", "scaleTargetRef", "apiVersion") != nil {
		return nil
	}
	return []string{"spec.scaleTargetRef.apiVersion is written as " + successor}
}

// fitWorkload writes the selector that older versions took from the labels of the pods, and takes off what they
// alone had.
func fitWorkload(o *unstructured.Unstructured) bool {
	spec, ok := o.Object["spec"].(map[string]any)
	if !ok {
		return false
	}
	delete(spec, "rollbackTo")
	delete(spec, "templateGeneration")
	if spec["selector"] != nil {
		return true
	}
	template := podtemplate.Path(schema.GroupVersionKind{Group: "apps", Kind: o.GetKind()})
	labels, _, err := unstructured.NestedStringMap(o.Object, append(template, "metadata", "labels")...)
	if err != nil || len(labels) == 0 {
		return false
	}
	return unstructured.SetNestedStringMap(o.Object, labels, "spec", "selector", "matchLabels") == nil
}

// fitIngress writes backends as the present version does.
func fitIngress(o *unstructured.Unstructured) bool {
	spec, ok := o.Object["spec"].(map[string]any)
	if !ok {
		return false
	}
	if backend, there := spec["backend"]; there {
		if !fitBackend(backend) {
			return false
		}
		delete(spec, "backend")
		spec["defaultBackend"] = backend
	}
	rules, _ := spec["rules"].([]any)
	for _, rule := range rules {
		content, _ := rule.(map[string]any)
		http, _ := content["http"].(map[string]any)
		paths, _ := http["paths"].([]any)
		for _, path := range paths {
			if !fitPath(path) {
				return false
			}
		}
	}
	return true
}

func fitPath(path any) bool {
	content, ok := path.(map[string]any)
	if !ok || !fitBackend(content["backend"]) {
		return false
	}
	if content["pathType"] == nil {
		content["pathType"] = "ImplementationSpecific"
	}
	return true
}

func fitBackend(backend any) bool {
	content, ok := backend.(map[string]any)
	if !ok {
		return false
	}
	if content["service"] != nil || content["resource"] != nil {
		return true
	}
	name, ok := content["serviceName"].(string)
	if !ok {
		return false
	}
	port := map[string]any{}
	switch value := content["servicePort"].(type) {
	case int64:
		port["number"] = value
	case string:
		port["name"] = value
	default:
		return false
	}
	delete(content, "serviceName")
	delete(content, "servicePort")
	content["service"] = map[string]any{"name": name, "port": port}
	return true
}

// outdated is a finding on an object of a version that is no longer served.
func outdated(gvk schema.GroupVersionKind, successor string) []Finding {
	return one("apiVersion", fmt.Sprintf("%s (%s) is no longer served by Kubernetes", gvk.Kind, gvk.GroupVersion()),
		"write it as "+successor+", whose fields differ: kubectl explain "+strings.ToLower(gvk.Kind)+" says how")
}
