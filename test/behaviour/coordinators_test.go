package behaviour_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const approval = `{"spec":{"rollout":{"approvals":[{"app":"svarut","digest":"sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865","wave":"everyone"}]}}}`

// coordinated makes a network that proposes svarut and gives these groups its coordination.
func coordinated(t *testing.T, prefix string, groups ...string) *v1alpha1.Network {
	t.Helper()
	n := &v1alpha1.Network{
		ObjectMeta: metav1.ObjectMeta{Name: unique(prefix)},
		Spec: v1alpha1.NetworkSpec{
			DisplayName: "Digi", Members: v1alpha1.Members{Names: []string{"atlantis"}},
			Apps: []v1alpha1.Proposal{{Name: "svarut"}},
		},
	}
	if len(groups) > 0 {
		n.Spec.Access = []v1alpha1.NetworkAccess{{Role: v1alpha1.RoleCoordinator, Groups: groups}}
	}
	return put(t, n)
}

// patches is what "kubectl patch --type=merge" does.
func patches(ctx context.Context, who client.Client, n *v1alpha1.Network, patch string) error {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Network"))
	o.SetName(n.Name)
	return who.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch)))
}

// refused says whether a request was forbidden, with these words.
func refused(err error, parts ...string) error {
	if err == nil {
		return errors.New("it was let through")
	}
	if !apierrors.IsForbidden(err) {
		return fmt.Errorf("want it forbidden, got: %w", err)
	}
	return holds(err.Error(), parts...)
}

// bindingOf is the binding of a network's coordinators.
func bindingOf(n *v1alpha1.Network) *rbacv1.ClusterRoleBinding {
	return at(&rbacv1.ClusterRoleBinding{}, "", "allmenning-coordinators-"+n.Name)
}

// binds waits until a network's binding is to the shipped role, for these groups.
func binds(t *testing.T, n *v1alpha1.Network, groups ...string) *rbacv1.ClusterRoleBinding {
	t.Helper()
	return until(t, "the binding of the coordinators of "+n.Name, bindingOf(n), func(b *rbacv1.ClusterRoleBinding) error {
		var got []string
		for _, s := range b.Subjects {
			got = append(got, s.Name)
		}
		if b.RoleRef.Name != "allmenning-coordinator" || !slices.Equal(got, groups) || b.Labels[v1alpha1.LabelNetwork] != n.Name {
			return fmt.Errorf("it is %+v", b)
		}
		return nil
	})
}

func TestCoordinatorsApproveAndNothingElse(t *testing.T) {
	parallel(t)
	group := unique("secretariat")
	own, other := coordinated(t, "own", group), coordinated(t, "other", unique("somebody-else"))
	kari := person(t, "kari", group)
	eventually(t, "a coordinator approves, in a network that had no strategy", func(ctx context.Context) error {
		return patches(ctx, kari, own, approval)
	})
	want := []v1alpha1.Approval{{
		App: "svarut", Digest: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865", Wave: "everyone", Attempt: 1,
	}}
	if got := read(t, own).Spec.Rollout.Approvals; !slices.Equal(got, want) {
		t.Errorf("approvals are %+v", got)
	}
	for _, tc := range []struct {
		reason   string
		network  *v1alpha1.Network
		patch    string
		reported []string
	}{
		{"members are the platform's", own, `{"spec":{"members":{"names":["vinje"]}}}`, []string{"spec.rollout.approvals and spec.rollout.retries", "not spec.members"}},
		{"so is who coordinates", own, `{"spec":{"access":[{"role":"Coordinator","users":["kari"]}]}}`, []string{"not spec.access"}},
		{"so are the waves", own, `{"spec":{"rollout":{"waves":[{"name":"everyone"}]}}}`, []string{"not spec.rollout.waves"}},
		{"another network has its own coordinators", other, approval, []string{"only its coordinators", "change Network " + other.Name}},
	} {
		if err := refused(patches(t.Context(), kari, tc.network, tc.patch), tc.reported...); err != nil {
			t.Errorf("%s: %v", tc.reason, err)
		}
	}
	if got := read(t, other).Spec.Rollout; got != nil {
		t.Errorf("the other network has a strategy now: %+v", got)
	}
}

