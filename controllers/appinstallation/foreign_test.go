package appinstallation

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// by is an object of another app as the cache holds it: labelled as that of one, and written by the field manager of one.
func by(t *testing.T, app, writer string, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	o = answered(o)
	o.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: app})
	fields := o.GetManagedFields()
	fields[0].Manager = apply.ManagerOf(writer)
	o.SetManagedFields(fields)
	return cached(t, o)
}

// made is a claim as the cluster makes it, with the label of the StatefulSet's pods.
func made(t *testing.T, name, app string, change ...func(*unstructured.Unstructured)) *unstructured.Unstructured {
	t.Helper()
	o := of(world(), claimKind, name, map[string]any{})
	o.SetLabels(nil)
	if app != "" {
		o.SetLabels(map[string]string{v1alpha1.LabelApp: app})
	}
	for _, c := range change {
		c(o)
	}
	return cached(t, o)
}

// mounting is a Deployment whose pods have a volume.
func mounting(volume map[string]any) *unstructured.Unstructured {
	volume["name"] = "v"
	o := of(world(), "Deployment", "web", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"volumes": []any{volume}}}}})
	o.SetAPIVersion("apps/v1")
	return o
}

// routing is an Ingress for a host and a path.
func routing(name, path string) *unstructured.Unstructured {
	o := of(world(), "Ingress", name, map[string]any{"spec": map[string]any{"rules": []any{map[string]any{
		"host": "post.vinje.kommune.no", "http": map[string]any{"paths": []any{map[string]any{"path": path}}}}}}})
	o.SetAPIVersion("networking.k8s.io/v1")
	return o
}

// copying is a claim that begins as a copy of another one.
func copying(name string) map[string]any {
	return map[string]any{"spec": map[string]any{"dataSource": map[string]any{"kind": claimKind, "name": name}}}
}

