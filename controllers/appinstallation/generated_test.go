package appinstallation

import (
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
		{"what is taken out of the Secret is made anew", kept{own, map[string][]byte{"other": nil}}, map[string]any{}, world(before), map[string]any{}, 1, ""},
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