func TestCoordinationEndsByItself(t *testing.T) {
	parallel(t)
	group := unique("vendor")
	kept, ending := coordinated(t, "kept", group), coordinated(t, "ending", group, unique("stays"))
	kari := person(t, "kari", group)
	eventually(t, "the vendor approves in both", func(ctx context.Context) error {
		return errors.Join(patches(ctx, kari, kept, approval), patches(ctx, kari, ending, approval))
	})
	expires := metav1.NewTime(time.Now().Add(3 * time.Second))
	stays := ending.Spec.Access[0].Groups[1]
	edit(t, ending, func(n *v1alpha1.Network) {
		n.Spec.Access = []v1alpha1.NetworkAccess{
			{Role: v1alpha1.RoleCoordinator, Groups: []string{group}, Expires: &expires}, {Role: v1alpha1.RoleCoordinator, Groups: []string{stays}},
		}
	})
	until(t, "only who stays is a coordinator", ending, func(n *v1alpha1.Network) error {
		if want := (&v1alpha1.Coordinators{Groups: []string{stays}}); !equality.Semantic.DeepEqual(n.Status.Coordinators, want) {
			return fmt.Errorf("coordinators are %+v", n.Status.Coordinators)
		}
		return nil
	})
	if now := time.Now(); now.Before(expires.Rfc3339Copy().Time) {
		t.Errorf("access ended at %s, before its time, %s", now, expires)
	}
	binds(t, ending, stays)
	const takenBack = `{"spec":{"rollout":{"approvals":null}}}`
	eventually(t, "the vendor may not approve any more", func(ctx context.Context) error {
		return refused(patches(ctx, kari, ending, takenBack), "your access has expired")
	})
	if err := patches(t.Context(), kari, kept, takenBack); err != nil {
		t.Errorf("access to another network must not end with it: %v", err)
	}
}

func TestPlatformOperatorsChangeNetworks(t *testing.T) {
	parallel(t)
	user := unique("anna")
	put(t, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	})
	n, anna := coordinated(t, "digi"), person(t, user)
	eventually(t, "a platform operator changes members and approves", func(ctx context.Context) error {
		return errors.Join(patches(ctx, anna, n, `{"spec":{"members":{"names":["vinje"]}}}`), patches(ctx, anna, n, approval))
	})
	// The same rights but for the Platform make no platform operator.
	clerk := unique("per")
	put(t, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: clerk},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"networks"}, Verbs: []string{"*"}}},
	})
	put(t, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: clerk},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: clerk},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: clerk}},
	})
	eventually(t, "who only has networks is refused, with the reason", func(ctx context.Context) error {
		return refused(patches(ctx, person(t, clerk), n, approval), "only its coordinators", "platform operators (who may update platforms.allmenning.dev)")
	})
}

func TestWhatCoordinatorsSee(t *testing.T) {
	parallel(t)
	group := unique("secretariat")
	binds(t, coordinated(t, "digi", group), group)
	kari := person(t, "kari", group)
	for _, tc := range []struct {
		verb, resource string
		want           bool
	}{
		{"list", "networks", true},
		{"watch", "rollouts", true},
		{"get", "sharedapps", true},
		{"list", "municipalities", false}, // they have the values of parameters
		{"patch", "networks", true},
		{"create", "networks", false},
		{"delete", "networks", false},
		{"patch", "networks/status", false},
		{"patch", "rollouts", false},
		{"patch", "municipalities", false},
		{"patch", "sharedapps", false},
		{"update", "platforms", false},
		{"list", "appinstallations", false},
	} {
		eventually(t, tc.verb+" "+tc.resource, func(ctx context.Context) error {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
				ResourceAttributes: attributes("", tc.verb, v1alpha1.GroupVersion.Group, tc.resource),
			}}
			if err := kari.Create(ctx, review); err != nil {
				return err
			}
			return expect(tc.verb+" "+tc.resource+" allowed", review.Status.Allowed, tc.want)
		})
	}
}

func TestTheBindingOfCoordinatorsIsKept(t *testing.T) {
	parallel(t)
	group := unique("secretariat")
	n := coordinated(t, "digi", group)
	live := binds(t, n, group)

	intruder := rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "mallory"}
	edit(t, live, func(b *rbacv1.ClusterRoleBinding) { b.Subjects = append(b.Subjects, intruder) })
	binds(t, n, group)

	edit(t, live, func(b *rbacv1.ClusterRoleBinding) { b.Labels = nil })
	binds(t, n, group)

	remove(t, live)
	binds(t, n, group)

	// Who may delete and create bindings can make it one to another role, of which no
	// apply can take it back.
	eventually(t, "the binding is one to another role", func(ctx context.Context) error {
		if err := client.IgnoreNotFound(admin.Delete(ctx, bindingOf(n))); err != nil {
			return err
		}
		other := bindingOf(n)
		other.Labels = map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelNetwork: n.Name}
		other.RoleRef = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"}
		other.Subjects = []rbacv1.Subject{intruder}
		return admin.Create(ctx, other)
	})
	binds(t, n, group)

	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Access = nil })
	gone(t, live)
	until(t, "nobody coordinates", n, func(n *v1alpha1.Network) error {
		return expect("coordinators", n.Status.Coordinators, (*v1alpha1.Coordinators)(nil))
	})
}

