package appinstallation

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/parameters"
)

// secretOf is the Secret of generated values as the cache has it, without values.
func secretOf(change func(*unstructured.Unstructured)) *unstructured.Unstructured {
	o := untyped(schema.GroupVersionKind{Version: "v1", Kind: "Secret"})
	o.SetName("svarut-generated")
	o.SetNamespace("vinje-prod")
	if change != nil {
		change(o)
	}
	return o
}

func TestGenerate(t *testing.T) {
	i := world().installation
	own := secretOf(func(o *unstructured.Unstructured) { o.SetLabels(ownLabels(&i)) })
	adopted := secretOf(func(o *unstructured.Unstructured) {
		o.SetAnnotations(map[string]string{v1alpha1.AnnotationAdopt: "svarut"})
	})
	before := func(s *observed) { s.installation.Status.Generated = []string{"key"} }
	wanted := []parameters.Generated{{Name: "key", Length: 20}}
	for _, tc := range []struct {
		reason  string
		kept    kept
		given   map[string]any
		seen    observed
		want    map[string]any
		missing int
		fault   string
	}{
		{"the first time a value is made", kept{}, map[string]any{}, world(), map[string]any{}, 1, ""},
		{"what is given is not made", kept{}, map[string]any{"key": "mine"}, world(before), map[string]any{"key": "mine"}, 0, ""},
		{"what was made is used", kept{own, map[string][]byte{"key": []byte("made")}}, map[string]any{}, world(before), map[string]any{"key": "made"}, 0, ""},
		{"what is taken out of the Secret is made again", kept{own, map[string][]byte{"other": nil}}, map[string]any{}, world(before), map[string]any{}, 1, ""},
		{"what is lost is not made behind anybody's back", kept{}, map[string]any{}, world(before), map[string]any{}, 0, v1alpha1.ReasonSecretMissing},
		{"a Secret that somebody restored is used", kept{adopted, map[string][]byte{"key": []byte("made")}}, map[string]any{}, world(before), map[string]any{"key": "made"}, 0, ""},
		{"nothing is written into somebody else's Secret", kept{secretOf(nil), nil}, map[string]any{}, world(), map[string]any{}, 1, v1alpha1.ReasonNameTaken},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			missing, fault := tc.kept.generate(tc.seen, wanted, tc.given)
			if len(missing) != tc.missing || (fault == nil) != (tc.fault == "") || (fault != nil && fault.Reason != tc.fault) {
				t.Errorf("missing %v, fault %+v", missing, fault)
			}
			if diff := cmp.Diff(tc.want, tc.given); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
			if fault != nil && strings.Contains(fault.Message, "made\"") {
				t.Error("a value is shown")
			}
		})
	}
}

func TestValuesAreMadeOnlyWhereNothingOfTheAppIs(t *testing.T) {
	there := func(s *observed) {
		o := cached(t, answered(configMap("settings", "a")))
		s.live[refOf(o)] = o
	}
	for _, tc := range []struct {
		reason string
		seen   observed
		want   string
	}{
		{"nothing of the app is there", world(), ""},
		{"objects of the app are there, and nothing is known of it: its AppInstallation was deleted", world(there), v1alpha1.ReasonSecretMissing},
		{"what is known of it says that the version of before had no such parameter", world(there, func(s *observed) { s.installation.Status.AppliedDigest = "sha256:1" }), ""},
		{"the Secret is there, and holds other values", world(there, func(s *observed) { s.generated.identity = secretOf(nil) }), ""},
		{"objects of the tenant's own are there", world(func(s *observed) {
			o := configMap("settings", "a")
			o.SetLabels(nil)
			s.live[refOf(o)] = o
		}), ""},
	} {
		todo, err := plan(tc.seen, rendered{missing: []parameters.Generated{{Name: "key", Length: 20}}})
		if err != nil {
			t.Fatal(err)
		}
		if stalls := todo.outcome.Reason == v1alpha1.ReasonSecretMissing; stalls != (tc.want != "") || stalls == (len(todo.missing) > 0) {
			t.Errorf("%s: %+v, makes %v", tc.reason, todo.outcome, todo.missing)
		}
	}
}

