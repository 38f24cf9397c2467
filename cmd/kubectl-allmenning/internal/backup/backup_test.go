package backup

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const fields = "managedFields: [{manager: allmenning, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {}}]"

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRead(t *testing.T) {
	network := func(name, made string) string {
		return "- {apiVersion: allmenning.dev/v1alpha1, kind: Network, metadata: {name: " + name + ", creationTimestamp: '" + made + "', " + fields + "}}\n"
	}
	installation := "- {apiVersion: allmenning.dev/v1alpha1, kind: AppInstallation, metadata: {name: post, namespace: vinje-prod, " + fields + "}}\n"
	list := "apiVersion: v1\nkind: List\nitems:\n"
	cases := []struct {
		reason, text string
		want         []string
		faults       []string
	}{
		{"by kind, the older first, of one second by name", list + installation + network("b", "2026-01-02T00:00:00Z") + network("c", "2026-01-01T00:00:00Z") + network("a", "2026-01-02T00:00:00Z"),
			[]string{"Network c", "Network a", "Network b", "AppInstallation vinje-prod/post"}, nil},
		{"documents, as kubectl writes one object", "apiVersion: v1\nkind: Namespace\nmetadata: {name: vinje-prod, " + fields + "}\n---\n", []string{"Namespace vinje-prod"}, nil},
		{"all that is wrong at once", list + "- {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: x, " + fields + "}}\n- {apiVersion: v1, kind: Namespace, metadata: {name: vinje-prod}}\n",
			[]string{"Pod x/web", "Namespace vinje-prod"}, []string{`Pod x/web of "v1" belongs in no backup`, "Namespace vinje-prod has no metadata.managedFields"}},
		{"nothing", "", nil, []string{"holds nothing"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			all, err := Read(strings.NewReader(tc.text))
			var got []string
			for _, o := range all {
				got = append(got, named(o))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if (err == nil) != (tc.faults == nil) {
				t.Fatalf("error %v, want %v", err, tc.faults)
			}
			for _, fault := range tc.faults {
				if !strings.Contains(err.Error(), fault) {
					t.Errorf("error %q does not mention %q", err, fault)
				}
			}
		})
	}
}

func TestFreshKnowsWhoIsWhoByNow(t *testing.T) {
	uids := map[string]string{"old": "new"}
	got := fresh(object(t, `
apiVersion: v1
kind: Namespace
metadata:
  name: vinje-prod
  uid: u
  resourceVersion: "7"
  creationTimestamp: "2026-01-01T00:00:00Z"
  annotations: {allmenning.dev/held-by: old, allmenning.dev/number: "4036"}
  ownerReferences: [{apiVersion: v1, kind: X, name: known, uid: old}, {apiVersion: v1, kind: X, name: gone, uid: lost}]
spec: {finalizers: [kubernetes]}
status: {phase: Active}
`), uids)
	want := object(t, `
apiVersion: v1
kind: Namespace
metadata:
  name: vinje-prod
  annotations: {allmenning.dev/held-by: new, allmenning.dev/number: "4036"}
  ownerReferences: [{apiVersion: v1, kind: X, name: known, uid: new}]
`)
	if diff := cmp.Diff(want.Object, got.Object); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	kept := fresh(object(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: left, annotations: {allmenning.dev/held-by: gone}}"), uids)
	if kept.GetAnnotations()["allmenning.dev/held-by"] != "gone" {
		t.Error("a namespace whose Municipality was gone already is nobody's now")
	}
}

func TestAStatusIsOfNoGeneration(t *testing.T) {
	got := statusOf(object(t, `
apiVersion: allmenning.dev/v1alpha1
kind: Rollout
status: {observedGeneration: 7, phase: Progressing, conditions: [{type: Ready, status: "True", observedGeneration: 7}]}
`))
	want := map[string]any{"observedGeneration": int64(-1), "phase": "Progressing", "conditions": []any{map[string]any{"type": "Ready", "status": "True"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := statusOf(object(t, "apiVersion: v1\nkind: Namespace\nstatus: {phase: Active}")); got != nil {
		t.Errorf("the status of a namespace is the cluster's: %v", got)
	}
}

func TestStateOf(t *testing.T) {
	live := func(manager, spec string) *unstructured.Unstructured {
		return object(t, "{apiVersion: allmenning.dev/v1alpha1, kind: Network, metadata: {name: a, managedFields: [{manager: "+manager+"}]}, spec: {displayName: "+spec+"}}")
	}
	for _, tc := range []struct {
		reason string
		live   *unstructured.Unstructured
		want   state
	}{
		{"nothing is there", nil, missing},
		{"a restore was killed before it gave the fields back", live(Manager, "A"), unfinished},
		{"it is as it was", live("kubectl", "A"), there},
		{"somebody made another", live("kubectl", "B"), differs},
	} {
		if got := stateOf(live("kubectl", "A"), tc.live); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.reason, got, tc.want)
		}
	}
}

func TestHolderOf(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	lease := func(holder string, ago time.Duration) *coordinationv1.Lease {
		return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: new(int32(15)), RenewTime: &metav1.MicroTime{Time: now.Add(-ago)}}}
	}
	for _, tc := range []struct {
		reason string
		lease  *coordinationv1.Lease
		want   string
	}{
		{"none was ever held", &coordinationv1.Lease{}, ""},
		{"an operator renews it", lease("manager-1", 2*time.Second), "manager-1"},
		{"an operator was killed", lease("manager-1", 16*time.Second), ""},
		{"an operator gave it back", lease("", time.Second), ""},
	} {
		if got := holderOf(tc.lease, now); got != tc.want {
			t.Errorf("%s: held by %q, want %q", tc.reason, got, tc.want)
		}
	}
}
