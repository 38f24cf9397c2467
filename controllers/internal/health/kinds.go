package health

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// jobHealth: a Job is as it should be when it has succeeded, and not when it has begun. One that is suspended
// is not asked to.
func jobHealth(o *unstructured.Unstructured) (state State, message string, found bool) {
	if gvk := o.GroupVersionKind(); gvk.Group != "batch" || gvk.Kind != "Job" {
		return "", "", false
	}
	if c := conditionOf(o, "Failed"); c != nil && c["status"] == "True" {
		return Failed, fmt.Sprintf("it has failed: %v", c["message"]), true
	}
	if c := conditionOf(o, "Complete"); c != nil && c["status"] == "True" {
		return Healthy, "", true
	}
	if suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend"); suspended {
		return Healthy, "", true
	}
	if failed, _, _ := unstructured.NestedInt64(o.Object, "status", "failed"); failed > 0 {
		return Progressing, fmt.Sprintf("it has not succeeded yet; %d of its pods failed", failed), true
	}
	return Progressing, "it has not succeeded yet", true
}

// onDeleteHealth: with the update strategy OnDelete the pods of before run on until somebody deletes them.
func onDeleteHealth(o *unstructured.Unstructured) (state State, message string, found bool) {
	strategy, _, _ := unstructured.NestedString(o.Object, "spec", "updateStrategy", "type")
	if gvk := o.GroupVersionKind(); gvk.Group != "apps" || gvk.Kind != "StatefulSet" || strategy != "OnDelete" {
		return "", "", false
	}
	number := func(otherwise int64, path ...string) int64 {
		n, has, err := unstructured.NestedInt64(o.Object, path...)
		if err != nil || !has {
			return otherwise
		}
		return n
	}
	pods := number(1, "spec", "replicas")
	switch {
	case number(0, "status", "observedGeneration") < o.GetGeneration():
		return Progressing, "its controller has not seen the latest change", true
	case number(0, "status", "updatedReplicas") < pods && number(0, "status", "replicas") > 0:
		return Progressing, "pods of before run until somebody deletes them, as updateStrategy is OnDelete", true
	case number(0, "status", "readyReplicas") < pods:
		return Progressing, fmt.Sprintf("%d of %d pods are ready", number(0, "status", "readyReplicas"), pods), true
	}
	return Healthy, "", true
}

// scalerHealth: an autoscaler that can't find, or can't understand, what it is to scale does nothing. That
// metrics are missing, as right after the start of a pod, keeps no app from running for a while: see Blind.
func scalerHealth(o *unstructured.Unstructured) (state State, message string, found bool) {
	if gvk := o.GroupVersionKind(); gvk.Group != "autoscaling" || gvk.Kind != "HorizontalPodAutoscaler" {
		return "", "", false
	}
	if c := conditionOf(o, "AbleToScale"); c != nil && c["status"] == "False" {
		return Progressing, fmt.Sprintf("it can't scale: %v", c["message"]), true
	}
	if c := conditionOf(o, "ScalingActive"); c != nil && c["status"] == "False" {
		switch c["reason"] {
		case "InvalidSelector", "InvalidMetricSourceType", "AmbiguousSelector":
			return Failed, fmt.Sprintf("it can't scale: %v", c["message"]), true
		}
	}
	return Healthy, "", true
}

// metricsPatience is how long an autoscaler may be without metrics, as it is right after the start of a pod.
const metricsPatience = 5 * time.Minute

// Blind says of an autoscaler that it has had no metrics for too long, so that it can't scale; empty of all else. wait is how
// long it still may be without: nobody reports when that ends.
func Blind(o *unstructured.Unstructured, now time.Time) (message string, wait time.Duration) {
	if gvk := o.GroupVersionKind(); gvk.Group != "autoscaling" || gvk.Kind != "HorizontalPodAutoscaler" {
		return "", 0
	}
	c := conditionOf(o, "ScalingActive")
	if c == nil || c["status"] != "False" {
		return "", 0
	}
	if reason, ok := c["reason"].(string); !ok || !strings.HasPrefix(reason, "FailedGet") {
		return "", 0
	}
	text, _ := c["lastTransitionTime"].(string)
	since, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "", 0
	}
	if wait := metricsPatience - now.Sub(since); wait > 0 {
		return "", wait
	}
	return fmt.Sprintf("it has had no metrics for more than %s, so that it can't scale; see that the cluster serves the metrics that it names: %v", metricsPatience, c["message"]), 0
}

// conditionOf is a condition of an object's status; nil where there is none.
func conditionOf(o *unstructured.Unstructured, kind string) map[string]any {
	conditions, _, err := unstructured.NestedSlice(o.Object, "status", "conditions")
	if err != nil {
		return nil
	}
	for _, c := range conditions {
		if found, ok := c.(map[string]any); ok && found["type"] == kind {
			return found
		}
	}
	return nil
}
