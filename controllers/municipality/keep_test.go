package municipality

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// left is the plan for the environment test of a Municipality that is gone.
func left(t *testing.T, seen observed) environmentPlan {
	t.Helper()
	seen.municipality = v1alpha1.Municipality{}
	seen.municipality.Name = "vinje"
	todo, err := planLeft(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range todo.environments {
		if e.name == "test" {
			return e
		}
	}
	return environmentPlan{}
}

func TestWallsAreKeptAndAccessEnds(t *testing.T) {
	const (
		deny      = "NetworkPolicy/allmenning-default-deny"
		quota     = "ResourceQuota/allmenning"
		developer = "RoleBinding/allmenning-developer"
		everybody = "RoleBinding/allmenning-administrator"
	)
	states := []struct {
		reason string
		plan   func(t *testing.T, seen observed) environmentPlan
		// ends are the bindings that end of themselves in this state.
		ends []string
	}{
		{"suspended", func(t *testing.T, seen observed) environmentPlan {
			seen.municipality.Spec.Suspend = v1alpha1.SuspensionOperator
			return planFor(t, seen, "test")
		}, nil},
		{"of a number that belongs to another", func(t *testing.T, seen observed) environmentPlan {
			taken(&seen)
			return planFor(t, seen, "test")
		}, nil},
		{"retained", func(t *testing.T, seen observed) environmentPlan {
			withoutTest(&seen.municipality)
			seen.municipality.Spec.Access = seen.municipality.Spec.Access[:1]
			return planFor(t, seen, "test")
		}, []string{developer}},
		{"of a Municipality that is being deleted", func(t *testing.T, seen observed) environmentPlan {
			deleting(&seen.municipality)
			return planFor(t, seen, "test")
		}, nil},
		{"left by a Municipality that is gone", left, []string{everybody, developer}},
		{"held by an earlier Municipality", func(t *testing.T, seen observed) environmentPlan {
			again(&seen.municipality)
			seen.municipality.Spec.Number = "3824"
			return planFor(t, seen, "test")
		}, []string{everybody, developer}},
	}
	for _, state := range states {
		cases := []struct {
			reason string
			change func(t *testing.T, seen *observed)
			apply  []string
			ends   []string
		}{
			{"nothing is written where all is as it was", func(*testing.T, *observed) {}, nil, nil},
			{"a wall that somebody took down is put back", func(_ *testing.T, s *observed) { delete(s.environments["test"].objects, deny) }, []string{deny}, nil},
			{"a label that somebody changed is put back", func(_ *testing.T, s *observed) {
				s.environments["test"].namespace.Labels["pod-security.kubernetes.io/enforce"] = "privileged"
			}, []string{"Namespace/vinje-test"}, nil},
			{"a quota that is gone is there again", func(_ *testing.T, s *observed) { delete(s.environments["test"].objects, quota) }, []string{quota}, nil},
			{"a quota that is there is not another", func(_ *testing.T, s *observed) { s.platform.SizeClasses[0].Quota.Pods = new(int32(1)) }, nil, nil},
			{"access that has expired ends", func(_ *testing.T, s *observed) { s.municipality.Spec.Access[1].Expires = at(-time.Second) }, nil, []string{developer}},
			{"access that was taken out ends", func(_ *testing.T, s *observed) { s.municipality.Spec.Access = s.municipality.Spec.Access[:1] }, nil, []string{developer}},
			{"nobody gets access", func(_ *testing.T, s *observed) {
				s.municipality.Spec.Access = append(s.municipality.Spec.Access, v1alpha1.Access{Role: v1alpha1.AccessViewer, Users: []string{"new"}})
			}, nil, nil},
		}
		for _, tc := range cases {
			t.Run(state.reason+": "+tc.reason, func(t *testing.T) {
				seen := settled(t, vinje())
				tc.change(t, &seen)
				got := state.plan(t, seen)
				if diff := cmp.Diff(tc.apply, namesOf(got.apply)); diff != "" {
					t.Errorf("applied (-want +got):\n%s", diff)
				}
				ends := state.ends
				if len(ends) == 0 {
					ends = tc.ends
				}
				if diff := cmp.Diff(ends, removedBy(got)); diff != "" {
					t.Errorf("removed (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestAccessStaysWhileTheDefinitionGoes(t *testing.T) {
	seen := settled(t, vinje())
	seen.definitionGoes = true
	if got := left(t, seen); len(got.apply)+len(got.remove) > 0 {
		t.Errorf("applies %v, removes %v: nobody meant this Municipality", namesOf(got.apply), removedBy(got))
	}
}

func TestOneOfSeveralLosesAccess(t *testing.T) {
	both := []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Users: []string{"ola", "kari"}}}
	seen := settled(t, vinje(func(m *v1alpha1.Municipality) { m.Spec.Access = both }))
	seen.municipality.Spec.Suspend = v1alpha1.SuspensionOperator
	seen.municipality.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Users: []string{"ola", "new"}}}
	got := planFor(t, seen, "test")
	if diff := cmp.Diff([]string{"RoleBinding/allmenning-viewer"}, namesOf(got.apply)); diff != "" {
		t.Fatalf("applied (-want +got):\n%s", diff)
	}
	binding, ok := live(t, got.apply[0]).(*rbacv1.RoleBinding)
	if !ok || len(binding.Subjects) != 1 || binding.Subjects[0].Name != "ola" {
		t.Errorf("it is of %+v, want ola alone", binding)
	}
}

func TestTakenUpUnderDeleteIsNotDeleted(t *testing.T) {
	for _, tc := range []struct {
		reason string
		before []func(*v1alpha1.Municipality)
		after  []func(*v1alpha1.Municipality)
		want   bool
	}{
		{"what it made goes", nil, []func(*v1alpha1.Municipality){deletePolicy, withoutProd}, true},
		{"what it took up while the policy was Delete stays", []func(*v1alpha1.Municipality){again, deletePolicy}, []func(*v1alpha1.Municipality){again, deletePolicy, withoutProd}, false},
		{"what it held when the policy was set goes", []func(*v1alpha1.Municipality){again}, []func(*v1alpha1.Municipality){again, deletePolicy, withoutProd}, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			seen.municipality = vinje(tc.before...)
			for _, o := range planFor(t, seen, "prod").apply {
				if o.Kind == "Namespace" {
					seen.environments["prod"] = built(t, append(planFor(t, fresh(vinje()), "prod").apply[1:], o))
				}
			}
			seen.municipality = vinje(tc.after...)
			if got := goes(seen, "prod"); got != tc.want {
				t.Errorf("goes = %v, want %v", got, tc.want)
			}
		})
	}
}