func TestForeign(t *testing.T) {
	conf := mounting(map[string]any{"configMap": map[string]any{"name": "a"}})
	data := mounting(map[string]any{"persistentVolumeClaim": map[string]any{"claimName": "data-db-0"}})
	clone := of(world(), claimKind, "mine", copying("data-db-0"))
	clones := workload("apps/v1", "StatefulSet", "mine")
	_ = unstructured.SetNestedSlice(clones.Object, []any{map[string]any{"metadata": map[string]any{"name": "d"}, "spec": copying("data-db-0")["spec"]}}, "spec", "volumeClaimTemplates") // nothing is in the way
	set := workload("apps/v1", "StatefulSet", "db", "data")
	joined := workload("apps/v1", "StatefulSet", "db", "data-x") // makes data-x-db-0, as x-db does of data
	has := func(all ...*unstructured.Unstructured) []*unstructured.Unstructured { return all }

	const claim = "PersistentVolumeClaim/data-db-0 in vinje-prod belongs to app kobo"
	for _, tc := range []struct {
		reason string
		has    []*unstructured.Unstructured
		wanted *unstructured.Unstructured
		says   string
	}{
		{"nothing of that name is there", nil, conf, ""},
		{"it is another app's", has(by(t, "kobo", "kobo", configMap("a", "1"))), conf, "Deployment/web: spec.template.spec.volumes[v].configMap: ConfigMap/a in vinje-prod belongs to app kobo"},
		{"it bears another app's label, and that app never wrote it", has(by(t, "kobo", "svarut", configMap("a", "1"))), conf, ""},
		{"it was the app's own in the version before", has(by(t, "svarut", "svarut", configMap("a", "1"))), conf, ""},
		{"a claim that another app's StatefulSet made", has(made(t, "data-db-0", "kobo")), data, "Deployment/web: spec.template.spec.volumes[v].persistentVolumeClaim: " + claim},
		{"one that the app's own StatefulSet made", has(made(t, "data-db-0", "svarut")), data, ""},
		{"one of the municipality's", has(made(t, "data-db-0", "")), data, ""},
		{"one that another app's StatefulSet is to make", has(by(t, "kobo", "kobo", set)), data, claim},
		{"one that it made before its claims were labelled", has(made(t, "data-db-0", ""), by(t, "kobo", "kobo", set)), data, claim},
		{"one that the app may have", has(made(t, "data-db-0", "kobo", func(o *unstructured.Unstructured) {
			o.SetAnnotations(map[string]string{v1alpha1.AnnotationAdopt: "svarut"})
		})), data, ""},
		{"one that goes with a pod", has(made(t, "data-db-0", "", func(o *unstructured.Unstructured) {
			o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "data-db", UID: "p", Controller: new(true)}})
		})), data, "is the ephemeral volume of Pod/data-db"},
		{"a copy of another app's claim", has(made(t, "data-db-0", "kobo")), clone, "PersistentVolumeClaim/mine: spec.dataSource: " + claim},
		{"copies for the pods of a StatefulSet", has(made(t, "data-db-0", "kobo")), clones, "StatefulSet/mine: spec.volumeClaimTemplates[0].spec.dataSource: " + claim},
		{"a copy of the app's own", has(made(t, "data-db-0", "svarut")), clone, ""},
		{"claims whose joined names are those of another app", has(made(t, "data-x-db-0", "kobo")), joined, "StatefulSet/db: spec.volumeClaimTemplates: its claims would be those of another app: PersistentVolumeClaim/data-x-db-0 in vinje-prod belongs to app kobo"},
		{"claims of that name that are not there yet", has(by(t, "kobo", "kobo", workload("apps/v1", "StatefulSet", "x-db", "data"))), joined, "StatefulSet/x-db in vinje-prod, which belongs to app kobo, makes data-x-db-0"},
		{"claims that were kept for the app", has(made(t, "data-x-db-0", "svarut")), joined, ""},
		{"claims that the municipality restored", has(made(t, "data-x-db-0", "")), joined, ""},
		{"claims of a name that only begins alike", has(made(t, "data-x-db-0-old", "kobo")), joined, ""},
		{"a claim that another app's next pod would take", has(by(t, "kobo", "kobo", set)), of(world(), claimKind, "data-db-1", map[string]any{}), "PersistentVolumeClaim/data-db-1: StatefulSet/db in vinje-prod, which belongs to app kobo, makes a claim of this name"},
		{"a host and path of another app", has(by(t, "kobo", "kobo", routing("front", "/"))), routing("web", "/"), "Ingress/web: spec.rules[0].http.paths[0]: requests for post.vinje.kommune.no/ are those of Ingress/front in vinje-prod, which belongs to app kobo"},
		{"another path of the host", has(by(t, "kobo", "kobo", routing("front", "/a"))), routing("web", "/b"), ""},
		{"a host and path of the app's own, before", has(by(t, "svarut", "svarut", routing("front", "/"))), routing("web", "/"), ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			seen := world()
			for _, o := range tc.has {
				seen.live[refOf(o)] = o
			}
			todo := mustPlan(t, seen, tc.wanted)
			if (todo.outcome != nil) != (tc.says != "") || (todo.outcome != nil && !strings.Contains(todo.outcome.Message, tc.says)) {
				t.Errorf("plan: %s, want %q", said(todo), tc.says)
			}
			if todo.outcome != nil && len(sends(todo)) > 0 {
				t.Errorf("it sends %v all the same", sends(todo))
			}
		})
	}
}

// said is what a plan that does nothing says.
func said(todo planned) string {
	if todo.outcome == nil {
		return ""
	}
	return todo.outcome.Message
}

// TestWhatIsForeignToWhatRuns: what came later than what names it is reported, and what is newly named is refused, be it by a parameter.
func TestWhatIsForeignToWhatRuns(t *testing.T) {
	naming := func(name string) *unstructured.Unstructured {
		return mounting(map[string]any{"configMap": map[string]any{"name": name}})
	}
	other := configMap("other", "1")
	for _, tc := range []struct {
		reason          string
		wanted          *unstructured.Unstructured
		reports, refuse bool
	}{
		{"it named what came later", naming("a"), true, false},
		{"it names another's newly", naming("b"), false, true},
		{"it names nobody's newly", naming("c"), false, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			seen := installed(t, naming("a"), other)
			for _, name := range []string{"a", "b"} {
				o := by(t, "kobo", "kobo", configMap(name, "1"))
				seen.live[refOf(o)] = o
			}
			delete(seen.live, refOf(other))
			todo := mustPlan(t, seen, tc.wanted, other)
			if (todo.outcome != nil) != tc.refuse || (todo.foreign != nil) != tc.reports {
				t.Errorf("refused %q, reported %v", said(todo), todo.foreign)
			}
			if corrects := len(sends(todo)) > 0; corrects == tc.refuse {
				t.Errorf("it sends %v", sends(todo))
			}
		})
	}
}
