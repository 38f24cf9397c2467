// Package installable knows which kinds a bundle may hold in a cluster, and puts together what its objects are
// judged by.
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

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/contract"
)

// verbs are what installing an object by server-side apply takes.
var verbs = []string{"create", "patch"}

// Mapper knows the kinds of a cluster. A meta.RESTMapper is one.
type Mapper interface {
	// RESTMapping finds the resource of a kind; a NoMatch error says that there is none.
	RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error)
	// KindFor finds the kind of a resource.
	KindFor(resource schema.GroupVersionResource) (schema.GroupVersionKind, error)
}

// Mapping finds the resource of a kind that is written exactly as the cluster writes it; a NoMatch error says that there
// is none. A mapper finds kinds by their names in lower case, too, and the API server does not: so the kind of what was
// found is asked for.
func Mapping(m Mapper, gvk schema.GroupVersionKind) (*meta.RESTMapping, error) {
	mapping, err := m.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	known, err := m.KindFor(mapping.Resource)
	if err != nil {
		return nil, err
	}
	if known.Kind != gvk.Kind || mapping.GroupVersionKind.Version != gvk.Version {
		return nil, &meta.NoKindMatchError{GroupKind: gvk.GroupKind(), SearchedVersions: []string{gvk.Version}}
	}
	return mapping, nil
}

// meant is the kind that the cluster has where one is written in another case, or in a version that it does not serve; empty
// where it has none.
func meant(m Mapper, gvk schema.GroupVersionKind) schema.GroupVersionKind {
	inLowerCase := schema.GroupKind{Group: gvk.Group, Kind: strings.ToLower(gvk.Kind)}
	for _, versions := range [][]string{{gvk.Version}, nil} {
		for _, gk := range []schema.GroupKind{gvk.GroupKind(), inLowerCase} {
			mapping, err := m.RESTMapping(gk, versions...)
			if err != nil {
				continue
			}
			known, err := m.KindFor(mapping.Resource)
			if err == nil && known.Group == gvk.Group {
				return known
			}
		}
	}
	return schema.GroupVersionKind{}
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
// A rule for named objects does not count: create can't be limited to names. What programs write while they run is
// never installed: the role lists it, so that apps can be given the right.
func Allows(rules []rbacv1.PolicyRule, group, resource string) bool {
	switch (schema.GroupResource{Group: group, Resource: resource}) {
	case schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}, schema.GroupResource{Resource: "events"}, schema.GroupResource{Group: "events.k8s.io", Resource: "events"}:
		return false
	}
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

// Question is what the terms for a bundle depend on, beside its objects.
type Question struct {
	// Rules of the installer role.
	Rules []rbacv1.PolicyRule
	// Mapper knows the kinds of the cluster.
	Mapper Mapper
	// Readable says whether the operator can read a kind; without it, all can be.
	Readable func(schema.GroupVersionKind) bool
	// Platform has what the platform allows.
	Platform v1alpha1.PlatformSpec
	// Images that it allows, see [Images].
	Images contract.Images
	// Domains of the municipality.
	Domains []string
	// Health has the health rules of the version.
	Health []v1alpha1.HealthRule
}

// Terms returns what the objects of a bundle are judged by. It asks the mapper at once, so that a cluster
// that does not answer is an error here and not a kind that seems forbidden.
func (q Question) Terms(objects []*unstructured.Unstructured) (contract.Terms, error) {
	scopes := map[schema.GroupVersionKind]contract.Scope{}
	for _, object := range objects {
		gvk := object.GroupVersionKind()
		if _, known := scopes[gvk]; known {
			continue
		}
		scope, err := q.scopeOf(gvk)
		if err != nil {
			return contract.Terms{}, err
		}
		scopes[gvk] = scope
	}
	terms := contract.Terms{
		ScopeOf:   func(gvk schema.GroupVersionKind) contract.Scope { return scopes[gvk] },
		Meant:     func(gvk schema.GroupVersionKind) schema.GroupVersionKind { return meant(q.Mapper, gvk) },
		Installer: q.Rules, Domains: q.Domains, Images: q.Images,
		HasHealthRule: func(gvk schema.GroupVersionKind) bool {
			return slices.ContainsFunc(q.Health, func(r v1alpha1.HealthRule) bool {
				return schema.FromAPIVersionAndKind(r.APIVersion, r.Kind) == gvk
			})
		},
	}
	if allowed := q.Platform.Bundles; allowed != nil {
		terms.Domains = append(slices.Clone(terms.Domains), allowed.Domains...)
		terms.Annotations, terms.PriorityClasses = allowed.Annotations, allowed.PriorityClasses
	}
	terms.TokenAudiences = Audiences(q.Platform)
	return terms, nil
}

// Audiences are those that a platform allows tokens of pods to be for, of its municipalities and of shared apps. The order of its list does
// not matter.
func Audiences(platform v1alpha1.PlatformSpec) []string {
	if platform.Workloads == nil {
		return nil
	}
	return slices.Sorted(slices.Values(platform.Workloads.TokenAudiences))
}

// Images are those that a platform allows in environments of a stage: of its municipalities, as the admission policies see to,
// and of shared apps. The order of its lists does not matter.
func Images(platform v1alpha1.PlatformSpec, stage v1alpha1.Stage) contract.Images {
	if platform.Workloads == nil {
		return contract.Images{}
	}
	return contract.Images{
		Registries: slices.Sorted(slices.Values(platform.Workloads.Registries)),
		Pinned:     slices.Contains(platform.Workloads.RequireDigests, stage),
	}
}

func (q Question) scopeOf(gvk schema.GroupVersionKind) (contract.Scope, error) {
	mapping, err := Mapping(q.Mapper, gvk)
	if meta.IsNoMatchError(err) {
		return contract.ScopeUnknown, nil
	}
	if err != nil {
		return contract.ScopeUnknown, fmt.Errorf("ask the cluster about kind %s: %w", gvk.Kind, err)
	}
	switch {
	case mapping.Scope.Name() != meta.RESTScopeNameNamespace:
		return contract.ScopeCluster, nil
	case !Allows(q.Rules, mapping.Resource.Group, mapping.Resource.Resource):
		return contract.ScopeForbidden, nil
	case q.Readable == nil || q.Readable(gvk):
		return contract.ScopeNamespaced, nil
	}
	return contract.ScopeUnreadable, nil
}
