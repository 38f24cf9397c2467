package municipality

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/tenancy"
)

func forbidden(message string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "web", errors.New(message))
}

func TestAfterApply(t *testing.T) {
	planned := environmentPlan{name: "prod", state: v1alpha1.EnvironmentReady, outcome: condition.Outcome{State: condition.Ready, Reason: "EnvironmentReady"}}
	cases := []struct {
		reason string
		err    error
		state  v1alpha1.EnvironmentState
		how    condition.State
	}{
		{"all went well", nil, v1alpha1.EnvironmentReady, condition.Ready},
		{"a busy API server passes", apierrors.NewTooManyRequests("busy", 1), v1alpha1.EnvironmentPending, condition.Retrying},
		{"a quota that is not counted yet passes", forbidden("status unknown for quota: allmenning"), v1alpha1.EnvironmentPending, condition.Retrying},
		{"a refusal stays until somebody fixes it", forbidden("no"), v1alpha1.EnvironmentFailed, condition.Stalled},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			state, outcome := afterApply(planned, tc.err)
			if state != tc.state || outcome.State != tc.how {
				t.Errorf("%s, %+v, want %s and %v", state, outcome, tc.state, tc.how)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	stalledFault := &condition.Outcome{State: condition.Stalled, Reason: "NumberTaken", Message: "taken"}
	environmentOf := func(name string, state v1alpha1.EnvironmentState, how condition.State, message string) environmentPlan {
		return stateOf(environmentPlan{name: name, namespace: "vinje-" + name}, state, how, message)
	}
	prod := environmentOf("prod", v1alpha1.EnvironmentReady, condition.Ready, "")
	test := environmentOf("test", v1alpha1.EnvironmentReady, condition.Ready, "")
	cases := []struct {
		reason string
		m      v1alpha1.Municipality
		todo   planned
		errs   map[string]error
		// want is "environments ready, condition reason: message" of the conditions by type.
		ready string
		want  []string
		shown int
	}{
		{"all is well", vinje(), planned{environments: []environmentPlan{prod, test}}, nil,
			"2/2", []string{"Ready=True Ready: 2 environments are ready"}, 2},
		{"one waits", vinje(), planned{environments: []environmentPlan{prod, environmentOf("test", v1alpha1.EnvironmentPending, condition.Progressing, "counting")}}, nil,
			"1/2", []string{"Ready=False EnvironmentPending: environment test: counting", "Reconciling=True EnvironmentPending: environment test: counting"}, 2},
		{"the worst is reported, whichever comes first", vinje(), planned{environments: []environmentPlan{
			environmentOf("prod", v1alpha1.EnvironmentPending, condition.Progressing, "counting"),
			environmentOf("test", v1alpha1.EnvironmentFailed, condition.Stalled, "not ours"),
		}}, nil, "0/2", []string{"Ready=False EnvironmentFailed: environment test: not ours", "Stalled=True EnvironmentFailed: environment test: not ours"}, 2},
		{"what could not be written is reported", vinje(), planned{environments: []environmentPlan{prod, test}}, map[string]error{"test": forbidden("no")},
			"1/2", []string{
				`Ready=False EnvironmentFailed: environment test: pods "web" is forbidden: no`,
				`Stalled=True EnvironmentFailed: environment test: pods "web" is forbidden: no`,
			}, 2},
		{"a retained environment does not count as ready, nor as a fault", vinje(withoutProd), planned{environments: []environmentPlan{
			environmentOf("prod", v1alpha1.EnvironmentRetained, condition.Ready, "kept"), test,
		}}, nil, "1/1", []string{"Ready=True Ready: 1 environment is ready"}, 2},
		{"the number is taken", vinje(), planned{fault: stalledFault}, nil,
			"0/2", []string{"Ready=False NumberTaken: taken", "Stalled=True NumberTaken: taken"}, 0},
		{"an environment that is gone is no longer shown", vinje(deletePolicy, withoutProd), planned{environments: []environmentPlan{
			environmentOf("prod", v1alpha1.EnvironmentDeleting, condition.Ready, "gone"), test,
		}}, nil, "1/1", []string{"Ready=True Ready: 1 environment is ready"}, 1},
		{"what is being deleted is not ready", vinje(deleting), planned{environments: []environmentPlan{
			environmentOf("prod", v1alpha1.EnvironmentRetained, condition.Ready, "kept"),
		}}, nil, "0/2", []string{"Ready=False Deleting: being deleted", "Reconciling=True Deleting: being deleted"}, 1},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := status(observed{municipality: tc.m}, tc.todo, applied{errs: tc.errs}, now)
			var conditions []string
			for _, c := range got.Conditions {
				conditions = append(conditions, c.Type+"="+string(c.Status)+" "+c.Reason+": "+c.Message)
				if c.ObservedGeneration != 3 {
					t.Errorf("%s speaks of generation %d, want 3", c.Type, c.ObservedGeneration)
				}
			}
			if diff := cmp.Diff(tc.want, conditions); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			if got.EnvironmentsReady != tc.ready || len(got.Environments) != tc.shown || got.ObservedGeneration != 3 {
				t.Errorf("%s ready, %d shown, generation %d, want %s, %d and 3", got.EnvironmentsReady, len(got.Environments), got.ObservedGeneration, tc.ready, tc.shown)
			}
		})
	}
}

