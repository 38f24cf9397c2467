package installable

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/restmapper"

	"github.com/allmenning/allmenning/api/v1alpha1"
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

// silent is a mapper of a cluster that does not answer.
type silent struct{}

func (silent) RESTMapping(schema.GroupKind, ...string) (*meta.RESTMapping, error) {
	return nil, errors.New("no answer")
}

func (silent) KindFor(schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	return schema.GroupVersionKind{}, errors.New("no answer")
}

// discovered is a mapper as discovery makes it: it finds kinds by their names in lower case, too.
func discovered() meta.RESTMapper {
	group := func(name, version string, resources ...metav1.APIResource) *restmapper.APIGroupResources {
		in := metav1.GroupVersionForDiscovery{GroupVersion: strings.TrimPrefix(name+"/"+version, "/"), Version: version}
		return &restmapper.APIGroupResources{
			Group:              metav1.APIGroup{Name: name, Versions: []metav1.GroupVersionForDiscovery{in}, PreferredVersion: in},
			VersionedResources: map[string][]metav1.APIResource{version: resources},
		}
	}
	return restmapper.NewDiscoveryRESTMapper([]*restmapper.APIGroupResources{
		group("", "v1", metav1.APIResource{Name: "configmaps", Kind: "ConfigMap", Namespaced: true}, metav1.APIResource{Name: "services", Kind: "Service", Namespaced: true},
			metav1.APIResource{Name: "pods", Kind: "Pod", Namespaced: true}),
		group("example.org", "v1", metav1.APIResource{Name: "queues", Kind: "Queue", Namespaced: true}, metav1.APIResource{Name: "clusterthings", Kind: "ClusterThing"}),
		group("knative.example.org", "v1", metav1.APIResource{Name: "services", Kind: "Service", Namespaced: true}),
	})
}

func TestTerms(t *testing.T) {
	rules := []rbacv1.PolicyRule{rule([]string{"", "example.org", "knative.example.org"}, []string{"services", "clusterthings", "configmaps", "queues"}, []string{"create", "patch"}, nil)}
	known := discovered()
	readable := func(gvk schema.GroupVersionKind) bool { return gvk.Kind != "Queue" }
	for _, tc := range []struct {
		reason, apiVersion, kind string
		want                     contract.Scope
		// meant is the kind that is written otherwise.
		meant string
	}{
		{"listed and namespaced", "v1", "Service", contract.ScopeNamespaced, ""},
		{"not listed", "v1", "Pod", contract.ScopeForbidden, ""},
		{"cluster-scoped, although listed", "example.org/v1", "ClusterThing", contract.ScopeCluster, ""},
		{"another group has a resource of the same name", "knative.example.org/v1", "Service", contract.ScopeNamespaced, ""},
		{"found by its name in lower case", "v1", "configmap", contract.ScopeUnknown, "/v1, Kind=ConfigMap"},
		{"written in capitals", "v1", "CONFIGMAP", contract.ScopeUnknown, "/v1, Kind=ConfigMap"},
		{"one of a definition, in the wrong case", "example.org/v1", "queue", contract.ScopeUnknown, "example.org/v1, Kind=Queue"},
		{"in a version that is not served", "example.org/v2", "Queue", contract.ScopeUnknown, "example.org/v1, Kind=Queue"},
		{"in another version and case", "example.org/v2", "QUEUE", contract.ScopeUnknown, "example.org/v1, Kind=Queue"},
		{"in another group", "example.com/v1", "Queue", contract.ScopeUnknown, ""},
		{"listed, and not to be read", "example.org/v1", "Queue", contract.ScopeUnreadable, ""},
		{"unknown to the cluster", "example.org/v1", "Nothing", contract.ScopeUnknown, ""},
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
			if tc.want != contract.ScopeUnknown {
				return
			}
			if got := terms.Meant(object.GroupVersionKind()); (!got.Empty() || tc.meant != "") && got.String() != tc.meant {
				t.Errorf("meant = %v, want %q", got, tc.meant)
			}
		})
	}
	if _, err := (Question{Rules: rules, Mapper: silent{}}).Terms([]*unstructured.Unstructured{{Object: map[string]any{"kind": "Service", "apiVersion": "v1"}}}); err == nil {
		t.Error("a cluster that does not answer must not make a kind forbidden")
	}
}

func TestAudiences(t *testing.T) {
	q := Question{Mapper: discovered(), Platform: v1alpha1.PlatformSpec{Workloads: &v1alpha1.AllowedWorkloads{TokenAudiences: []string{"b", "a"}}}}
	terms, err := q.Terms(nil)
	if err != nil || !slices.Equal(terms.TokenAudiences, []string{"a", "b"}) {
		t.Errorf("audiences %v, %v", terms.TokenAudiences, err)
	}
	if all := Audiences(v1alpha1.PlatformSpec{}); len(all) > 0 {
		t.Errorf("a platform that says nothing allows %v", all)
	}
}
