package municipality

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
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

// accessUnfit says which access is to end at apps that have no namespace of their own, and therefore holds nowhere for
// them; nil where none is.
func accessUnfit(seen observed) *condition.Outcome {
	var faults []string
	for n, a := range seen.municipality.Spec.Access {
		for _, app := range a.Apps {
			switch isolation, known := seen.isolations[app]; {
			case !known:
				faults = append(faults, fmt.Sprintf("spec.access[%d].apps: there is no SharedApp %q: correct the name, or take it out", n, app))
			case isolation != v1alpha1.IsolationOwn:
				faults = append(faults, fmt.Sprintf("spec.access[%d].apps: take %s out, or give the access to the whole environment: it shares the environment's namespace with other apps "+
					"(spec.isolation of SharedApp %s), so access can't end at it", n, app, app))
			}
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonAccessUnfit, Message: strings.Join(faults, "; ")}
}

// subject is a group or a user of the identity provider.
type subject struct{ kind, name string }

// bindings give the people of a namespace their roles at a point in time: one
// RoleBinding per role that anybody has. Access that has expired is not in it, nor such as ends at other apps.
func bindings(to site, access []v1alpha1.Access, now time.Time) []*rbacv1ac.RoleBindingApplyConfiguration {
	namespace := to.namespace
	people := map[string][]subject{}
	for _, a := range access {
		if expiry.Expired(a, now) || (len(a.Environments) > 0 && !slices.Contains(a.Environments, to.environment.Name)) ||
			(len(a.Apps) > 0 && !slices.Contains(a.Apps, to.app)) {
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
		if to.nobodyNew {
			people[role] = slices.DeleteFunc(people[role], func(s subject) bool { return !has(to.live, role, s) })
		}
		if len(people[role]) > 0 {
			all = append(all, binding(namespace, role, people[role]))
		}
	}
	return append(all, rbacv1ac.RoleBinding(v1alpha1.InstallerName, namespace).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(v1alpha1.RoleInstaller)).
		WithSubjects(rbacv1ac.Subject().WithKind(rbacv1.ServiceAccountKind).WithName(v1alpha1.InstallerName).WithNamespace(namespace)))
}

// has says whether somebody has a role in a namespace now.
func has(live environment, role string, who subject) bool {
	binding, ok := live.objects[key("RoleBinding", role)].(*rbacv1.RoleBinding)
	return ok && slices.ContainsFunc(binding.Subjects, func(s rbacv1.Subject) bool { return s.Kind == who.kind && s.Name == who.name })
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
