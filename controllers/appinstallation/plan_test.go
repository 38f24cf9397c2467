package appinstallation

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

func TestPlanSendsWhatDiffers(t *testing.T) {
	a, b := configMap("a", "1"), configMap("b", "1")
	cases := []struct {
		reason string
		change func(*observed)
		wanted []*unstructured.Unstructured
		want   []string
	}{
		{"nothing changed", func(*observed) {}, []*unstructured.Unstructured{a, b}, nil},
		{"a value changed", func(*observed) {}, []*unstructured.Unstructured{configMap("a", "2"), b}, []string{"ConfigMap/a"}},
		{"an object is new", func(*observed) {}, []*unstructured.Unstructured{a, b, configMap("c", "1")}, []string{"ConfigMap/c"}},
		{"somebody deleted one", func(s *observed) { delete(s.live, refOf(a)) }, []*unstructured.Unstructured{a, b}, []string{"ConfigMap/a"}},
		{"somebody changed what the app wrote of one", func(s *observed) { s.installation.Status.Inventory[1].Content = "other" }, []*unstructured.Unstructured{a, b}, []string{"ConfigMap/b"}},
		{"the status was lost", func(s *observed) { s.installation.Status = v1alpha1.AppInstallationStatus{} }, []*unstructured.Unstructured{a, b}, []string{"ConfigMap/a", "ConfigMap/b"}},
		{"somebody asked for all to be applied again", func(s *observed) {
			s.installation.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "now"}
		}, []*unstructured.Unstructured{a, b}, []string{"ConfigMap/a", "ConfigMap/b"}},
		{"a request that was answered is none", func(s *observed) {
			s.installation.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "now"}
			s.installation.Status.LastHandledReconcileAt = "now"
		}, []*unstructured.Unstructured{a, b}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := installed(t, a, b)
			tc.change(&seen)
			todo, err := plan(seen, rendered{objects: tc.wanted})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, sends(todo)); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			again, err := plan(next(t, seen, todo), rendered{objects: tc.wanted})
			if err != nil || len(sends(again)) > 0 {
				t.Errorf("sent again: %v, %v", sends(again), err)
			}
		})
	}
}

func TestPlanStopsBeforeItWrites(t *testing.T) {
	fault := stalled(v1alpha1.ReasonBuildFailed, "no")
	cases := []struct {
		reason    string
		seen      observed
		wanted    rendered
		want      string
		suspended bool
	}{
		{"the installation is suspended", world(func(s *observed) { s.installation.Spec.Suspend = new(true) }), rendered{}, "", true},
		{"the Platform is suspended", world(absent, func(s *observed) { s.platform.Suspend = new(true) }), rendered{}, "", true},
		{"a gate is closed", world(func(s *observed) { s.municipality.Status.Environments = nil }), rendered{fault: fault}, "Progressing EnvironmentNotReady", false},
		{"the bundle does not build", world(), rendered{fault: fault}, "Stalled BuildFailed", false},
		{"a name is taken", world(func(s *observed) {
			s.live[refOf(configMap("a", ""))] = untyped(configMap("a", "").GroupVersionKind())
		}), rendered{objects: []*unstructured.Unstructured{configMap("b", "1"), configMap("a", "1")}}, "Stalled NameTaken", false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			todo, err := plan(tc.seen, tc.wanted)
			if err != nil {
				t.Fatal(err)
			}
			if todo.suspended != tc.suspended || brief(todo.outcome) != tc.want {
				t.Errorf("suspended %v, outcome %q, want %v and %q", todo.suspended, brief(todo.outcome), tc.suspended, tc.want)
			}
			if len(todo.objects)+len(todo.prune) > 0 || len(todo.policies)+len(todo.prunePolicies) > 0 {
				t.Errorf("it would write: %v, %v", sends(todo), prunes(todo))
			}
		})
	}
}

