package apply

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// set changes a field of an object.
func set(t *testing.T, o *unstructured.Unstructured, value any, path ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}

// container is the one container of the Deployment that the tests use.
func container(t *testing.T, o *unstructured.Unstructured) map[string]any {
	t.Helper()
	all, _, err := unstructured.NestedFieldNoCopy(o.Object, "spec", "template", "spec", "containers")
	list, ok := all.([]any)
	if err != nil || !ok {
		t.Fatalf("containers %v, %v", all, err)
	}
	found, ok := list[0].(map[string]any)
	if !ok {
		t.Fatalf("%T", list[0])
	}
	return found
}

// managed changes a field of the first entry of field ownership, which is the app's.
func managed(t *testing.T, o *unstructured.Unstructured, field string, value any) {
	t.Helper()
	all, _, err := unstructured.NestedSlice(o.Object, "metadata", "managedFields")
	if err != nil {
		t.Fatal(err)
	}
	entry, ok := all[0].(map[string]any)
	if !ok {
		t.Fatalf("%T", all[0])
	}
	entry[field] = value
	set(t, o, all, "metadata", "managedFields")
}

func TestContentHash(t *testing.T) {
	ignoring := strings.Replace(ours, "annotations: {", "annotations: {allmenning.dev/ignore-fields: spec.replicas, ", 1)
	owning := strings.Replace(ignoring, `fieldsV1: {"f:spec"`, `fieldsV1: {"f:metadata": {"f:annotations": {"f:allmenning.dev/ignore-fields": {}}}, "f:spec"`, 1)
	service := `
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app.kubernetes.io/managed-by: allmenning, allmenning.dev/app: svarut}
  managedFields:
  - {manager: allmenning-app-svarut, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:selector": {"f:app": {}}, "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}}}
spec: {selector: {app: web}, ports: [{port: 80, protocol: TCP, targetPort: 80}], sessionAffinity: None}
`
	cases := []struct {
		reason string
		object string
		change func(*testing.T, *unstructured.Unstructured)
		drift  bool
	}{
		{"nothing changed", ours, func(*testing.T, *unstructured.Unstructured) {}, false},
		{"a value that the app wrote, under its own field manager", ours, func(t *testing.T, o *unstructured.Unstructured) { set(t, o, int64(3), "spec", "replicas") }, true},
		{"a value in the pod template", ours, func(t *testing.T, o *unstructured.Unstructured) {
			container(t, o)["env"] = []any{map[string]any{"name": "PASSWORD", "value": "other"}}
		}, true},
		{"a field that others may add", ours, func(t *testing.T, o *unstructured.Unstructured) { set(t, o, true, "spec", "paused") }, false},
		{"a sidecar that somebody added", ours, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, []any{container(t, o), map[string]any{"name": "sidecar"}}, "spec", "template", "spec", "containers")
		}, true},
		{"a variable that somebody added", ours, func(t *testing.T, o *unstructured.Unstructured) { container(t, o)["command"] = []any{"sh"} }, true},
		{"that a person restarted it", ours, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "2026-11-22T12:00:00Z", "spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")
		}, true}, // the map of annotations itself is new; a second restart is none
		{"a label that was taken off", ours, func(_ *testing.T, o *unstructured.Unstructured) {
			o.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy})
		}, true},
		{"a field that only somebody else's annotation leaves to others", ignoring, func(t *testing.T, o *unstructured.Unstructured) { set(t, o, int64(9), "spec", "replicas") }, true},
		{"a field that is left to others", owning, func(t *testing.T, o *unstructured.Unstructured) { set(t, o, int64(9), "spec", "replicas") }, false},
		{"the time of writing", ours, func(t *testing.T, o *unstructured.Unstructured) { managed(t, o, "time", "2026-11-22T12:00:00Z") }, false},
		{"a field ownership that somebody took over", ours, func(t *testing.T, o *unstructured.Unstructured) {
			managed(t, o, "fieldsV1", map[string]any{"f:spec": map[string]any{}})
		}, true},
		{"a field ownership that was reset", ours, func(_ *testing.T, o *unstructured.Unstructured) { o.SetManagedFields(nil) }, true},
		{"a port of a Service", service, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, []any{map[string]any{"port": int64(80), "protocol": "TCP", "targetPort": int64(6379)}}, "spec", "ports")
		}, true},
		{"an address that a Service never had", service, func(t *testing.T, o *unstructured.Unstructured) { set(t, o, []any{"192.0.2.1"}, "spec", "externalIPs") }, true},
		{"a name elsewhere that a Service leads to", service, func(t *testing.T, o *unstructured.Unstructured) {
			set(t, o, "ExternalName", "spec", "type")
			set(t, o, "evil.example", "spec", "externalName")
		}, true},
		{"how a Service keeps sessions", service, func(t *testing.T, o *unstructured.Unstructured) { set(t, o, "ClientIP", "spec", "sessionAffinity") }, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			before, after := untyped(t, tc.object), untyped(t, tc.object)
			tc.change(t, after)
			first, second := contentHash(before), contentHash(after)
			if first == "" {
				t.Fatal("the app owns nothing")
			}
			if (first != second) != tc.drift {
				t.Errorf("drift %v, want %v: %s and %s", first != second, tc.drift, first, second)
			}
		})
	}
}

