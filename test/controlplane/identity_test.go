package controlplane_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/allmenning/allmenning/test/controlplane"
)

// Anybody may be impersonated by a certificate, and RBAC decides what they may
// do: nothing until a binding says so.
func TestIdentity(t *testing.T) {
	t.Parallel()
	plane, admin := start(t, controlplane.Options{})
	createReader(t, admin)
	bindReader(t, admin, "group", rbacv1.Subject{Kind: rbacv1.GroupKind, Name: "vinje-ikt", APIGroup: rbacv1.GroupName})
	bindReader(t, admin, "account", rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: "allmenning-manager", Namespace: "allmenning-system"})
	bindReader(t, admin, "accounts", rbacv1.Subject{Kind: rbacv1.GroupKind, Name: "system:serviceaccounts:vinje-prod", APIGroup: rbacv1.GroupName})

	cases := []struct {
		reason  string
		user    string
		groups  []string
		allowed bool
	}{
		{reason: "a user without a binding is denied", user: "anna", allowed: false},
		{reason: "a member of the bound group is allowed", user: "anna", groups: []string{"vinje-ikt"}, allowed: true},
		{reason: "a member of another group is denied", user: "anna", groups: []string{"tokke-ikt"}, allowed: false},
		{reason: "the bound service account is allowed", user: "system:serviceaccount:allmenning-system:allmenning-manager", allowed: true},
		{reason: "another service account is denied", user: "system:serviceaccount:allmenning-system:default", allowed: false},
		{reason: "a service account is in the groups that its token would carry", user: "system:serviceaccount:vinje-prod:any", allowed: true},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			config, err := plane.ConfigFor(c.user, c.groups...)
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "the API server decides", func(ctx context.Context) error { return decides(ctx, config, c.allowed) })
			path, err := plane.KubeconfigFor(c.user, c.groups...)
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := clientcmd.BuildConfigFromFlags("", path)
			if err != nil {
				t.Fatal(err)
			}
			if err := decides(t.Context(), loaded, c.allowed); err != nil {
				t.Errorf("by kubeconfig: %v", err)
			}
		})
	}
	if _, err := plane.ConfigFor(""); err == nil {
		t.Error("an access without a user is made, want an error")
	}
}

// decides asks for ConfigMaps, and returns an error unless RBAC decides so.
func decides(ctx context.Context, config *rest.Config, allowed bool) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().ConfigMaps(corev1.NamespaceDefault).List(ctx, metav1.ListOptions{})
	if allowed {
		return err
	}
	if !apierrors.IsForbidden(err) {
		return fmt.Errorf("listing returns %w, want that it is forbidden", err)
	}
	return nil
}

// createReader makes a role with rules of its own: those of `view` and its like
// are filled in by a controller-manager.
func createReader(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"list"}}},
	}
	if _, err := client.RbacV1().Roles(corev1.NamespaceDefault).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func bindReader(t *testing.T, client kubernetes.Interface, name string, subject rbacv1.Subject) {
	t.Helper()
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects:   []rbacv1.Subject{subject},
	}
	if _, err := client.RbacV1().RoleBindings(corev1.NamespaceDefault).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}