func TestTaken(t *testing.T) {
	live := func(labels map[string]string) func(*observed) {
		return func(s *observed) {
			o := answered(configMap("a", "1"))
			o.SetLabels(labels)
			o.SetUID("u")
			s.live[refOf(o)] = cached(t, o)
		}
	}
	forged := func(s *observed) {
		o := configMap("a", "1") // with the labels, and written by somebody else
		o.SetUID("u")
		o.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(`{"f:data":{}}`)}})
		s.live[refOf(o)] = cached(t, o)
	}
	writtenBy := func(app string) func(*observed) {
		return func(s *observed) {
			o := answered(configMap("a", "1"))
			o.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: app})
			o.SetUID("u")
			fields := o.GetManagedFields()
			fields[0].Manager = apply.ManagerOf(app)
			o.SetManagedFields(fields)
			s.live[refOf(o)] = cached(t, o)
		}
	}
	adopted := func(by string) func(*observed) {
		return func(s *observed) {
			o := configMap("a", "1")
			o.SetLabels(nil)
			o.SetAnnotations(map[string]string{v1alpha1.AnnotationAdopt: by})
			s.live[refOf(o)] = cached(t, o)
		}
	}
	known := func(uid string) func(*observed) {
		return func(s *observed) {
			s.installation.Status.Inventory = []v1alpha1.InstalledObject{{APIVersion: "v1", Kind: "ConfigMap", Name: "a", UID: uid}}
		}
	}
	cases := []struct {
		reason string
		seen   observed
		says   string
	}{
		{"nobody has the name", world(), ""},
		{"it is ours", world(live(configMap("a", "").GetLabels())), ""},
		{"the tenant has it", world(live(nil)), "was not made by app svarut"},
		{"another app has it", world(live(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: "kobo"})), "belongs to app kobo"},
		{"it is ours, and somebody took its label", world(live(nil), known("u")), ""},
		{"it bears our labels, and we never wrote it", world(forged), "was not made by app svarut"},
		{"it is ours, and somebody gave it another app's label", world(live(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: "kobo"}), known("u")), ""},
		{"another app wrote what is in our inventory", world(writtenBy("kobo"), known("u")), "belongs to app kobo"},
		{"its owner lets the app take it over", world(adopted("svarut")), ""},
		{"its owner lets another app take it over", world(adopted("kobo")), "was not made by app svarut"},
		{"it was ours, and another came in its place", world(live(nil), known("earlier")), "was not made by app svarut"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := taken(tc.seen, []*unstructured.Unstructured{configMap("a", "1")})
			if tc.says == "" && got != nil {
				t.Fatalf("taken: %+v", got)
			}
			if tc.says != "" && (got == nil || !strings.Contains(got.Message, tc.says) || !strings.Contains(got.Message, "ConfigMap/a in vinje-prod")) {
				t.Errorf("%+v, want a message with %q that names the object and the place", got, tc.says)
			}
		})
	}
}

