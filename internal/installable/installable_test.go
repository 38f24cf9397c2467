package installable

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/internal/contract"
)

func rule(groups, resources, verbs, names []string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: groups, Resources: resources, Verbs: verbs, ResourceNames: names}
}

func TestAllows(t *testing.T) {
	all := []string{"create", "patch"}
	for _, tc := range []struct {
		reason string
		rules  []rbacv1.PolicyRule
		want   bool
	}{
		{"no rule, nothing allowed", nil, false},
		{"create and patch are what an install takes", []rbacv1.PolicyRule{rule([]string{"apps"}, []string{"deployments"}, all, nil)}, true},
		{"two rules may give one verb each", []rbacv1.PolicyRule{
			rule([]string{"apps"}, []string{"deployments"}, []string{"create"}, nil),
			rule([]string{"apps"}, []string{"deployments"}, []string{"patch"}, nil),
		}, true},
		{"create alone can't upgrade", []rbacv1.PolicyRule{rule([]string{"apps"}, []string{"deployments"}, []string{"create"}, nil)}, false},
		{"reading is not installing", []rbacv1.PolicyRule{rule([]string{"apps"}, []string{"deployments"}, []string{"get", "list"}, nil)}, false},
		{"a name does not allow the kind", []rbacv1.PolicyRule{rule([]string{"apps"}, []string{"deployments"}, all, []string{"one"})}, false},
		{"another group is another kind", []rbacv1.PolicyRule{rule([]string{"extensions"}, []string{"deployments"}, all, nil)}, false},
		{"a subresource is another resource", []rbacv1.PolicyRule{rule([]string{"apps"}, []string{"deployments/scale"}, all, nil)}, false},
		{"wildcards count as RBAC counts them", []rbacv1.PolicyRule{rule([]string{"*"}, []string{"*"}, []string{"*"}, nil)}, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := Allows(tc.rules, "apps", "deployments"); got != tc.want {
				t.Errorf("Allows = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestKindsAreSortedAndComplete(t *testing.T) {
	got := Kinds([]rbacv1.PolicyRule{
		rule([]string{"apps"}, []string{"statefulsets", "deployments"}, []string{"create", "patch"}, nil),
		rule([]string{""}, []string{"services", "pods"}, []string{"create"}, nil),
		rule([]string{""}, []string{"services"}, []string{"patch"}, nil),
		rule([]string{"", "events.k8s.io"}, []string{"events"}, []string{"create", "patch"}, nil), // programs write them
		rule([]string{"coordination.k8s.io"}, []string{"leases"}, []string{"create", "patch"}, nil),
	})
	want := []schema.GroupResource{{Group: "apps", Resource: "deployments"}, {Resource: "services"}, {Group: "apps", Resource: "statefulsets"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds differ (-want +got):\n%s", diff)
	}
}

type mapper func(schema.GroupKind) (*meta.RESTMapping, error)

func (m mapper) RESTMapping(gk schema.GroupKind, _ ...string) (*meta.RESTMapping, error) {
	return m(gk)
}

func TestTerms(t *testing.T) {
	rules := []rbacv1.PolicyRule{rule([]string{"", "example.org"}, []string{"services", "clusterthings", "configmaps", "queues"}, []string{"create", "patch"}, nil)}
	known := mapper(func(gk schema.GroupKind) (*meta.RESTMapping, error) {
		switch gk.Kind {
		case "Service":
			return &meta.RESTMapping{Scope: meta.RESTScopeNamespace, Resource: schema.GroupVersionResource{Version: "v1", Resource: "services"}, GroupVersionKind: gk.WithVersion("v1")}, nil
		case "configmap":
			return &meta.RESTMapping{Scope: meta.RESTScopeNamespace, Resource: schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}}, nil
		case "Queue":
			return &meta.RESTMapping{Scope: meta.RESTScopeNamespace, Resource: schema.GroupVersionResource{Group: "example.org", Version: "v1", Resource: "queues"}, GroupVersionKind: gk.WithVersion("v1")}, nil
		case "Pod":
			return &meta.RESTMapping{Scope: meta.RESTScopeNamespace, Resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"}, GroupVersionKind: gk.WithVersion("v1")}, nil
		case "ClusterThing":
			return &meta.RESTMapping{Scope: meta.RESTScopeRoot, Resource: schema.GroupVersionResource{Group: "example.org", Version: "v1", Resource: "clusterthings"}, GroupVersionKind: gk.WithVersion("v1")}, nil
		}
		return nil, &meta.NoKindMatchError{GroupKind: gk}
	})
	readable := func(gvk schema.GroupVersionKind) bool { return gvk.Kind != "Queue" }
	for _, tc := range []struct {
		reason, apiVersion, kind string
		want                     contract.Scope
	}{
		{"listed and namespaced", "v1", "Service", contract.ScopeNamespaced},
		{"not listed", "v1", "Pod", contract.ScopeForbidden},
		{"cluster-scoped, although listed", "example.org/v1", "ClusterThing", contract.ScopeCluster},
		{"found by its name in the wrong case", "v1", "configmap", contract.ScopeUnknown},
		{"listed, and not to be read", "example.org/v1", "Queue", contract.ScopeUnreadable},
		{"unknown to the cluster", "example.org/v1", "Nothing", contract.ScopeUnknown},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			object := &unstructured.Unstructured{}
			object.SetAPIVersion(tc.apiVersion)
			object.SetKind(tc.kind)
			terms, err := Question{Rules: rules, Mapper: known, Readable: readable}.Terms([]*unstructured.Unstructured{object})
			if err != nil {
				t.Fatal(err)
			}
			if got := terms.ScopeOf(object.GroupVersionKind()); got != tc.want {
				t.Errorf("scope = %v, want %v", got, tc.want)
			}
		})
	}
	silent := mapper(func(schema.GroupKind) (*meta.RESTMapping, error) { return nil, errors.New("no answer") })
	if _, err := (Question{Rules: rules, Mapper: silent}).Terms([]*unstructured.Unstructured{{Object: map[string]any{"kind": "Service", "apiVersion": "v1"}}}); err == nil {
		t.Error("a cluster that does not answer must not make a kind forbidden")
	}
}
