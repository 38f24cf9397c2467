package municipality

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// again is a Municipality of the same name that was made after the first one was deleted.
func again(m *v1alpha1.Municipality) { m.UID = "4037" }

// taken makes the number belong to an older Municipality.
func taken(s *observed) {
	s.sameNumber = []v1alpha1.Municipality{{
		ObjectMeta: metav1.ObjectMeta{Name: "seljord", CreationTimestamp: *at(-2 * time.Hour)},
		Spec:       v1alpha1.MunicipalitySpec{Number: s.municipality.Spec.Number},
	}}
}

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
		{"nothing is deleted while the definition is", vinje(deletePolicy, deleting), func(s *observed) { s.definitionGoes = true }, false, false},
		{"a namespace that is not ours is never deleted", vinje(deletePolicy, deleting), func(s *observed) {
			for _, e := range s.environments {
				e.namespace.Labels = nil
			}
		}, false, false},
		{"nor is one that was not taken up, though an administrator allows it", vinje(deletePolicy, deleting), func(s *observed) {
			for _, e := range s.environments {
				e.namespace.Labels = nil
				e.namespace.Annotations = map[string]string{v1alpha1.AnnotationAdopt: "vinje"}
			}
		}, false, false},
		{"nor one that an earlier Municipality of this name made", vinje(deletePolicy, deleting, again), nil, false, false},
		{"also where it has left the spec", vinje(deletePolicy, withoutProd, again), nil, false, true},
		{"nothing is deleted while the number belongs to another", vinje(deletePolicy, deleting), taken, false, false},
		{"also where the environment has left the spec", vinje(deletePolicy, withoutProd), taken, false, true},
		{"one that does not exist any more is done", vinje(deletePolicy, deleting), func(s *observed) {
			s.environments["prod"] = environment{}
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

func TestFinalizerIsTakenOffWhenAllIsDeleted(t *testing.T) {
	seen := fresh(vinje(deletePolicy, deleting))
	if keepsFinalizer(seen) {
		t.Error("a Municipality without any namespace still waits")
	}
}

func TestVolumesKeepTheirNamespace(t *testing.T) {
	annotated := func(value string) func(*v1alpha1.Municipality) {
		return func(m *v1alpha1.Municipality) {
			m.Annotations = map[string]string{v1alpha1.AnnotationDeleteVolumes: value}
		}
	}
	cases := []struct {
		reason  string
		m       v1alpha1.Municipality
		volumes []string
		change  func(*environment)
		state   v1alpha1.EnvironmentState
		says    []string
		removes []string
	}{
		{"a namespace without volumes is deleted", vinje(deletePolicy, deleting), nil, nil, v1alpha1.EnvironmentDeleting, nil, []string{"Namespace/vinje-test"}},
		{"the apps are uninstalled first", vinje(deletePolicy, deleting), []string{"data-0"}, func(e *environment) { e.installations = 1 },
			v1alpha1.EnvironmentDeleting, []string{"apps are being uninstalled"}, nil},
		{"which are named, first those that can't be", vinje(deletePolicy, deleting), nil, func(e *environment) {
			stuck := v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{App: "svarut", State: v1alpha1.InstallationAbsent}}
			stuck.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Message: "the operator may not list Route"}}
			going := v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{App: "arkiv", State: v1alpha1.InstallationAbsent}}
			e.installations, e.uninstalling = 2, uninstalling([]v1alpha1.AppInstallation{going, stuck})
		}, v1alpha1.EnvironmentDeleting, []string{"its apps are being uninstalled: svarut can't be uninstalled: the operator may not list Route; arkiv"}, nil},
		{"one with volumes is kept, and access ends", vinje(deletePolicy, deleting), []string{"data-0"}, nil, v1alpha1.EnvironmentRetained,
			[]string{"PersistentVolumeClaim data-0", "vinje-test", "allmenning.dev/delete-volumes=true", "Municipality vinje", "spec.deletionPolicy to Retain"},
			[]string{"RoleBinding/allmenning-administrator", "RoleBinding/allmenning-developer"}},
		{"so is one that has left the spec", vinje(deletePolicy, withoutTest), []string{"data-0"}, nil, v1alpha1.EnvironmentRetained,
			[]string{"PersistentVolumeClaim data-0"}, []string{"RoleBinding/allmenning-administrator", "RoleBinding/allmenning-developer"}},
		{"of many volumes some are named", vinje(deletePolicy, deleting), []string{"a", "b", "c", "d", "e", "f", "g"}, nil, v1alpha1.EnvironmentRetained,
			[]string{"PersistentVolumeClaims a, b, c, d, e and 2 more"}, []string{"RoleBinding/allmenning-administrator", "RoleBinding/allmenning-developer"}},
		{"an annotation deletes it with its volumes", vinje(deletePolicy, deleting, annotated("true")), []string{"data-0"}, nil, v1alpha1.EnvironmentDeleting,
			[]string{"namespace is being deleted"}, []string{"Namespace/vinje-test"}},
		{"another value of it does not", vinje(deletePolicy, deleting, annotated("yes")), []string{"data-0"}, nil, v1alpha1.EnvironmentRetained, nil,
			[]string{"RoleBinding/allmenning-administrator", "RoleBinding/allmenning-developer"}},
		{"one that somebody deletes by hand is waited for", vinje(deletePolicy, deleting), []string{"data-0"}, func(e *environment) { e.namespace.DeletionTimestamp = at(0) },
			v1alpha1.EnvironmentDeleting, nil, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			seen.municipality = tc.m
			e := seen.environments["test"]
			e.volumes = tc.volumes
			if tc.change != nil {
				tc.change(&e)
			}
			seen.environments["test"] = e

			got := planFor(t, seen, "test")
			if got.state != tc.state {
				t.Errorf("state %s, want %s", got.state, tc.state)
			}
			for _, part := range tc.says {
				if !strings.Contains(got.outcome.Message, part) {
					t.Errorf("message %q, want it to hold %q", got.outcome.Message, part)
				}
			}
			if diff := cmp.Diff(tc.removes, removedBy(got)); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
			if kept := got.state == v1alpha1.EnvironmentRetained; kept && (got.outcome.State != condition.Stalled || got.again != volumesPause || !keepsFinalizer(seen)) {
				t.Errorf("outcome %+v, again in %s, keeps the finalizer %v: a person decides, and until then it is looked at", got.outcome, got.again, keepsFinalizer(seen))
			}
		})
	}
}

