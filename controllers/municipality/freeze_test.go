package municipality

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func freezing(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionFreeze }

// account is a service account in a namespace, of an app where one is named.
func account(name, app string) *corev1.ServiceAccount {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if app != "" {
		sa.Labels = map[string]string{v1alpha1.LabelApp: app}
	}
	return sa
}

// relabelled is the namespace of a plan, which must write it alone.
func relabelled(t *testing.T, e environmentPlan) *corev1.Namespace {
	t.Helper()
	if diff := cmp.Diff([]string{"Namespace/" + e.namespace}, namesOf(e.apply)); diff != "" || len(e.remove) > 0 {
		t.Fatalf("it removes %v, and applies (-want +got):\n%s", removedBy(e), diff)
	}
	ns, ok := live(t, e.apply[0]).(*corev1.Namespace)
	if !ok {
		t.Fatal("no namespace is written")
	}
	return ns
}

// TestFreezeIsALabelThatComesAndGoes: of all that a namespace is, a freeze changes the label and the list of accounts, and
// taking it out restores the namespace to the letter.
func TestFreezeIsALabelThatComesAndGoes(t *testing.T) {
	seen := settled(t, vinje())
	here := seen.environments["test"]
	here.objects[key("ServiceAccount", "board")] = account("board", "board")
	here.objects[key("ServiceAccount", "pipeline")] = account("pipeline", "")
	before := here.namespace.DeepCopy()

	freezing(&seen.municipality)
	frozen := relabelled(t, planFor(t, seen, "test"))
	want := before.DeepCopy()
	want.Labels[v1alpha1.LabelFrozen], want.Annotations[v1alpha1.AnnotationAppAccounts] = "true", "board"
	if diff := cmp.Diff([]map[string]string{want.Labels, want.Annotations}, []map[string]string{frozen.Labels, frozen.Annotations}); diff != "" {
		t.Errorf("labels and annotations (-want +got):\n%s", diff)
	}

	here.namespace = frozen
	seen.environments["test"] = here
	if again := planFor(t, seen, "test"); len(again.apply)+len(again.remove) > 0 {
		t.Errorf("it writes %v although all is frozen", namesOf(again.apply))
	}
	for _, after := range []struct {
		reason  string
		suspend v1alpha1.Suspension
	}{{"it is taken out", ""}, {"it becomes a suspension", v1alpha1.SuspensionOperator}} {
		t.Run(after.reason, func(t *testing.T) {
			seen.municipality.Spec.Suspend = after.suspend
			thawed := relabelled(t, planFor(t, seen, "test"))
			if diff := cmp.Diff([]map[string]string{before.Labels, before.Annotations}, []map[string]string{thawed.Labels, thawed.Annotations}); diff != "" {
				t.Errorf("labels and annotations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhoseFreezeItIs(t *testing.T) {
	cases := []struct {
		reason string
		change func(*observed)
		frozen bool
	}{
		{"an environment that left the spec is frozen, too", func(s *observed) { withoutTest(&s.municipality) }, true},
		{"a Municipality whose number is another's is frozen", taken, true},
		{"one that does not inherit the namespace does not freeze it", func(s *observed) {
			again(&s.municipality)
			s.municipality.Spec.Number = "3824"
		}, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			freezing(&seen.municipality)
			tc.change(&seen)
			writes := namesOf(planFor(t, seen, "test").apply)
			if got := len(writes) > 0; got != tc.frozen {
				t.Errorf("it writes %v", writes)
			}
		})
	}
	t.Run("what a Municipality that is gone has frozen stays frozen", func(t *testing.T) {
		seen := settled(t, vinje())
		seen.environments["test"].namespace.Labels[v1alpha1.LabelFrozen] = "true"
		for _, o := range left(t, seen).apply {
			if ns, ok := live(t, o).(*corev1.Namespace); ok && !isFrozen(ns) {
				t.Error("it is thawed, and nobody asked for that")
			}
		}
	})
	t.Run("a Platform that is suspended freezes nobody, and says nothing of a freeze", func(t *testing.T) {
		seen := settled(t, vinje(freezing))
		seen.platform.Suspend = new(true)
		todo, err := plan(seen, now)
		if err != nil || todo.frozen || len(todo.environments) > 0 {
			t.Errorf("frozen is %t with %d environments, %v", todo.frozen, len(todo.environments), err)
		}
	})
}

// TestFreezeIsSaidWhenItIsSo: the status does not vouch for a freeze that is not in force.
func TestFreezeIsSaidWhenItIsSo(t *testing.T) {
	for _, tc := range []struct {
		reason     string
		change     func(*observed)
		errs       map[string]error
		says, with string
	}{
		{"all is in force", func(*observed) {}, nil, "spec.suspend is Freeze: no version comes, goes or returns", v1alpha1.ReasonFrozen},
		{"the policy is not there", func(s *observed) { s.unguarded = "ValidatingAdmissionPolicy x is missing: apply it" }, nil,
			"are not stopped: ValidatingAdmissionPolicy x is missing: apply it", v1alpha1.ReasonPolicyMissing},
		{"a namespace could not be labelled", func(*observed) {}, map[string]error{"test": errors.New("no")}, "are not stopped yet: namespace vinje-test: no", v1alpha1.ReasonFrozen},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			freezing(&seen.municipality)
			tc.change(&seen)
			todo, err := plan(seen, now)
			if err != nil {
				t.Fatal(err)
			}
			got := meta.FindStatusCondition(status(seen, todo, applied{errs: tc.errs}, now).Conditions, v1alpha1.ConditionSuspended)
			if got == nil || got.Reason != tc.with || !strings.Contains(got.Message, tc.says) {
				t.Errorf("it says %+v, want %s with %q", got, tc.with, tc.says)
			}
		})
	}
}
