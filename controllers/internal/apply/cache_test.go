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
  - {manager: allmenning, operation: Apply, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:replicas": {}}}}
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
  annotations: {allmenning.dev/prune: disabled, cache.allmenning.dev/owned: HASH}
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
metadata: {name: s, namespace: vinje-prod, labels: {app.kubernetes.io/managed-by: allmenning}, annotations: {cache.allmenning.dev/owned: ""}}
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
metadata: {name: c, namespace: vinje-prod, labels: {app.kubernetes.io/managed-by: allmenning}, annotations: {cache.allmenning.dev/owned: ""}}
spec: {schedule: "@daily"}
`},
	}
	transform := Slim("allmenning-system")
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			in, want := untyped(t, tc.in), untyped(t, tc.want)
			hash := OwnedHash(in)
			if annotations := want.GetAnnotations(); annotations[annotationOwned] == "HASH" {
				annotations[annotationOwned] = hash
				want.SetAnnotations(annotations)
			}
			for _, pass := range []string{"once", "twice, as a cache may do"} {
				got, err := transform(in)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(any(want), got); diff != "" {
					t.Errorf("transformed %s (-want +got):\n%s", pass, diff)
				}
			}
			if want.GetLabels()[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && OwnedHash(in) != hash {
				t.Errorf("the hash is %q in the cache and %q from the API server", OwnedHash(in), hash)
			}
		})
	}
}

func TestSlimKeepsOurFieldsOfTypedObjects(t *testing.T) {
	m := &corev1.ConfigMap{Data: map[string]string{"a": "b"}}
	m.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}, {Manager: Owner}, {Manager: Owner + "-rollup"}}
	if _, err := Slim("allmenning-system")(m); err != nil {
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
	if _, err := Slim("allmenning-system")(i); err != nil {
		t.Fatal(err)
	}
	if len(i.ManagedFields) > 0 || i.Spec.App != "svarut" {
		t.Errorf("got %+v, want all but the managed fields", i)
	}
}

func TestSlimLeavesWhatIsNoObject(t *testing.T) {
	got, err := Slim("allmenning-system")("text")
	if err != nil || got != any("text") {
		t.Errorf("%v, %v, want it as it was", got, err)
	}
}

func TestOwnedHash(t *testing.T) {
	base := OwnedHash(untyped(t, ours))
	if len(base) != 16 {
		t.Fatalf("hash %q, want 16 digits", base)
	}
	entries := func(o *unstructured.Unstructured) []any {
		all, _, err := unstructured.NestedSlice(o.Object, "metadata", "managedFields")
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	change := func(field string, value any) func(*unstructured.Unstructured) {
		return func(o *unstructured.Unstructured) {
			all := entries(o)
			entry, ok := all[0].(map[string]any)
			if !ok {
				t.Fatalf("%T", all[0])
			}
			entry[field] = value
			if err := unstructured.SetNestedSlice(o.Object, all, "metadata", "managedFields"); err != nil {
				t.Fatal(err)
			}
		}
	}
	cases := []struct {
		reason string
		change func(*unstructured.Unstructured)
		want   string
	}{
		{"values do not count", func(o *unstructured.Unstructured) { o.Object["spec"] = map[string]any{"replicas": int64(9)} }, base},
		{"nor what others own", func(o *unstructured.Unstructured) {
			if err := unstructured.SetNestedSlice(o.Object, entries(o)[:1], "metadata", "managedFields"); err != nil {
				t.Fatal(err)
			}
		}, base},
		{"nor the time of writing", change("time", "2026-11-22T12:00:00Z"), base},
		{"an annotation of the cache's name that somebody wrote hides nothing", func(o *unstructured.Unstructured) {
			o.SetAnnotations(map[string]string{annotationOwned: "x"})
		}, base},
		{"the operator owns nothing", func(o *unstructured.Unstructured) { o.SetManagedFields(nil) }, ""},
		{"what it wrote otherwise is no apply", change("operation", "Update"), ""},
		{"what it owns of a status is not of the object", change("subresource", "status"), ""},
		{"a manager that begins alike is another", change("manager", "allmenning-rollup"), ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			o := untyped(t, ours)
			tc.change(o)
			if got := OwnedHash(o); got != tc.want {
				t.Errorf("OwnedHash = %q, want %q", got, tc.want)
			}
		})
	}
	taken := untyped(t, ours)
	change("fieldsV1", map[string]any{"f:spec": map[string]any{}})(taken)
	if got := OwnedHash(taken); got == base || got == "" {
		t.Errorf("a field was taken over, and the hash is %q, before %q", got, base)
	}
}
