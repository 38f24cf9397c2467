package installable

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/allmenning/allmenning/internal/builtin"
)

// Risk is what to know of a kind that a platform lets bundles hold beside those of Kubernetes itself, whose controllers act in
// the namespace of an object alone: no rule for bundles knows what another controller does.
const Risk = "its controller acts with rights of its own, which no rule for bundles bounds: ask of each of its fields whether it can name another namespace, " +
	"and of its account (kubectl auth can-i --list --as=system:serviceaccount:<namespace>:<name>) whether it reads Secrets, makes pods or gives rights in the whole cluster; " +
	"if so, bound it there first, or don't let bundles hold the kind"

// Added are the kinds with that risk among those that the rules let bundles hold, as kubectl names them, sorted.
func Added(rules []rbacv1.PolicyRule) []string {
	var all []string
	for _, kind := range Kinds(rules) {
		if kind.Group == rbacv1.APIGroupAll || !builtin.Has(kind.Group) {
			all = append(all, kind.String())
		}
	}
	return all
}
