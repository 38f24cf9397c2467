// Package installable knows which kinds a bundle may hold.
//
// There is one list: the rules of the ClusterRole that the installer account of every
// tenant is bound to. What that role can't create and patch could never be installed,
// so a bundle that holds it is refused when it is offered, and not at a tenant.
package installable

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/controllers/internal/bundle"
)

// verbs are what installing an object by server-side apply takes.
var verbs = []string{"create", "patch"}

// Mapper knows the kinds of a cluster. A meta.RESTMapper is one.
type Mapper interface {
	// RESTMapping finds the resource of a kind; a NoMatch error says that there is none.
	RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error)
}

// Kinds returns the resources that the rules let somebody install, sorted. A rule with
// a wildcard shows as it is written.
func Kinds(rules []rbacv1.PolicyRule) []schema.GroupResource {
	var all []schema.GroupResource
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				if Allows(rules, group, resource) {
					all = append(all, schema.GroupResource{Group: group, Resource: resource})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b schema.GroupResource) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(all)
}

// Allows says whether the rules let somebody create and patch any object of a resource.
// A rule for named objects does not count: create can't be limited to names.
func Allows(rules []rbacv1.PolicyRule, group, resource string) bool {
	for _, verb := range verbs {
		allowed := slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
			return len(rule.ResourceNames) == 0 && names(rule.Verbs, verb) && names(rule.APIGroups, group) && names(rule.Resources, resource)
		})
		if !allowed {
			return false
		}
	}
	return true
}

func names(all []string, one string) bool {
	return slices.Contains(all, one) || slices.Contains(all, rbacv1.VerbAll)
}

// ScopesOf returns what bundle.Inspect asks for: the scope of each kind among the
// objects. It asks the mapper at once, so that a cluster that does not answer is an
// error here and not a kind that seems forbidden.
func ScopesOf(objects []*unstructured.Unstructured, rules []rbacv1.PolicyRule, mapper Mapper) (func(schema.GroupVersionKind) bundle.Scope, error) {
	scopes := map[schema.GroupVersionKind]bundle.Scope{}
	for _, object := range objects {
		gvk := object.GroupVersionKind()
		if _, known := scopes[gvk]; known {
			continue
		}
		scope, err := scopeOf(gvk, rules, mapper)
		if err != nil {
			return nil, err
		}
		scopes[gvk] = scope
	}
	return func(gvk schema.GroupVersionKind) bundle.Scope { return scopes[gvk] }, nil
}

func scopeOf(gvk schema.GroupVersionKind, rules []rbacv1.PolicyRule, mapper Mapper) (bundle.Scope, error) {
	mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		return bundle.ScopeNone, nil
	}
	if err != nil {
		return bundle.ScopeNone, fmt.Errorf("ask the cluster about kind %s: %w", gvk.Kind, err)
	}
	switch {
	case mapping.Scope.Name() != meta.RESTScopeNameNamespace:
		return bundle.ScopeCluster, nil
	case Allows(rules, mapping.Resource.Group, mapping.Resource.Resource):
		return bundle.ScopeNamespaced, nil
	}
	return bundle.ScopeNone, nil
}
