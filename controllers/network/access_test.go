package network

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/expiry"
)

func until(d time.Duration) *metav1.Time { return new(metav1.NewTime(now.Add(d))) }

func coordinating(expires *metav1.Time, groups ...string) v1alpha1.NetworkAccess {
	return v1alpha1.NetworkAccess{Role: v1alpha1.RoleCoordinator, Groups: groups, Expires: expires}
}

func TestCoordinators(t *testing.T) {
	cases := []struct {
		reason string
		access []v1alpha1.NetworkAccess
		want   *v1alpha1.Coordinators
		again  time.Duration
	}{
		{"nobody", nil, nil, 0},
		{
			"groups and users, sorted and each once",
			[]v1alpha1.NetworkAccess{
				{Role: v1alpha1.RoleCoordinator, Groups: []string{"b", "a"}, Users: []string{"kari"}},
				{Role: v1alpha1.RoleCoordinator, Groups: []string{"a"}, Users: []string{"arne", "kari"}},
			},
			&v1alpha1.Coordinators{Groups: []string{"a", "b"}, Users: []string{"arne", "kari"}}, 0,
		},
		{"access that ends in a second holds until then", []v1alpha1.NetworkAccess{coordinating(until(time.Second), "a")},
			&v1alpha1.Coordinators{Groups: []string{"a"}}, time.Second},
		{"access that ends now is over", []v1alpha1.NetworkAccess{coordinating(until(0), "a")}, nil, 0},
		{"the next end counts, not one that is past", []v1alpha1.NetworkAccess{
			coordinating(until(-time.Hour), "a"), coordinating(until(2*time.Hour), "b"), coordinating(until(time.Hour), "c"), coordinating(nil, "d"),
		}, &v1alpha1.Coordinators{Groups: []string{"b", "c", "d"}}, time.Hour},
		{"who has access by two entries keeps it when one ends", []v1alpha1.NetworkAccess{coordinating(until(-time.Hour), "a"), coordinating(nil, "a")},
			&v1alpha1.Coordinators{Groups: []string{"a"}}, 0},
		{"a role of the future is not this one", []v1alpha1.NetworkAccess{{Role: "Observer", Groups: []string{"a"}}}, nil, 0},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, coordinators(tc.access, now)); diff != "" {
				t.Errorf("coordinators (-want +got):\n%s", diff)
			}
			if again := expiry.Next(tc.access, now); again != tc.again {
				t.Errorf("looks again in %s, want %s", again, tc.again)
			}
		})
	}
}