func TestGeneratedNamesAreRemembered(t *testing.T) {
	seen := world(func(s *observed) { s.installation.Status.Generated = []string{"key"} })
	if got := generatedNames(seen, applied{}); !cmp.Equal(got, []string{"key"}) {
		t.Errorf("of a Secret that is gone it remembers %v", got)
	}
	seen.installation.Spec.State = v1alpha1.InstallationAbsent
	if got := generatedNames(seen, applied{}); got != nil {
		t.Errorf("of an app that is uninstalled it remembers %v", got)
	}
}

func TestRandom(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		value, err := random(16)
		if err != nil || len(value) != 16 || seen[string(value)] {
			t.Fatalf("%d characters, %v", len(value), err)
		}
		seen[string(value)] = true
	}
}

func TestValuesThatWereMadeAreHidden(t *testing.T) {
	seen := world(func(s *observed) {
		s.generated = kept{secretOf(nil), map[string][]byte{"key": []byte("hunter2hunter2")}}
	})
	if got := parameters.Hide("it refuses hunter2hunter2", secretsOf(seen)); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}

func TestValuesStayWithWhatIsKept(t *testing.T) {
	claim := func(name string, change func(*unstructured.Unstructured)) func(*observed) {
		return func(s *observed) {
			o := answered(of(*s, "PersistentVolumeClaim", name, map[string]any{}))
			if change != nil {
				change(o)
			}
			s.live[refOf(o)] = cached(t, o)
		}
	}
	own := func(s *observed) {
		s.installation.Spec.Isolation = v1alpha1.IsolationOwn
		s.namespace.Name = "vinje-prod--svarut"
	}
	theirs := func(o *unstructured.Unstructured) { o.SetLabels(nil) }
	const secret = "Secret/svarut-generated"
	for _, tc := range []struct {
		reason string
		seen   observed
		kept   []string
	}{
		{"nothing is kept that it may open", world(), nil},
		{"a database opens with the password that it was made with", world(claim("data", nil)), []string{"PersistentVolumeClaim/data", secret}},
		{"a claim of the tenant's own is nothing to the app", world(claim("data", theirs)), nil},
		{"but in its own namespace all are", world(own, claim("data", theirs)), []string{secret}},
		{"what is annotated to stay may be data, too", world(func(s *observed) {
			o := answered(configMap("settings", "a"))
			o.SetAnnotations(map[string]string{v1alpha1.AnnotationPrune: v1alpha1.PruneDisabled})
			s.live[refOf(o)] = cached(t, o)
		}), []string{"ConfigMap/settings", secret}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			seen := tc.seen
			absent(&seen)
			o := answered(secretOf(func(o *unstructured.Unstructured) { o.SetLabels(ownLabels(&seen.installation)) }))
			seen.live[refOf(o)] = cached(t, o)
			todo := mustPlan(t, seen)
			if diff := cmp.Diff(tc.kept, keeps(todo)); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			if goes := slices.Contains(prunes(todo), secret); goes != (tc.kept == nil) {
				t.Errorf("prunes %v", prunes(todo))
			}
			after := next(t, seen, todo)
			if diff := cmp.Diff(tc.kept, keeps(mustPlan(t, after))); diff != "" {
				t.Errorf("kept at the next look (-want +got):\n%s", diff)
			}
			after.installation.Status.Inventory = nil
			if _, needed := neededKinds(&after, rendered{})[schema.GroupKind{Kind: "Secret"}]; needed != (tc.kept != nil) {
				t.Errorf("Secrets are looked for when all else is gone: %v", needed)
			}
		})
	}
}

func TestClaimsThatAreInUseAgainAreNotLeft(t *testing.T) {
	seen := world(func(s *observed) { s.installation.Status.Kept = []string{"PersistentVolumeClaim/data-ledger-0"} })
	set := of(seen, "StatefulSet", "ledger", map[string]any{"spec": map[string]any{"volumeClaimTemplates": []any{map[string]any{"metadata": map[string]any{"name": "data"}}}}})
	set.SetAPIVersion("apps/v1")
	o := of(seen, "PersistentVolumeClaim", "data-ledger-0", map[string]any{})
	o.SetLabels(nil)
	seen.live[refOf(o)] = cached(t, o)
	live := answered(set)
	seen.live[refOf(set)] = cached(t, live)
	todo, err := plan(seen, rendered{objects: []*unstructured.Unstructured{set}})
	if err != nil {
		t.Fatal(err)
	}
	if len(todo.kept) > 0 {
		t.Errorf("kept: %v", keeps(todo))
	}
}