// before is a status in which the overview wrote its part, too.
func before(m v1alpha1.Municipality) v1alpha1.MunicipalityStatus {
	out := status(observed{municipality: m}, planned{sizeClass: "Small"}, applied{}, now)
	out.Running = "1/2"
	out.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "prod"}}
	out.Conditions = append(out.Conditions, metav1.Condition{Type: v1alpha1.ConditionAppsReady, Status: metav1.ConditionFalse})
	return out
}

func TestStatusOwnsNothingOfTheRollup(t *testing.T) {
	for reason, todo := range map[string]planned{"at work": {sizeClass: "Small"}, "suspended": {suspended: true}} {
		t.Run(reason, func(t *testing.T) {
			m := vinje()
			m.Status = before(m)
			got := status(observed{municipality: m}, todo, applied{}, now)
			if got.Running != "" || got.Apps != nil {
				t.Errorf("it would write the overview's fields: %+v", got)
			}
			for _, c := range got.Conditions {
				if c.Type == v1alpha1.ConditionAppsReady {
					t.Error("it would write the overview's condition")
				}
			}
		})
	}
}

func TestStatusOfASuspendedMunicipalityKeepsWhatWasKnown(t *testing.T) {
	m := vinje()
	m.Status = before(m)
	m.Generation = 4
	got := status(observed{municipality: m}, planned{suspended: true}, applied{}, now.Add(time.Hour))
	if got.ObservedGeneration != 3 || got.SizeClass != "Small" {
		t.Errorf("generation %d and size class %s, want 3 and Small: nothing was looked at", got.ObservedGeneration, got.SizeClass)
	}
}

func TestSameStatus(t *testing.T) {
	cases := []struct {
		reason string
		change func(live *v1alpha1.MunicipalityStatus)
		want   bool
	}{
		{"nothing changed", func(*v1alpha1.MunicipalityStatus) {}, true},
		{"what the overview counts is not ours", func(s *v1alpha1.MunicipalityStatus) { s.Running, s.Apps = "2/2", nil }, true},
		{"nor is its condition", func(s *v1alpha1.MunicipalityStatus) {
			s.Conditions = s.Conditions[:len(s.Conditions)-1]
		}, true},
		{"the order of conditions says nothing", func(s *v1alpha1.MunicipalityStatus) {
			s.Conditions[0], s.Conditions[len(s.Conditions)-1] = s.Conditions[len(s.Conditions)-1], s.Conditions[0]
		}, true},
		{"a condition is there that is over", func(s *v1alpha1.MunicipalityStatus) {
			s.Conditions = append(s.Conditions, metav1.Condition{Type: v1alpha1.ConditionStalled})
		}, false},
		{"a condition is missing", func(s *v1alpha1.MunicipalityStatus) { s.Conditions = nil }, false},
		{"a message differs", func(s *v1alpha1.MunicipalityStatus) { s.Conditions[0].Message = "x" }, false},
		{"a generation has not been seen", func(s *v1alpha1.MunicipalityStatus) { s.ObservedGeneration-- }, false},
		{"the size class is another", func(s *v1alpha1.MunicipalityStatus) { s.SizeClass = "Large" }, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			m := vinje()
			next := status(observed{municipality: m}, planned{sizeClass: "Small"}, applied{}, now)
			live := before(m)
			tc.change(&live)
			if got := sameStatus(live, next); got != tc.want {
				t.Errorf("sameStatus = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestADomainOfAnOlderMunicipalityStalls(t *testing.T) {
	seen := settled(t, vinje(func(m *v1alpha1.Municipality) { m.Spec.Domains = []string{"vinje.no", "vinje.kommune.no"} }))
	older := v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: "tokke", CreationTimestamp: *at(-2 * time.Hour)}}
	older.Spec.Domains = []string{"kommune.no"}
	seen.sameDomain = []v1alpha1.Municipality{older}
	todo, err := plan(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range planFor(t, seen, "prod").apply {
		if namespace, ok := live(t, o).(*corev1.Namespace); ok && namespace.Annotations[v1alpha1.AnnotationDomains] != "vinje.no" {
			t.Errorf("the policies of tenants read %v", namespace.Annotations)
		}
	}
	if len(namesOf(planFor(t, seen, "prod").apply)) != 1 {
		t.Errorf("applies %v, want the namespace with the domains that are given", namesOf(planFor(t, seen, "prod").apply))
	}
	next := status(seen, todo, applied{}, now)
	if len(next.RefusedDomains) != 1 || next.RefusedDomains[0].Domain != "vinje.kommune.no" || next.EnvironmentsReady != "2/2" {
		t.Errorf("refused are %+v, of %s environments", next.RefusedDomains, next.EnvironmentsReady)
	}
	if stalled := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionStalled); stalled == nil || stalled.Reason != v1alpha1.ReasonDomainTaken {
		t.Errorf("conditions: %+v", next.Conditions)
	}
	seen.municipality.Status = next
	if diff := cmp.Diff([]string{"vinje.no"}, tenancy.Domains(&seen.municipality)); diff != "" {
		t.Errorf("it is given (-want +got):\n%s", diff)
	}
	seen.sameDomain = nil
	if sameStatus(next, status(seen, todo, applied{}, now)) {
		t.Error("a domain that is free again is not written")
	}
}
