// Package podtemplate knows where workloads keep the template of their pods.
package podtemplate

import "k8s.io/apimachinery/pkg/runtime/schema"

// Path is where objects of a kind keep the template that their pods are made of; nil for a kind
// that makes no pods. The result is the caller's own.
func Path(gvk schema.GroupVersionKind) []string {
	switch gvk.Group + "/" + gvk.Kind {
	case "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet", "/ReplicationController", "batch/Job":
		return []string{"spec", "template"}
	case "batch/CronJob":
		return []string{"spec", "jobTemplate", "spec", "template"}
	}
	return nil
}

// Spec is where objects of a kind keep the spec of pods: their own, for a Pod; nil for a kind that
// has none.
func Spec(gvk schema.GroupVersionKind) []string {
	if gvk.Group == "" && gvk.Kind == "Pod" {
		return []string{"spec"}
	}
	if path := Path(gvk); path != nil {
		return append(path, "spec")
	}
	return nil
}

// Selector is where workloads of a kind keep the labels that choose their pods, and that can't be changed;
// nil for a kind that has none such. The result is the caller's own.
func Selector(gvk schema.GroupVersionKind) []string {
	switch gvk.Group + "/" + gvk.Kind {
	case "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet":
		return []string{"spec", "selector", "matchLabels"}
	}
	return nil
}

// Fields are the fields under which workloads, and most of apps' own kinds, keep their templates.
func Fields() [][]string {
	return [][]string{{"spec", "template"}, {"spec", "jobTemplate"}}
}