// A tenant may write as many items as an object holds, and each event of it is hashed before any other
// tenant's: looking through the list again for each item took half a minute here.
func TestContentHashOfManyItems(t *testing.T) {
	const count = 20_000
	env, owned := make([]any, count), map[string]any{}
	for i := range env {
		name := fmt.Sprintf("A%d", i)
		env[i] = map[string]any{"name": name, "value": "x"}
		owned[fmt.Sprintf(`k:{"name":%q}`, name)] = map[string]any{".": map[string]any{}, "f:value": map[string]any{}}
	}
	o := untyped(t, ours)
	container(t, o)["env"] = env
	managed(t, o, "fieldsV1", map[string]any{"f:spec": map[string]any{"f:template": map[string]any{"f:spec": map[string]any{"f:containers": map[string]any{
		`k:{"name":"web"}`: map[string]any{"f:env": owned}}}}}})
	began := time.Now()
	if contentHash(o) == "" {
		t.Fatal("the app owns nothing")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("%d items take %s", count, took)
	} else {
		t.Logf("%d items take %s", count, took)
	}
}

func TestAnUpdateUnderTheAppsNameIsForeign(t *testing.T) {
	o := untyped(t, strings.Replace(ours, "{manager: kubectl, operation: Update", "{manager: allmenning-app-svarut, operation: Update", 1))
	if HasForeign(o, "svarut") {
		t.Error("what is outside of the decisive parts counts")
	}
	all := o.GetManagedFields()
	all[1].FieldsV1 = metav1.NewFieldsV1(`{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"sidecar\"}":{".":{},"f:image":{}}}}}}}`)
	o.SetManagedFields(all)
	if !HasForeign(o, "svarut") {
		t.Error("a sidecar that somebody updated under the app's field manager is taken for the app's")
	}
}

func TestContentHashOfAnotherRestart(t *testing.T) {
	at := func(when string) string {
		o := untyped(t, ours)
		set(t, o, when, "spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")
		return contentHash(o)
	}
	if at("2026-11-22T12:00:00Z") != at("2026-11-23T12:00:00Z") {
		t.Error("a second restart counts as drift")
	}
}

func TestNobodyForgesAHash(t *testing.T) {
	mine, others := NewView("allmenning-system"), NewView("allmenning-system")
	good := untyped(t, ours)
	mine.Slim(good)
	hash := ContentHash(good)
	for reason, text := range map[string]string{
		"the annotation of another process": others.sign(good, hash), "a hash without proof": hash, "a proof of another object": mine.sign(&unstructured.Unstructured{Object: map[string]any{}}, hash),
	} {
		o := untyped(t, ours)
		o.SetManagedFields(nil) // as somebody leaves it who resets field ownership
		o.SetAnnotations(map[string]string{annotationContent: text})
		mine.Slim(o)
		if ContentHash(o) == hash {
			t.Errorf("%s passes for the hash", reason)
		}
	}
}

func TestCleaning(t *testing.T) {
	desired := untyped(t, ours)
	desired.SetManagedFields(nil)
	cases := []struct {
		reason string
		change func(*unstructured.Unstructured)
		want   []string
	}{
		{"nobody else wrote what decides what runs", func(*unstructured.Unstructured) {}, nil},
		{"somebody added a container", func(o *unstructured.Unstructured) {
			managed(t, o, "manager", "kubectl")
		}, []string{"test /metadata/resourceVersion", "add /spec/template"}},
		{"an earlier operator owns fields", func(o *unstructured.Unstructured) { managed(t, o, "manager", Owner) },
			[]string{"test /metadata/resourceVersion", "remove /metadata/managedFields/0", "add /spec/template"}},
		{"a restart is nobody's fault", func(o *unstructured.Unstructured) {
			managed(t, o, "manager", "kubectl-rollout")
			managed(t, o, "fieldsV1", map[string]any{"f:spec": map[string]any{"f:template": map[string]any{"f:metadata": map[string]any{"f:annotations": map[string]any{"f:kubectl.kubernetes.io/restartedAt": map[string]any{}}}}}})
		}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			answer := untyped(t, ours)
			tc.change(answer)
			var got []string
			for _, patch := range Cleaning(answer, desired, "svarut") {
				data, err := patch.Data(answer)
				if err != nil {
					t.Fatal(err)
				}
				var operations []operation
				if err := json.Unmarshal(data, &operations); err != nil {
					t.Fatal(err)
				}
				for _, o := range operations {
					got = append(got, o.Op+" "+o.Path)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
		})
	}
}