func TestLeftovers(t *testing.T) {
	seen := world()
	add := func(o *unstructured.Unstructured, change func(*unstructured.Unstructured)) {
		o = answered(o)
		if change != nil {
			change(o)
		}
		seen.live[refOf(o)] = cached(t, o)
	}
	add(configMap("wanted", "1"), nil)
	add(configMap("old", "1"), nil)
	add(configMap("older", "1"), nil)
	add(configMap("going", "1"), func(o *unstructured.Unstructured) { o.SetDeletionTimestamp(at(0)) })
	add(configMap("annotated", "1"), func(o *unstructured.Unstructured) {
		o.SetAnnotations(map[string]string{v1alpha1.AnnotationPrune: v1alpha1.PruneDisabled})
	})
	add(configMap("of-the-tenant", "1"), func(o *unstructured.Unstructured) { o.SetLabels(nil) })
	add(configMap("of-kobo", "1"), func(o *unstructured.Unstructured) {
		o.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: "kobo"})
	})
	add(configMap("copied-by-somebody", "1"), func(o *unstructured.Unstructured) { o.SetManagedFields(nil) })
	add(configMap("made-by-another-object", "1"), func(o *unstructured.Unstructured) {
		o.SetOwnerReferences([]metav1.OwnerReference{{Kind: "Queue", Name: "q", Controller: new(true)}})
	})
	add(of(seen, "PersistentVolumeClaim", "data", map[string]any{}), nil)
	var got planned
	got.leftovers(seen, []*unstructured.Unstructured{configMap("wanted", "1")})
	got.prune = got.stale
	if diff := cmp.Diff([]string{"ConfigMap/old", "ConfigMap/older"}, prunes(got)); diff != "" {
		t.Errorf("pruned (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ConfigMap/annotated", "PersistentVolumeClaim/data"}, keeps(got)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

func TestUninstallTakesOneStepAfterTheOther(t *testing.T) {
	policy := &networkingv1.NetworkPolicy{}
	data := of(world(), "PersistentVolumeClaim", "data", map[string]any{})
	seen := installed(t, configMap("a", "1"), data)
	absent(&seen)
	seen.policies, seen.pods = map[string]*networkingv1.NetworkPolicy{"in": policy, "out": policy}, []string{"Pod/web-1"}
	steps := []struct {
		reason  string
		happens func()
		prunes  []string
		drains  bool
		policy  bool
	}{
		{"its objects go first", func() {}, []string{"ConfigMap/a"}, true, false},
		{"an object that is going is waited for", func() {
			seen.live[refOf(configMap("a", ""))].SetDeletionTimestamp(at(0))
		}, nil, true, false},
		{"then its pods", func() { delete(seen.live, refOf(configMap("a", ""))) }, nil, true, false},
		{"when they have ended the policies that they lived by go", func() { seen.pods = nil }, nil, false, true},
		{"then it is done", func() { seen.policies = nil }, nil, false, false},
	}
	for _, s := range steps {
		s.happens()
		todo, err := plan(seen, rendered{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.prunes, prunes(todo)); diff != "" {
			t.Errorf("%s: pruned (-want +got):\n%s", s.reason, diff)
		}
		if todo.draining != s.drains || (len(todo.prunePolicies) == 2) != s.policy {
			t.Errorf("%s: drains %v, drops %d policies", s.reason, todo.draining, len(todo.prunePolicies))
		}
		if diff := cmp.Diff([]string{"PersistentVolumeClaim/data"}, keeps(todo)); diff != "" {
			t.Errorf("%s: kept (-want +got):\n%s", s.reason, diff)
		}
	}
}

func TestUninstallLeavesANamespaceThatGoes(t *testing.T) {
	seen := installed(t, configMap("a", "1"))
	absent(&seen)
	seen.namespace.DeletionTimestamp = at(0)
	if todo := planUninstall(seen); len(todo.prune) > 0 || todo.draining {
		t.Errorf("it prunes %v in a namespace that is on its way out", prunes(todo))
	}
}

func TestHashIsKeyed(t *testing.T) {
	of := func(value, salt string) string {
		got, err := hash(configMap("a", value), salt)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if first, second := of("1", "salt"), of("1", "salt"); first != second {
		t.Error("one object has two hashes")
	}
	if of("1", "salt") == of("2", "salt") {
		t.Error("two values have one hash")
	}
	if of("1", "salt") == of("1", "other") {
		t.Error("who does not have the salt could try values until the hash fits")
	}
}

func TestUninstallWaitsForABoundedTimeAndSaysForWhat(t *testing.T) {
	seen := installed(t)
	absent(&seen)
	seen.pods, seen.now = []string{"Pod/web-1"}, now
	todo := mustPlan(t, seen)
	next, outcome := status(seen, todo, applied{}, now)
	if brief(&outcome) != "Progressing Uninstalling" || !strings.Contains(outcome.Message, "Pod/web-1") {
		t.Errorf("%s: %s", brief(&outcome), outcome.Message)
	}
	seen.installation.Status, seen.now = next, now.Add(drainTime+time.Second)
	todo = mustPlan(t, seen)
	if _, outcome = status(seen, todo, applied{}, seen.now); brief(&outcome) != "Ready Uninstalled" || !strings.Contains(outcome.Message, "still there after 11m0s are Pod/web-1") {
		t.Errorf("later: %s: %s", brief(&outcome), outcome.Message)
	}
}

func TestUninstallSaysWhatWentWithItsDefinition(t *testing.T) {
	gone := v1alpha1.InstalledObject{APIVersion: "example.org/v1", Kind: "Queue", Name: "q", UID: "q"}
	seen := installed(t)
	absent(&seen)
	seen.installation.Status.Inventory = append(seen.installation.Status.Inventory, gone)
	seen.gone = []schema.GroupVersionKind{{Group: "example.org", Version: "v1", Kind: "Queue"}}
	seen.pods, seen.now = []string{"Pod/web-1"}, now
	todo := mustPlan(t, seen)
	next, outcome := status(seen, todo, applied{}, now)
	if brief(&outcome) != "Progressing Uninstalling" || !slices.Contains(next.Inventory, gone) {
		t.Errorf("%s, with inventory %v: what is gone is to be remembered until it is said", brief(&outcome), next.Inventory)
	}
	seen.installation.Status, seen.pods = next, nil
	todo = mustPlan(t, seen)
	next, outcome = status(seen, todo, applied{}, now)
	if brief(&outcome) != "Ready Uninstalled" || len(next.Inventory) > 0 || !strings.Contains(outcome.Message, "nothing is left of its Queue (example.org/v1), whose CustomResourceDefinition was deleted") {
		t.Errorf("%s: %s, with inventory %v", brief(&outcome), outcome.Message, next.Inventory)
	}
}

func TestClaimsOfTemplatesAreListed(t *testing.T) {
	seen := world()
	set := answered(of(seen, "StatefulSet", "ledger", map[string]any{"spec": map[string]any{"volumeClaimTemplates": []any{map[string]any{"metadata": map[string]any{"name": "data"}}}}}))
	set.SetAPIVersion("apps/v1")
	for _, o := range []*unstructured.Unstructured{set, of(seen, "PersistentVolumeClaim", "data-ledger-0", map[string]any{}), of(seen, "PersistentVolumeClaim", "data-ledger-x", map[string]any{})} {
		if o.GetKind() != "StatefulSet" {
			o.SetLabels(nil)
		}
		seen.live[refOf(o)] = cached(t, o)
	}
	absent(&seen)
	todo := mustPlan(t, seen)
	if diff := cmp.Diff([]string{"PersistentVolumeClaim/data-ledger-0"}, keeps(todo)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	after := next(t, seen, todo)
	if diff := cmp.Diff([]string{"PersistentVolumeClaim/data-ledger-0"}, keeps(mustPlan(t, after))); diff != "" {
		t.Errorf("kept when the StatefulSet is gone (-want +got):\n%s", diff)
	}
}

func TestPlanLeavesSelectorsOfWorkloadsAsTheyWereCreated(t *testing.T) {
	fresh := world()
	deployment := func(labels map[string]any) *unstructured.Unstructured {
		o := untyped(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"})
		o.SetName("web")
		o.SetNamespace(fresh.installation.Namespace)
		o.SetLabels(ownLabels(&fresh.installation))
		o.Object["spec"] = map[string]any{"selector": map[string]any{"matchLabels": labels}}
		return o
	}
	wide, narrowed := map[string]any{"app": "web"}, map[string]any{"app": "web", v1alpha1.LabelApp: "svarut"}
	for _, created := range []map[string]any{wide, narrowed} {
		seen := installed(t, deployment(created))
		todo, err := plan(seen, rendered{objects: []*unstructured.Unstructured{deployment(narrowed)}})
		if err != nil || len(sends(todo)) > 0 {
			t.Errorf("created with %v, it is sent again: %v, %v", created, sends(todo), err)
		}
		delete(seen.live, ref{schema.GroupKind{Group: "apps", Kind: "Deployment"}, "web"})
		todo, err = plan(seen, rendered{objects: []*unstructured.Unstructured{deployment(narrowed)}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(deployment(narrowed).Object, todo.objects[0].desired.Object); diff != "" {
			t.Errorf("created again it is narrowed (-want +got):\n%s", diff)
		}
	}
}