func TestCoordinationEndsWithTheNetwork(t *testing.T) {
	parallel(t)
	group := unique("secretariat")
	for reason, policy := range map[string]metav1.DeletionPropagation{
		"the garbage collector takes it":                    metav1.DeletePropagationBackground,
		"the operator does, where dependents were orphaned": metav1.DeletePropagationOrphan,
	} {
		n := coordinated(t, "digi", group)
		binds(t, n, group)
		if err := admin.Delete(t.Context(), n, client.PropagationPolicy(policy)); err != nil {
			t.Fatalf("%s: %v", reason, err)
		}
		gone(t, n)
		gone(t, bindingOf(n))
	}
}

func TestABindingOfSomebodyElsesIsNotTakenOver(t *testing.T) {
	parallel(t)
	name, group := unique("digi"), unique("secretariat")
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name}}
	foreign := bindingOf(n)
	foreign.RoleRef = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"}
	put(t, foreign)
	n.Spec = v1alpha1.NetworkSpec{
		DisplayName: "Digi", Members: v1alpha1.Members{Names: []string{"atlantis"}},
		Access: []v1alpha1.NetworkAccess{{Role: v1alpha1.RoleCoordinator, Groups: []string{group}}},
	}
	put(t, n)
	until(t, "it says who is in the way", n, func(n *v1alpha1.Network) error {
		return isStalled(n.Status.Conditions, n.Generation, "spec.access", "ClusterRoleBinding "+foreign.Name+", delete it")
	})
	if got := read(t, foreign); got.RoleRef.Name != "view" || len(got.Subjects) > 0 {
		t.Errorf("it was changed: %+v", got)
	}
	remove(t, foreign)
	binds(t, n, group)
	until(t, "it is well again", n, func(n *v1alpha1.Network) error { return isReady(n.Status.Conditions, n.Generation) })
}

func TestANetworkTellsWhatIsWrongWithItsStrategy(t *testing.T) {
	parallel(t)
	label := map[string]string{"test": unique("coast")}
	var names []string
	for range 2 {
		m := town(t, "kragero", func(m *v1alpha1.Municipality) { m.Labels = label })
		names = append(names, m.Name)
	}
	slices.Sort(names)
	strategy, err := json.Marshal(map[string]any{"spec": map[string]any{
		"apps":    nil,
		"members": map[string]any{"names": append(names, "oslo-is-none")},
		"rollout": map[string]any{
			"waves": []any{
				map[string]any{"name": "coast", "members": map[string]any{"selector": metav1.LabelSelector{MatchLabels: label}}},
				map[string]any{"name": "named", "members": map[string]any{"names": names}},
				map[string]any{"name": "everyone"},
			},
			"windows": []any{map[string]any{"schedule": "0 8 30 2 *", "duration": "6h"}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	n := coordinated(t, "digi")
	if err := patches(t.Context(), admin, n, string(strategy)); err != nil {
		t.Fatal(err)
	}
	until(t, "all faults are reported at once", n, func(n *v1alpha1.Network) error {
		return isStalled(n.Status.Conditions, n.Generation, "spec.rollout.windows[0].schedule",
			"spec.rollout.waves[1].members: waves coast and named overlap at "+names[0]+", "+names[1])
	})
	edit(t, n, func(n *v1alpha1.Network) {
		n.Spec.Rollout.Windows = nil
		n.Spec.Rollout.Waves[1].Members.Names = []string{"oslo-is-none"}
	})
	until(t, "what may be meant is reported and stops nobody", n, func(n *v1alpha1.Network) error {
		if err := isReady(n.Status.Conditions, n.Generation); err != nil {
			return err
		}
		for _, c := range n.Status.Conditions {
			if c.Type == v1alpha1.ConditionReady {
				return holds(c.Message, "wave named is empty", "wave named names who is no member: oslo-is-none (spec.rollout.waves[1].members.names)")
			}
		}
		return nil
	})
}