func withoutTest(m *v1alpha1.Municipality) { m.Spec.Environments = m.Spec.Environments[:1] }

// TestDeletionTakesOneStepAfterTheOther walks through a deletion; each step goes on from the
// one before.
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
		{"then the policy gets its finalizer and the namespace is deleted", func() { prod.installations = 0 }, "namespace is being deleted", true, true, false, false, false},
		{"while pods are ending the policy stays", func() {
			for _, o := range planFor(t, seen, "prod").apply {
				prod.objects[deny] = live(t, o)
			}
			prod.namespace.DeletionTimestamp = at(0)
		}, "pods are ending", false, false, true, false, false},
		{"when they have ended its finalizer is taken off", func() { prod.pods = 0 }, "namespace is being deleted", false, false, false, true, false},
		{"then there is nothing to do but wait", func() { delete(prod.objects, deny) }, "namespace is being deleted", false, false, false, false, false},
		{"until it is deleted", func() { prod = environment{} }, "deleted", false, false, false, false, true},
	}
	for _, s := range steps {
		s.happens()
		seen.environments["prod"] = prod
		got := planFor(t, seen, "prod")
		if got.state != v1alpha1.EnvironmentDeleting || !strings.Contains(got.outcome.Message, s.says) {
			t.Errorf("%s: %s %q, want Deleting and %q", s.reason, got.state, got.outcome.Message, s.says)
		}
		if holds := holdsPolicy(got.apply); holds != s.holds {
			t.Errorf("%s: holds the policy %v, want %v", s.reason, holds, s.holds)
		}
		if len(got.remove) > 0 != s.removes || got.again > 0 != s.drains || (got.release != nil) != s.releases {
			t.Errorf("%s: removes %v, again in %s, releases %v", s.reason, removedBy(got), got.again, got.release != nil)
		}
		if (got.outcome.State == condition.Ready) != s.gone {
			t.Errorf("%s: outcome %+v, want done %v", s.reason, got.outcome, s.gone)
		}
	}
}

func holdsPolicy(objects []apply.Object) bool {
	for _, o := range objects {
		if key(o.Kind, o.Name) == "NetworkPolicy/allmenning-default-deny" {
			return true
		}
	}
	return false
}

func TestWithFinalizer(t *testing.T) {
	deny, e := &networkingv1.NetworkPolicy{}, environmentPlan{name: "prod", namespace: "vinje-prod"}
	if withFinalizer(e, "vinje", nil) == nil {
		t.Error("a policy that somebody deleted is made again before the namespace goes, as pods may take long to end")
	}
	if withFinalizer(e, "vinje", deny) == nil {
		t.Error("a policy without the finalizer must get it")
	}
	deny.Finalizers = []string{v1alpha1.FinalizerDrain}
	if withFinalizer(e, "vinje", deny) != nil {
		t.Error("a policy that has the finalizer is sent again")
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
		t.Errorf("looks again in %s, want %s: no watch reports that a pod has ended", todo.again, drainPause)
	}
}
