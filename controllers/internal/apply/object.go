// Package apply is how the operator writes: server-side apply, as one field
// manager, one request per object that differs and none for one that does not.
//
// What differs is found without asking the API server. For objects of known types
// the fields that the operator owns are taken out of the live object, which the
// cache holds, and compared with what it would send. This works after a restart
// too, as it needs no memory.
package apply

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Owner is the field manager of everything that the operator applies, statuses excepted.
const Owner = "allmenning"

// Live is an object as the API server has it. It is here so that what plans, which
// reads and writes nothing, need not know the client.
type Live = client.Object

// Object is an object as it should be: what to send, and how to read what the
// operator owns of the live one.
type Object struct {
	Kind string
	Name string
	// Desired is what to send. Write fills it with the answer, so it serves once.
	Desired runtime.ApplyConfiguration

	// target is of the desired object's kind and bears its name.
	target client.Object
	owned  func(live client.Object) (any, error)
}

// Target returns an otherwise empty object of the same kind, namespace and name.
func (o Object) Target() Live { return o.target }

// Changed says whether the live object, which is nil where there is none, differs
// from what is desired in any field that the operator owns or should own. Fields
// that others added are theirs.
func (o Object) Changed(live client.Object) (bool, error) {
	if live == nil {
		return true, nil
	}
	owned, err := o.owned(live)
	if err != nil {
		return false, fmt.Errorf("read the owned fields of %s %s: %w", o.Kind, o.Name, err)
	}
	return !equality.Semantic.DeepEqual(owned, o.Desired), nil
}

// Write sends an object, and takes back fields that others changed.
func Write(ctx context.Context, c client.Client, o Object) error {
	if err := c.Apply(ctx, o.Desired, client.FieldOwner(Owner), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply %s %s: %w", o.Kind, o.Name, err)
	}
	return nil
}

func object[L client.Object, A runtime.ApplyConfiguration](kind string, target L, desired A, extract func(L, string) (A, error)) Object {
	return Object{Kind: kind, Name: target.GetName(), Desired: desired, target: target, owned: func(live client.Object) (any, error) {
		typed, ok := live.(L)
		if !ok {
			return nil, fmt.Errorf("got a %T for a %s", live, kind)
		}
		return extract(typed, Owner)
	}}
}

// Namespace is a Namespace as it should be.
func Namespace(desired *corev1ac.NamespaceApplyConfiguration) Object {
	return object("Namespace", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: *desired.Name}}, desired, corev1ac.ExtractNamespace)
}

// ResourceQuota is a ResourceQuota as it should be.
func ResourceQuota(desired *corev1ac.ResourceQuotaApplyConfiguration) Object {
	return object("ResourceQuota", &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: *desired.Name, Namespace: *desired.Namespace}}, desired, corev1ac.ExtractResourceQuota)
}

// LimitRange is a LimitRange as it should be.
func LimitRange(desired *corev1ac.LimitRangeApplyConfiguration) Object {
	return object("LimitRange", &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: *desired.Name, Namespace: *desired.Namespace}}, desired, corev1ac.ExtractLimitRange)
}

// ServiceAccount is a ServiceAccount as it should be.
func ServiceAccount(desired *corev1ac.ServiceAccountApplyConfiguration) Object {
	return object("ServiceAccount", &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: *desired.Name, Namespace: *desired.Namespace}}, desired, corev1ac.ExtractServiceAccount)
}

// NetworkPolicy is a NetworkPolicy as it should be.
func NetworkPolicy(desired *networkingv1ac.NetworkPolicyApplyConfiguration) Object {
	return object("NetworkPolicy", &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: *desired.Name, Namespace: *desired.Namespace}}, desired, networkingv1ac.ExtractNetworkPolicy)
}

// RoleBinding is a RoleBinding as it should be.
func RoleBinding(desired *rbacv1ac.RoleBindingApplyConfiguration) Object {
	return object("RoleBinding", &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: *desired.Name, Namespace: *desired.Namespace}}, desired, rbacv1ac.ExtractRoleBinding)
}

// ClusterRoleBinding is a ClusterRoleBinding as it should be.
func ClusterRoleBinding(desired *rbacv1ac.ClusterRoleBindingApplyConfiguration) Object {
	return object("ClusterRoleBinding", &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: *desired.Name}}, desired, rbacv1ac.ExtractClusterRoleBinding)
}
