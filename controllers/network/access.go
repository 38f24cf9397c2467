package network

import (
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/expiry"
)

// bindingName is the ClusterRoleBinding of a network's coordinators.
func bindingName(network string) string { return "allmenning-coordinators-" + network }

// coordinators are who may approve at a point in time, sorted and each once: access
// without what has expired. It is nil where nobody may.
func coordinators(access []v1alpha1.NetworkAccess, now time.Time) *v1alpha1.Coordinators {
	var all v1alpha1.Coordinators
	for _, a := range access {
		if a.Role != v1alpha1.RoleCoordinator || expiry.Expired(a, now) {
			continue
		}
		all.Groups = append(all.Groups, a.Groups...)
		all.Users = append(all.Users, a.Users...)
	}
	if len(all.Groups)+len(all.Users) == 0 {
		return nil
	}
	slices.Sort(all.Groups)
	slices.Sort(all.Users)
	all.Groups, all.Users = slices.Compact(all.Groups), slices.Compact(all.Users)
	return &all
}

// binding gives coordinators the shipped role. It is owned by its Network, so that the
// garbage collector ends their access with the network even while no operator runs. That
// a CustomResourceDefinition which is removed takes the bindings along does no harm:
// there is nothing left to approve, and they are made again from spec.access.
func binding(n *v1alpha1.Network, people *v1alpha1.Coordinators) apply.Object {
	desired := rbacv1ac.ClusterRoleBinding(bindingName(n.Name)).
		WithLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelNetwork: n.Name}).
		WithOwnerReferences(metav1ac.OwnerReference().
			WithAPIVersion(v1alpha1.GroupVersion.String()).WithKind("Network").WithName(n.Name).WithUID(n.UID).WithController(true)).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(v1alpha1.RoleNameCoordinator))
	for _, g := range people.Groups {
		desired.WithSubjects(rbacv1ac.Subject().WithAPIGroup(rbacv1.GroupName).WithKind(rbacv1.GroupKind).WithName(g))
	}
	for _, u := range people.Users {
		desired.WithSubjects(rbacv1ac.Subject().WithAPIGroup(rbacv1.GroupName).WithKind(rbacv1.UserKind).WithName(u))
	}
	return apply.ClusterRoleBinding(desired)
}

// grant is what is to be done with the binding. The zero value is nothing.
type grant struct {
	// remove is the binding that there is: nobody is a coordinator, or no apply can fix it.
	remove apply.Live
	// apply comes after remove; nil where the binding is as it should be, or goes.
	apply *apply.Object
}

// planGrant compares the binding that there is, or nil, with who should be in it.
func planGrant(n *v1alpha1.Network, people *v1alpha1.Coordinators, live *rbacv1.ClusterRoleBinding) (grant, error) {
	var todo grant
	var existing apply.Live // stays a nil interface where there is none
	if live != nil {
		existing = live
	}
	if people == nil {
		todo.remove = existing
		return todo, nil
	}
	if live != nil && !bindsCoordinators(live.RoleRef) {
		todo.remove, existing = live, nil
	}
	desired := binding(n, people)
	changed, err := desired.Changed(existing)
	if err != nil {
		return grant{}, err
	}
	if changed {
		todo.apply = &desired
	}
	return todo, nil
}

// bindsCoordinators says whether a binding is to the role that it should be to. A roleRef
// can't be changed: a binding to another one is deleted and made again.
func bindsCoordinators(role rbacv1.RoleRef) bool {
	return role == rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: v1alpha1.RoleNameCoordinator}
}
