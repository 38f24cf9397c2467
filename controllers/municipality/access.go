package municipality

import (
	"cmp"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/expiry"
)

// clusterRoles are the shipped roles, by what a person is given.
func clusterRole(role v1alpha1.AccessRole) string {
	switch role {
	case v1alpha1.AccessAdministrator:
		return v1alpha1.RoleAdministrator
	case v1alpha1.AccessDeveloper:
		return v1alpha1.RoleDeveloper
	case v1alpha1.AccessViewer:
		return v1alpha1.RoleViewer
	}
	return ""
}

// subject is a group or a user of the identity provider.
type subject struct{ kind, name string }

// bindings give the people of an environment their roles at a point in time: one
// RoleBinding per role that anybody has. Access that has expired is not in it.
func bindings(namespace, environment string, access []v1alpha1.Access, now time.Time) []*rbacv1ac.RoleBindingApplyConfiguration {
	people := map[string][]subject{}
	for _, a := range access {
		if expiry.Expired(a, now) || (len(a.Environments) > 0 && !slices.Contains(a.Environments, environment)) {
			continue
		}
		role := clusterRole(a.Role)
		for _, g := range a.Groups {
			people[role] = append(people[role], subject{rbacv1.GroupKind, g})
		}
		for _, u := range a.Users {
			people[role] = append(people[role], subject{rbacv1.UserKind, u})
		}
	}
	var all []*rbacv1ac.RoleBindingApplyConfiguration
	for _, role := range []string{v1alpha1.RoleAdministrator, v1alpha1.RoleDeveloper, v1alpha1.RoleViewer} {
		if len(people[role]) > 0 {
			all = append(all, binding(namespace, role, people[role]))
		}
	}
	return append(all, rbacv1ac.RoleBinding(v1alpha1.InstallerName, namespace).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(v1alpha1.RoleInstaller)).
		WithSubjects(rbacv1ac.Subject().WithKind(rbacv1.ServiceAccountKind).WithName(v1alpha1.InstallerName).WithNamespace(namespace)))
}

func binding(namespace, role string, people []subject) *rbacv1ac.RoleBindingApplyConfiguration {
	slices.SortFunc(people, func(a, b subject) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name)) })
	rb := rbacv1ac.RoleBinding(role, namespace).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(role))
	for _, p := range slices.Compact(people) {
		rb.WithSubjects(rbacv1ac.Subject().WithAPIGroup(rbacv1.GroupName).WithKind(p.kind).WithName(p.name))
	}
	return rb
}
