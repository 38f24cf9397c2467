package installable

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

func TestAdded(t *testing.T) {
	all := []string{"get", "create", "patch", "delete"}
	for _, tc := range []struct {
		reason string
		rules  []rbacv1.PolicyRule
		want   []string
	}{
		{"the kinds of Kubernetes act where they are", []rbacv1.PolicyRule{rule([]string{"", "apps", "networking.k8s.io"}, []string{"services", "deployments", "ingresses"}, all, nil)}, nil},
		{"kinds of definitions are as harmless as their controllers, each named once", []rbacv1.PolicyRule{
			rule([]string{"kafka.strimzi.io", "gateway.networking.k8s.io"}, []string{"kafkas"}, all, nil), rule([]string{"gateway.networking.k8s.io"}, []string{"httproutes", "kafkas"}, all, nil),
		}, []string{"httproutes.gateway.networking.k8s.io", "kafkas.gateway.networking.k8s.io", "kafkas.kafka.strimzi.io"}},
		{"what an installer may only give on is no kind that bundles hold", []rbacv1.PolicyRule{rule([]string{"kafka.strimzi.io"}, []string{"kafkas"}, []string{"get", "list"}, nil)}, nil},
		{"a wildcard lets in whatever comes", []rbacv1.PolicyRule{rule([]string{"*"}, []string{"*"}, []string{"*"}, nil)}, []string{"*.*"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Added(tc.rules)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
		})
	}
}
