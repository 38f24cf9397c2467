package health_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/controllers/internal/health"
)

// parsed reads an object.
func parsed[T any](t *testing.T, text string) T {
	t.Helper()
	var o T
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRoomLacks(t *testing.T) {
	const (
		pods = `{metadata: {name: allmenning}, status: {hard: {pods: "5"}, used: {pods: "5"}}}`
		free = `{metadata: {name: allmenning}, status: {hard: {pods: "5", requests.memory: 1Gi, limits.memory: 1Gi}, used: {pods: "4", requests.memory: 1000Mi, limits.memory: 512Mi}}}`

		tiny     = `template: {spec: {containers: [{name: a, resources: {requests: {memory: 24Mi}, limits: {memory: 24Mi}}}]}}`
		stateful = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 2}, spec: {replicas: 2, ` + tiny + `}, status: {observedGeneration: 2, replicas: 1, readyReplicas: 1}}`
		daemon   = `{apiVersion: apps/v1, kind: DaemonSet, metadata: {generation: 1}, spec: {` + tiny + `}, status: {observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 1, numberReady: 1}}`
		stored   = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, generation: 2}, spec: {replicas: 2, volumeClaimTemplates: [{metadata: {name: data}, spec: {resources: {requests: {storage: 2Gi}}}}], ` + tiny + `}, status: {observedGeneration: 2, replicas: 1, readyReplicas: 1}}`
		disk     = `{metadata: {name: allmenning}, status: {hard: {requests.storage: 3Gi, persistentvolumeclaims: "5"}, used: {requests.storage: 2Gi, persistentvolumeclaims: "1"}}}`
		job      = `{apiVersion: batch/v1, kind: Job, spec: {` + tiny + `}, status: {startTime: "2026-11-29T08:00:00Z"}}`
	)
	with := func(text string, changes ...string) string { return strings.NewReplacer(changes...).Replace(text) }
	cases := []struct {
		reason, object, quota string
		// want is a part of what is said; empty where nothing is.
		want string
	}{
		{"a StatefulSet", stateful, pods, "its pods can't be made: exceeded quota: allmenning, requested: pods=1, used: pods=5, limited: pods=5"},
		{"a DaemonSet", daemon, pods, "exceeded quota: allmenning, requested: pods=1"},
		{"a Job", job, pods, "exceeded quota: allmenning, requested: pods=1"},
		{"there is room for it, to the last byte", stateful, free, ""},
		{"it requests more than is left", with(stateful, "requests: {memory: 24Mi}", "requests: {memory: 25Mi}"), free, "requested: requests.memory=25Mi, used: requests.memory=1000Mi, limited: requests.memory=1Gi"},
		{"so it does with the request that its limit gives it", with(stateful, "requests: {memory: 24Mi}, limits: {memory: 24Mi}", "limits: {memory: 32Mi}"), free, "requests.memory=32Mi"},
		{"and with the defaults of the namespace", with(stateful, "resources: {requests: {memory: 24Mi}, limits: {memory: 24Mi}}", "image: a"), free, "requested: requests.memory=128Mi"},
		{"its limits are counted", with(stateful, "limits: {memory: 24Mi}", "limits: {memory: 600Mi}"), free, "requested: limits.memory=600Mi"},
		{"its containers are counted together", with(stateful, "containers: [", "containers: [{name: b, resources: {requests: {memory: 1Mi}, limits: {memory: 1Mi}}}, "), free, "requests.memory=25Mi"},
		{"an init container comes before them", with(stateful, "containers: [", "initContainers: [{name: b, resources: {requests: {memory: 1Mi}, limits: {memory: 1Mi}}}], containers: ["), free, ""},
		{"and counts where it takes more", with(stateful, "containers: [", "initContainers: [{name: b, resources: {requests: {memory: 30Mi}, limits: {memory: 30Mi}}}], containers: ["), free, "requests.memory=30Mi"},
		{"a sidecar runs beside them", with(stateful, "containers: [", "initContainers: [{name: b, restartPolicy: Always, resources: {requests: {memory: 1Mi}, limits: {memory: 1Mi}}}], containers: ["), free, "requests.memory=25Mi"},
		{"its claim exceeds the storage", stored, disk, "its claims can't be made: exceeded quota: allmenning, requested: requests.storage=2Gi, used: requests.storage=2Gi, limited: requests.storage=3Gi"},
		{"or how many there may be", stored, with(disk, "3Gi", "9Gi", `"5"`, `"1"`), "requested: persistentvolumeclaims=1, used: persistentvolumeclaims=1, limited: persistentvolumeclaims=1"},
		{"or those of its class", with(stored, "{resources: {requests: {storage", "{storageClassName: fast, resources: {requests: {storage"), with(disk, "3Gi", "9Gi", `"5"`, `"9", fast.storageclass.storage.k8s.io/requests.storage: 1Gi`), "requested: fast.storageclass.storage.k8s.io/requests.storage=2Gi"},
		{"there is room for the claim", stored, with(disk, "3Gi", "4Gi"), ""},
		{"the claim is there from before", with(stored, "name: db", "name: old"), disk, ""},
		{"a quota for some pods alone is not judged", stateful, with(pods, "status:", "spec: {scopes: [BestEffort]}, status:"), ""},
		{"all pods are there", with(stateful, "replicas: 2,", "replicas: 1,"), pods, ""},
		{"one is on its way", with(stateful, "readyReplicas: 1", "readyReplicas: 0"), pods, ""},
		{"its controller has not seen the latest change", with(stateful, "observedGeneration: 2", "observedGeneration: 1"), pods, ""},
		{"a DaemonSet with all its pods", with(daemon, "currentNumberScheduled: 1", "currentNumberScheduled: 2"), pods, ""},
		{"a Job that has not begun", with(job, `startTime: "2026-11-29T08:00:00Z"`, ""), pods, ""},
		{"a Job that runs", with(job, "status: {", "status: {active: 1, "), pods, ""},
		{"a Job that is done", with(job, "status: {", "status: {succeeded: 1, "), pods, ""},
		{"a Job that failed", with(job, "status: {", `status: {conditions: [{type: Failed, status: "True"}], `), pods, ""},
		{"a Job that is suspended", with(job, "spec: {", "spec: {suspend: true, "), pods, ""},
		{"a Deployment says so itself", with(stateful, "StatefulSet", "Deployment"), pods, ""},
		{"another kind", `{apiVersion: v1, kind: ConfigMap}`, pods, ""},
	}
	limits := parsed[corev1.LimitRange](t, `{spec: {limits: [{type: Container, defaultRequest: {memory: 128Mi}, default: {memory: 256Mi}}]}}`)
	for _, c := range cases {
		o := parsed[unstructured.Unstructured](t, c.object)
		seen := o.DeepCopy()
		unstructured.RemoveNestedField(seen.Object, "spec", "template") // as in the cache
		got := health.Room{Claims: map[string]bool{"data-db-0": true, "data-old-1": true}, Quotas: []corev1.ResourceQuota{parsed[corev1.ResourceQuota](t, c.quota)}, Limits: []corev1.LimitRange{limits}}.Lacks(seen, &o)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.reason, got, c.want)
		}
	}
}
