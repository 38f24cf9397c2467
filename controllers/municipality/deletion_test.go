package municipality

import (
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

func withoutProd(m *v1alpha1.Municipality) { m.Spec.Environments = m.Spec.Environments[1:] }

func TestGoes(t *testing.T) {
	cases := []struct {
		reason string
		m      v1alpha1.Municipality
		change func(*observed)
		want   bool
		keeps  bool
	}{
		{"it is in the spec", vinje(deletePolicy), nil, false, true},
		{"Retain keeps it when the Municipality is deleted", vinje(deleting), nil, false, false},
		{"Retain keeps it when it leaves the spec", vinje(withoutProd), nil, false, false},
		{"Delete takes it with the Municipality", vinje(deletePolicy, deleting), nil, true, true},
		{"Delete takes it when it leaves the spec", vinje(deletePolicy, withoutProd), nil, true, true},
		{"nothing goes while the definition goes", vinje(deletePolicy, deleting), func(s *observed) { s.definitionGoes = true }, false, false},
		{"a namespace that is not ours never goes", vinje(deletePolicy, deleting), func(s *observed) {
			for _, e := range s.environments {
				e.namespace.Labels = nil
			}
		}, false, false},
		{"one that we were given does", vinje(deletePolicy, deleting), func(s *observed) {
			e := s.environments["prod"]
			e.namespace.Labels = nil
			e.namespace.Annotations = map[string]string{v1alpha1.AnnotationAdopt: "vinje"}
		}, true, true},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			seen.municipality = tc.m
			if tc.change != nil {
				tc.change(&seen)
			}
			if got := goes(seen, "prod"); got != tc.want {
				t.Errorf("goes = %v, want %v", got, tc.want)
			}
			if got := keepsFinalizer(seen); got != tc.keeps {
				t.Errorf("keepsFinalizer = %v, want %v", got, tc.keeps)
			}
		})
	}
}

func TestFinalizerIsLetGoWhenAllIsGone(t *testing.T) {
	seen := fresh(vinje(deletePolicy, deleting))
	if keepsFinalizer(seen) {
		t.Error("a Municipality without a namespace left still waits")
	}
}

// TestDeletionTakesOneStepAfterTheOther walks through a deletion; each step changes
// what the one before left.
func TestDeletionTakesOneStepAfterTheOther(t *testing.T) {
	const deny = "NetworkPolicy/allmenning-default-deny"
	seen := settled(t, vinje())
	seen.municipality = vinje(deletePolicy, deleting)
	prod := seen.environments["prod"]
	prod.installations, prod.pods = 1, 1
	steps := []struct {
		reason   string
		happens  func()
		says     string
		holds    bool
		removes  bool
		drains   bool
		releases bool
		gone     bool
	}{
		{"apps are uninstalled first", func() {}, "apps are being uninstalled", false, false, false, false, false},
		{"then the wall is held and the namespace deleted", func() { prod.installations = 0 }, "namespace is being deleted", true, true, false, false, false},
		{"while pods are ending the wall stands", func() {
			for _, o := range planFor(t, seen, "prod").apply {
				prod.objects[deny] = live(t, o)
			}
			prod.namespace.DeletionTimestamp = at(0)
		}, "pods are ending", false, false, true, false, false},
		{"when they have ended it is let go", func() { prod.pods = 0 }, "namespace is being deleted", false, false, false, true, false},
		{"then nothing is left to do but wait", func() { delete(prod.objects, deny) }, "namespace is being deleted", false, false, false, false, false},
		{"until it is gone", func() { prod = environment{} }, "gone", false, false, false, false, true},
	}
	for _, s := range steps {
		s.happens()
		seen.environments["prod"] = prod
		got := planFor(t, seen, "prod")
		if got.state != v1alpha1.EnvironmentDeleting || !strings.Contains(got.outcome.Message, s.says) {
			t.Errorf("%s: %s %q, want Deleting and %q", s.reason, got.state, got.outcome.Message, s.says)
		}
		if held := holdsWall(got.apply); held != s.holds {
			t.Errorf("%s: holds the wall %v, want %v", s.reason, held, s.holds)
		}
		if len(got.remove) > 0 != s.removes || got.draining != s.drains || (got.release != nil) != s.releases {
			t.Errorf("%s: removes %v, drains %v, lets go %v", s.reason, removedBy(got), got.draining, got.release != nil)
		}
		if (got.outcome.State == condition.Ready) != s.gone {
			t.Errorf("%s: outcome %+v, want done %v", s.reason, got.outcome, s.gone)
		}
	}
}

func holdsWall(objects []apply.Object) bool {
	for _, o := range objects {
		if key(o.Kind, o.Name) == "NetworkPolicy/allmenning-default-deny" {
			return true
		}
	}
	return false
}

func TestHeldPolicy(t *testing.T) {
	deny := &networkingv1.NetworkPolicy{}
	if heldPolicy("vinje-prod", nil) != nil {
		t.Error("a wall that is gone is not built again on the way out")
	}
	if heldPolicy("vinje-prod", deny) == nil {
		t.Error("a wall that nothing holds must be held")
	}
	deny.Finalizers = []string{v1alpha1.FinalizerDrain}
	if heldPolicy("vinje-prod", deny) != nil {
		t.Error("a wall that is held is held once")
	}
}

func TestPlanLooksAgainWhilePodsEnd(t *testing.T) {
	seen := settled(t, vinje())
	seen.municipality = vinje(deletePolicy, deleting)
	e := seen.environments["prod"]
	e.namespace.DeletionTimestamp, e.pods = at(0), 1
	seen.environments["prod"] = e
	todo, err := plan(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	if todo.again != drainPause {
		t.Errorf("looks again in %s, want %s: no watch tells that a pod has ended", todo.again, drainPause)
	}
}