// stored is a binding as the API server returns it once the operator has applied it: the
// values come from what was sent, and the field ownership says that they did.
func stored(t *testing.T, n *v1alpha1.Network, people v1alpha1.Coordinators) *rbacv1.ClusterRoleBinding {
	t.Helper()
	raw, err := json.Marshal(binding(n, &people).Desired)
	if err != nil {
		t.Fatal(err)
	}
	live := &rbacv1.ClusterRoleBinding{}
	if err := json.Unmarshal(raw, live); err != nil {
		t.Fatal(err)
	}
	live.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: apply.Owner, Operation: metav1.ManagedFieldsOperationApply, APIVersion: "rbac.authorization.k8s.io/v1", FieldsType: "FieldsV1",
		FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{"f:app.kubernetes.io/managed-by":{},"f:allmenning.dev/network":{}},` +
			`"f:ownerReferences":{"k:{\"uid\":\"u1\"}":{}}},"f:roleRef":{},"f:subjects":{}}`),
	}}
	return live
}

func TestPlanGrant(t *testing.T) {
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-tv", UID: "u1"}}
	a := v1alpha1.Coordinators{Groups: []string{"a"}}
	ab := v1alpha1.Coordinators{Groups: []string{"a", "b"}}
	escalated := stored(t, n, a)
	escalated.RoleRef.Name = "cluster-admin"
	joined := stored(t, n, a)
	joined.Subjects = append(joined.Subjects, rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: "mallory"})
	cases := []struct {
		reason        string
		people        *v1alpha1.Coordinators
		live          *rbacv1.ClusterRoleBinding
		remove, apply bool
	}{
		{"nobody, and no binding", nil, nil, false, false},
		{"the first coordinator", &a, nil, false, true},
		{"a binding that is as it should be costs nothing", &a, stored(t, n, a), false, false},
		{"one more", &ab, stored(t, n, a), false, true},
		{"one less", &a, stored(t, n, ab), false, true},
		{"the last one left", nil, stored(t, n, a), true, false},
		{"somebody put themselves in", &a, joined, false, true},
		{"a roleRef can't be changed: the binding is made again", &a, escalated, true, true},
		{"a binding to another role goes also where nobody is left", nil, escalated, true, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			todo, err := planGrant(n, tc.people, tc.live)
			if err != nil {
				t.Fatal(err)
			}
			if (todo.remove != nil) != tc.remove || (todo.apply != nil) != tc.apply {
				t.Errorf("removes %t and applies %t, want %t and %t", todo.remove != nil, todo.apply != nil, tc.remove, tc.apply)
			}
		})
	}
}

func TestBinding(t *testing.T) {
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-tv", UID: "u1"}}
	got := stored(t, n, v1alpha1.Coordinators{Groups: []string{"a"}, Users: []string{"kari"}})
	want := &rbacv1.ClusterRoleBinding{
		TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRoleBinding"},
		ObjectMeta: metav1.ObjectMeta{
			Name:            "allmenning-coordinators-digi-tv",
			Labels:          map[string]string{"app.kubernetes.io/managed-by": "allmenning", "allmenning.dev/network": "digi-tv"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "allmenning.dev/v1alpha1", Kind: "Network", Name: "digi-tv", UID: "u1", Controller: new(true)}},
			ManagedFields:   got.ManagedFields,
		},
		RoleRef: rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "allmenning-coordinator"},
		Subjects: []rbacv1.Subject{
			{APIGroup: "rbac.authorization.k8s.io", Kind: "Group", Name: "a"}, {APIGroup: "rbac.authorization.k8s.io", Kind: "User", Name: "kari"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("binding (-want +got):\n%s", diff)
	}
}

func TestStatusTellsOfCoordinators(t *testing.T) {
	n := v1alpha1.Network{
		ObjectMeta: metav1.ObjectMeta{Name: "digi-tv", Generation: 2},
		Spec: v1alpha1.NetworkSpec{
			Members: v1alpha1.Members{Names: []string{"vinje"}},
			Access:  []v1alpha1.NetworkAccess{coordinating(until(-time.Hour), "gone"), coordinating(nil, "a")},
		},
		Status: v1alpha1.NetworkStatus{Coordinators: &v1alpha1.Coordinators{Groups: []string{"a", "gone"}}},
	}
	suspended := *n.DeepCopy()
	suspended.Spec.Suspend = new(true)
	want := &v1alpha1.Coordinators{Groups: []string{"a"}}
	for reason, network := range map[string]v1alpha1.Network{
		"expired access is out": n,
		"an access ends in a suspended network, too: only its proposals rest": suspended,
	} {
		if diff := cmp.Diff(want, look(t, in(country.Objects{Municipalities: municipalities("vinje")}, network), now).Coordinators); diff != "" {
			t.Errorf("%s: coordinators (-want +got):\n%s", reason, diff)
		}
	}
}

func TestStatusTellsOfABindingThatCantBeWritten(t *testing.T) {
	binding := schema.GroupKind{Group: rbacv1.GroupName, Kind: "ClusterRoleBinding"}
	cases := []struct {
		reason string
		err    error
		state  string
		want   string
	}{
		{"a binding of somebody else's with another role is in the way", apierrors.NewInvalid(binding, "allmenning-coordinators-digi-tv", nil), v1alpha1.ConditionStalled,
			"where somebody else made ClusterRoleBinding allmenning-coordinators-digi-tv, delete it"},
		{"a busy API server passes", errors.New("too many requests"), v1alpha1.ConditionReconciling, "too many requests"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := observed{network: v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-tv"}}}
			conditions := status(seen, planned{}, tc.err, now).Conditions
			got := meta.FindStatusCondition(conditions, tc.state)
			if got == nil || !strings.Contains(got.Message, tc.want) || meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady) {
				t.Errorf("conditions %+v, want %s with %q", conditions, tc.state, tc.want)
			}
		})
	}
}

// The role of coordinators lets them change every network; the policy alone leaves them what is theirs.
func TestNobodyCoordinatesWithoutThePolicy(t *testing.T) {
	n := v1alpha1.Network{
		ObjectMeta: metav1.ObjectMeta{Name: "digi-tv", Generation: 1},
		Spec:       v1alpha1.NetworkSpec{Access: []v1alpha1.NetworkAccess{coordinating(nil, "a")}},
	}
	seen := in(country.Objects{}, n)
	seen.unguarded = "the policy is missing: apply it"
	seen.binding = &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: bindingName("digi-tv")}}
	todo, err := plan(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	if todo.access.remove == nil || todo.access.apply != nil {
		t.Errorf("the binding is to go: %+v", todo.access)
	}
	got := status(seen, todo, nil, now)
	stalled := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionStalled)
	if got.Coordinators != nil || stalled == nil || stalled.Reason != v1alpha1.ReasonPolicyMissing ||
		stalled.Message != "spec.access: its coordinators have no access meanwhile: the policy is missing: apply it" {
		t.Errorf("coordinators %v, conditions %+v", got.Coordinators, got.Conditions)
	}
	seen.network.Spec.Access = nil
	if todo, err = plan(seen, now); err != nil || todo.outcome.Reason == v1alpha1.ReasonPolicyMissing {
		t.Errorf("a network without coordinators is none of that policy's business: %+v, %v", todo.outcome, err)
	}
}
