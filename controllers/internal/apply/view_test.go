package apply

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func untyped(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

const ours = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: vinje-prod
  uid: u
  resourceVersion: "7"
  generation: 2
  labels: {app.kubernetes.io/managed-by: allmenning, allmenning.dev/app: svarut}
  annotations: {allmenning.dev/prune: disabled}
  managedFields:
  - {manager: allmenning-app-svarut, operation: Apply, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:env": {"k:{\"name\":\"PASSWORD\"}": {".": {}, "f:value": {}}}}}}}}}}
  - {manager: kubectl, operation: Update, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:paused": {}}}}
spec:
  replicas: 2
  template: {spec: {containers: [{name: web, env: [{name: PASSWORD, value: secret}]}]}}
status: {observedGeneration: 2}
`

func TestSlim(t *testing.T) {
	cases := []struct {
		reason string
		in     string
		want   string
	}{
		{"an object of an app keeps its identity, shape and status, and the hash of what is ours", ours, `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: vinje-prod
  uid: u
  resourceVersion: "7"
  generation: 2
  labels: {app.kubernetes.io/managed-by: allmenning, allmenning.dev/app: svarut}
  annotations: {allmenning.dev/prune: disabled, cache.allmenning.dev/content: HASH}
spec: {replicas: 2}
status: {observedGeneration: 2}
`},
		{"no value of a Secret stays", `
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: vinje-prod, labels: {app.kubernetes.io/managed-by: allmenning}}
type: Opaque
data: {password: aGVp}
stringData: {password: hei}
`, `
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: vinje-prod, labels: {app.kubernetes.io/managed-by: allmenning}, annotations: {cache.allmenning.dev/content: HASH}}
type: Opaque
`},
		{"of a tenant's own object only who it is", `
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: vinje-prod, uid: u, resourceVersion: "1", labels: {team: x}, annotations: {a: b}}
data: {a: b}
`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: vinje-prod, uid: u, resourceVersion: "1"}
`},
		{"and which app may adopt it", `
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: vinje-prod, uid: u, resourceVersion: "1", annotations: {a: b, allmenning.dev/adopt: svarut}}
data: {a: b}
`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: vinje-prod, uid: u, resourceVersion: "1", annotations: {allmenning.dev/adopt: svarut}}
`},
		{"and whether the selector of a workload, of which the label was taken off, is narrowed to an app", `
apiVersion: apps/v1
kind: Deployment
metadata: {name: c, namespace: vinje-prod, uid: u, resourceVersion: "1"}
spec: {replicas: 2, selector: {matchLabels: {app: web, allmenning.dev/app: svarut}}}
`, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: c, namespace: vinje-prod, uid: u, resourceVersion: "1"}
spec: {selector: {matchLabels: {allmenning.dev/app: svarut}}}
`},
		{"and of which app a claim is, that a StatefulSet of the app made", `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c, namespace: vinje-prod, uid: u, resourceVersion: "1", labels: {app: db, allmenning.dev/app: svarut}}
spec: {volumeName: v}
`, `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c, namespace: vinje-prod, uid: u, resourceVersion: "1", labels: {allmenning.dev/app: svarut}}
`},
		{"of the operator's namespace all but field ownership", `
apiVersion: v1
kind: ConfigMap
metadata: {name: bundle, namespace: allmenning-system, labels: {a: b}, managedFields: [{manager: kubectl}]}
binaryData: {a: aGVp}
`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: bundle, namespace: allmenning-system, labels: {a: b}}
binaryData: {a: aGVp}
`},
		{"a pod template within a job template goes, too", `
apiVersion: batch/v1
kind: CronJob
metadata: {name: c, namespace: vinje-prod, labels: {app.kubernetes.io/managed-by: allmenning}}
spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {containers: []}}}}}
`, `
apiVersion: batch/v1
kind: CronJob
metadata: {name: c, namespace: vinje-prod, labels: {app.kubernetes.io/managed-by: allmenning}, annotations: {cache.allmenning.dev/content: HASH}}
spec: {schedule: "@daily"}
`},
	}
	view := NewView("allmenning-system")
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			in, want := untyped(t, tc.in), untyped(t, tc.want)
			hash := view.sign(in, contentHash(in))
			if annotations := want.GetAnnotations(); annotations[annotationContent] == "HASH" {
				annotations[annotationContent] = hash
				want.SetAnnotations(annotations)
			}
			for _, pass := range []string{"once", "twice, as a cache may do"} {
				got, err := view.Transform(in)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(any(want), got); diff != "" {
					t.Errorf("transformed %s (-want +got):\n%s", pass, diff)
				}
			}
		})
	}
}

func TestSlimKeepsOurFieldsOfTypedObjects(t *testing.T) {
	m := &corev1.ConfigMap{Data: map[string]string{"a": "b"}}
	m.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}, {Manager: Owner}, {Manager: Owner + "-rollup"}}
	if _, err := NewView("allmenning-system").Transform(m); err != nil {
		t.Fatal(err)
	}
	want := []metav1.ManagedFieldsEntry{{Manager: Owner}, {Manager: Owner + "-rollup"}}
	if diff := cmp.Diff(want, m.ManagedFields); diff != "" || m.Data["a"] != "b" {
		t.Errorf("data %v, managed fields (-want +got):\n%s", m.Data, diff)
	}
}

func TestSlimDropsFieldsOfOwnKinds(t *testing.T) {
	i := &v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{App: "svarut"}}
	i.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}, {Manager: Owner}}
	if _, err := NewView("allmenning-system").Transform(i); err != nil {
		t.Fatal(err)
	}
	if len(i.ManagedFields) > 0 || i.Spec.App != "svarut" {
		t.Errorf("got %+v, want all but the managed fields", i)
	}
}

func TestSlimLeavesWhatIsNoObject(t *testing.T) {
	got, err := NewView("allmenning-system").Transform("text")
	if err != nil || got != any("text") {
		t.Errorf("%v, %v, want it as it was", got, err)
	}
}
