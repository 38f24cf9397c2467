package appinstallation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/contract"
)

// bounded lets the Platform list what images may be of.
func bounded(lists v1alpha1.AllowedWorkloads) func(*observed) {
	return func(s *observed) { s.platform.Workloads = &lists }
}

func TestImagesAreJudgedForEachTenant(t *testing.T) {
	foreign := v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/ks/"}}
	pinned := v1alpha1.AllowedWorkloads{RequireDigests: []v1alpha1.Stage{v1alpha1.StageProduction}}
	for _, tc := range []struct {
		reason string
		seen   observed
		// fields that are found, and words of the first finding.
		fields []string
		says   string
	}{
		{"a platform that says nothing", world(), nil, ""},
		{"one that lists the registry", world(bounded(v1alpha1.AllowedWorkloads{Registries: []string{"docker.io/library/"}})), nil, ""},
		{"one that lists another", world(bounded(foreign)), []string{"spec.template.spec.containers[web].image"}, "docker.io/library/web comes from a registry that the Platform does not list"},
		{"one that asks for digests in production", world(bounded(pinned)), []string{"spec.template.spec.containers[web].image"}, "spec.workloads.requireDigests"},
		{"and not in this stage", world(bounded(pinned), func(s *observed) { s.installation.Spec.Tenant.Stage = v1alpha1.StageTest }), nil, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := renderer().render(tc.seen)
			if got.fault != nil {
				t.Fatalf("fault %+v: what runs may run on, which the plan knows", got.fault)
			}
			var fields []string
			for _, f := range got.images {
				fields = append(fields, f.Field)
			}
			if diff := cmp.Diff(tc.fields, fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if !strings.Contains(contract.Text(got.images), tc.says) {
				t.Errorf("it says %q, want %q in it", contract.Text(got.images), tc.says)
			}
		})
	}
}

func TestAChangedListIsJudgedAgain(t *testing.T) {
	r := renderer()
	if got := r.render(world()); len(got.images) != 0 {
		t.Fatalf("%v, want none", got.images)
	}
	if got := r.render(world(bounded(v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/ks/"}}))); len(got.images) != 1 {
		t.Errorf("%v: the list changed, and what was judged before counts still", got.images)
	}
}

func TestImagesThatAreNotAllowed(t *testing.T) {
	a, b := configMap("a", "1"), configMap("b", "1")
	found := []contract.Finding{{Rule: contract.RuleImages, Object: "ConfigMap/a", Field: "spec.image", Problem: "no", Fix: "list it"}}
	gone := func(s *observed) { delete(s.live, refOf(a)) }
	for _, tc := range []struct {
		reason string
		seen   observed
		wanted []*unstructured.Unstructured
		// stops says that nothing is sent, else sends what is.
		stops bool
		sends []string
	}{
		{"a version that is not installed yet is not installed", world(), []*unstructured.Unstructured{a, b}, true, nil},
		{"one that runs runs on", installed(t, a, b), []*unstructured.Unstructured{a, b}, false, nil},
		{"and is corrected", with(installed(t, a, b), gone), []*unstructured.Unstructured{a, b}, false, []string{"ConfigMap/a"}},
		{"parameters that change another object are its own matter", installed(t, a, b), []*unstructured.Unstructured{a, configMap("b", "2")}, false, []string{"ConfigMap/b"}},
		{"parameters bring no such image in", installed(t, a, b), []*unstructured.Unstructured{configMap("a", "2"), b}, true, nil},
		{"another version does not, either", with(installed(t, a, b), func(s *observed) { s.installation.Status.AppliedVersion = "2.3.0" }), []*unstructured.Unstructured{a, b}, true, nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			todo, err := plan(tc.seen, rendered{objects: tc.wanted, images: found})
			if err != nil {
				t.Fatal(err)
			}
			said := todo.disallowed
			if tc.stops {
				said = todo.outcome
			}
			if (todo.outcome != nil) != tc.stops || brief(said) != "Stalled ImageNotAllowed" || !strings.Contains(said.Message, "ConfigMap/a: spec.image: no; list it") {
				t.Errorf("outcome %+v, said %+v", todo.outcome, todo.disallowed)
			}
			if len(todo.prune) > 0 {
				t.Errorf("it uninstalls %v", prunes(todo))
			}
			if diff := cmp.Diff(tc.sends, sends(todo)); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if got, outcome := status(tc.seen, todo, executed(tc.seen, todo), now); outcome.Reason != v1alpha1.ReasonImageNotAllowed || len(got.Inventory) != len(tc.seen.installation.Status.Inventory) {
				t.Errorf("status %+v with %d objects, want that it is said and nothing is forgotten", outcome, len(got.Inventory))
			}
		})
	}
}

// with is a world in which more changed.
func with(seen observed, change func(*observed)) observed {
	change(&seen)
	return seen
}
