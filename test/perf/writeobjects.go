package main

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// The objects that newWrites writes are as large as those of a run.

// builtIn makes the object of a kind that an app brings.
func builtIn(kind string) func(place) *unstructured.Unstructured {
	var found *unstructured.Unstructured
	built, err := buildFor(municipality(1, writeApps), appInFolder)
	for _, object := range built {
		if object.GetKind() == kind {
			found = object
		}
	}
	if err != nil || found == nil {
		panic(fmt.Sprintf("the measured app has no %s: %v", kind, err)) // it is in the repository
	}
	return func(p place) *unstructured.Unstructured {
		object := found.DeepCopy()
		object.SetName(p.app)
		object.SetNamespace(p.namespace)
		return object
	}
}

func writtenInstallation(version string) func(place) *unstructured.Unstructured {
	return func(p place) *unstructured.Unstructured {
		object := ownAt(p)
		object.SetLabels(map[string]string{
			v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelMunicipality: p.namespace,
			v1alpha1.LabelEnvironment: "prod", v1alpha1.LabelApp: p.app,
		})
		object.SetAnnotations(map[string]string{v1alpha1.AnnotationDecision: "recommended by Network everybody"})
		object.Object["spec"] = map[string]any{
			"app": p.app, "version": version, "digest": digest(version), "state": "Present",
			"decidedBy": map[string]any{"level": "Network", "name": "everybody"},
			"move": map[string]any{
				"rollout": "everybody." + p.app + "." + version + ".1", "network": "everybody", "attempt": int64(1), "wave": "everyone",
				"target": map[string]any{"version": version, "digest": digest(version)}, "movedAt": "2027-03-01T12:00:00Z",
			},
			"tenant": map[string]any{
				"municipality": p.namespace, "number": "0001", "displayName": "Kommune 0001", "county": county,
				"environment": "prod", "stage": "Production", "zone": "Closed",
			},
		}
		return object
	}
}

// installationStatus is that of an app that runs; at is a time of the day.
func installationStatus(at string) func(place) *unstructured.Unstructured {
	return func(p place) *unstructured.Unstructured {
		object := ownAt(p)
		since := "2027-03-01T" + at + "Z"
		inventory := make([]any, 0, objectsPerInstallation)
		for _, kind := range []string{"v1/ConfigMap", "v1/ServiceAccount", "v1/Service", "policy/v1/PodDisruptionBudget", "apps/v1/Deployment"} {
			cut := strings.LastIndex(kind, "/")
			inventory = append(inventory, map[string]any{
				"apiVersion": kind[:cut], "kind": kind[cut+1:], "name": p.app, "sent": "0123456789abcdef", "owned": "0123456789abcdef",
				"uid": "01234567-89ab-cdef-0123-456789abcdef",
			})
		}
		object.Object["status"] = map[string]any{
			"observedGeneration": int64(1), "appliedVersion": firstVersion, "appliedDigest": digest(firstVersion), "healthySince": since,
			"conditions": []any{writtenCondition("Ready", p.app+" "+firstVersion+" runs", since)},
			"history":    []any{map[string]any{"version": firstVersion, "digest": digest(firstVersion), "appliedAt": since}},
			"inventory":  inventory,
		}
		return object
	}
}

func writtenMunicipality(p place) *unstructured.Unstructured {
	object := municipality(1, writeApps)
	object.SetName(p.namespace + "-" + p.app)
	return object
}

func municipalityStatus(at string) func(place) *unstructured.Unstructured {
	return func(p place) *unstructured.Unstructured {
		object := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": v1alpha1.GroupVersion.String(), "kind": "Municipality", "metadata": map[string]any{"name": p.namespace + "-" + p.app},
		}}
		since := "2027-03-01T" + at + "Z"
		apps := make([]any, 0, environments)
		for _, environment := range []string{"prod", "test"} {
			apps = append(apps, map[string]any{
				"name": p.app, "environment": environment, "state": "Ready", "version": firstVersion, "wanted": firstVersion,
				"decidedBy": map[string]any{"level": "Network", "name": "everybody", "reason": "recommended by Network everybody"},
				"rollout":   "everybody." + p.app + "." + firstVersion + ".1",
			})
		}
		object.Object["status"] = map[string]any{
			"running": "2/2", "upToDate": "2/2", "apps": apps, "conditions": []any{writtenCondition("AppsReady", "2 apps are ready", since)},
		}
		return object
	}
}

func writtenCondition(kind, message, since string) map[string]any {
	return map[string]any{"type": kind, "status": "True", "reason": "Ready", "message": message, "lastTransitionTime": since, "observedGeneration": int64(1)}
}

// ownAt is an AppInstallation of which nothing is known yet but where it is.
func ownAt(p place) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "AppInstallation",
		"metadata": map[string]any{"name": p.app, "namespace": p.namespace},
	}}
}

func digest(version string) string { return "sha256:" + strings.Repeat(version[:1], 64) }
