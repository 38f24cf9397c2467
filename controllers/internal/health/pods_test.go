package health_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/allmenning/allmenning/controllers/internal/health"
)

func TestCauses(t *testing.T) {
	const secret = "hunter2"
	pod := func(status string) string {
		return `{metadata: {name: web-5d-x, labels: {pod-template-hash: 5d}, ownerReferences: [{kind: ReplicaSet, name: web-5d, controller: true}]},
			spec: {containers: [{name: c, readinessProbe: {}}]}, status: {` + status + `}}`
	}
	container := func(state string) string {
		return pod(`conditions: [{type: Ready, status: "False"}], containerStatuses: [{name: c, restartCount: 4, ` + state + `}]`)
	}
	waits := func(reason, message string) string {
		return container(`state: {waiting: {reason: ` + reason + `, message: '` + message + `'}}`)
	}
	for _, tc := range []struct {
		reason, pod string
		// want is what is said of Deployment/web; empty where nothing is.
		want string
	}{
		{"it is ready", pod(`conditions: [{type: Ready, status: "True"}], containerStatuses: [{name: c, restartCount: 4, state: {running: {}}, ready: true}]`), ""},
		{"nobody has looked at it yet", pod(""), ""},
		{"it is on its way out", strings.Replace(waits("CrashLoopBackOff", ""), "metadata: {", `metadata: {deletionTimestamp: "2026-11-22T12:00:00Z", `, 1), ""},
		{"no node has room", pod(`conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."}]`),
			"no node takes it: 0/3 nodes are available: 3 Insufficient cpu"},
		{"no node takes it, as of taints", pod(`conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "0/1 nodes are available: 1 node(s) had untolerated taint {a: b}."}]`), "untolerated taint {a: b}"},
		{"a claim is not bound", pod(`conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."}]`), "pod has unbound immediate PersistentVolumeClaims"},
		{"a scheduler that says much", pod(`conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "` + strings.Repeat("x", 500) + `"}]`), "xxx..."},
		{"a gate", pod(`conditions: [{type: PodScheduled, status: "False", reason: SchedulingGated}]`), "no node takes it: SchedulingGated"},
		{"the registry wants a login", waits("ImagePullBackOff", `Back-off pulling image "r/i": unauthorized: `+secret), "container c waits for its image, which can''t be pulled (ImagePullBackOff): the registry wants a login, see spec.imagePullSecretRef of the SharedApp"},
		{"there is no such image", waits("ErrImagePull", "rpc error: code = NotFound desc = manifest unknown"), "(ErrImagePull): the registry does not have it"},
		{"there is no way to the registry", waits("ErrImagePull", "dial tcp: lookup r: no such host"), "the registry can''t be reached"},
		{"a name that is none", waits("InvalidImageName", "couldn''t parse "+secret), "(InvalidImageName)"},
		{"a Secret is missing", waits("CreateContainerConfigError", `secret "db" not found`), "container c can''t start (CreateContainerConfigError): there is no Secret db"},
		{"a key is missing", waits("CreateContainerConfigError", "couldn''t find key password in Secret vinje-prod/db"), ": Secret db has no key password"},
		{"what else a kubelet says may quote a variable", waits("CreateContainerError", "invalid environment A="+secret), "can''t start (CreateContainerError)"},
		{"it crashes", container(`state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled, message: ` + secret + `}}`), "container c ends again and again, with exit code 137 (OOMKilled), restarts: 4"},
		{"it has just crashed", container(`state: {terminated: {exitCode: 2, reason: Error, message: ` + secret + `}}`), "container c has ended, with exit code 2 (Error), restarts: 4"},
		{"a reason that is a text", container(`state: {terminated: {exitCode: 2, reason: "password is ` + secret + `"}}`), "with exit code 2 (Error)"},
		{"it is not ready", container(`started: true, state: {running: {}}`), "container c runs, and is not ready: its readiness probe does not pass, restarts: 4"},
		{"it has not started up", strings.Replace(container(`started: false, state: {running: {}}`), "readinessProbe: {}", "startupProbe: {}", 1), "its startup probe does not pass"},
		{"its volumes are not there", waits("ContainerCreating", ""), "waits for its volumes or its network"},
		{"an init container comes first", strings.NewReplacer("containers: [{name: c", "initContainers: [{name: i}], containers: [{name: c", "containerStatuses: [", "initContainerStatuses: [{name: i, state: {waiting: {reason: CrashLoopBackOff}}}], containerStatuses: [").Replace(waits("PodInitializing", "")), "container i ends again and again"},
		{"a node threw it out", pod(`phase: Failed, reason: Evicted, message: ` + secret), "it has failed: Evicted"},
		{"it is nobody's", strings.Replace(waits("CrashLoopBackOff", ""), "controller: true", "controller: false", 1), ""},
	} {
		got := health.Causes([]corev1.Pod{parsed[corev1.Pod](t, tc.pod)})["Deployment/web"]
		want := strings.ReplaceAll(tc.want, "''", "'")
		if (got == "") != (want == "") || !strings.Contains(got, want) || strings.Contains(got, secret) || len(got) > 256 {
			t.Errorf("%s: %q, want %q", tc.reason, got, want)
		}
	}
}

func TestCausesOfWorkloads(t *testing.T) {
	pod := func(name, kind, owner string) corev1.Pod {
		return parsed[corev1.Pod](t, `{metadata: {name: `+name+`, ownerReferences: [{kind: `+kind+`, name: `+owner+`, controller: true}]}, status: {containerStatuses: [{name: c, state: {waiting: {reason: CrashLoopBackOff}}}]}}`)
	}
	got := health.Causes([]corev1.Pod{pod("db-1", "StatefulSet", "db"), pod("db-0", "StatefulSet", "db"), pod("import-x", "Job", "import")})
	if len(got) != 2 || !strings.HasPrefix(got["StatefulSet/db"], "pod db-0: ") || got["Job/import"] == "" {
		t.Errorf("causes: %v", got)
	}
}
