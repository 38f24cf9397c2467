package bundle

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Scope says whether a bundle may hold a kind.
type Scope int

const (
	// ScopeNone is the scope of a kind that bundles may not hold, or that the cluster doesn't know.
	ScopeNone Scope = iota
	// ScopeNamespaced is the scope of a kind that bundles may hold.
	ScopeNamespaced
	// ScopeCluster is the scope of a kind whose objects belong to no namespace. No bundle may hold it.
	ScopeCluster
)

// Inspect refuses built objects that a bundle may not hold, the first by name. scopeOf answers for
// the cluster: what the installer account may write, and where it belongs.
func Inspect(objects []*unstructured.Unstructured, scopeOf func(schema.GroupVersionKind) Scope) error {
	for _, object := range objects {
		if err := inspect(object, scopeOf); err != nil {
			return fmt.Errorf("%s: %w", nameOf(object), err)
		}
	}
	return nil
}

func inspect(object *unstructured.Unstructured, scopeOf func(schema.GroupVersionKind) Scope) error {
	gvk := object.GroupVersionKind()
	if strings.HasSuffix(gvk.Kind, "NetworkPolicy") {
		return fmt.Errorf("a bundle may not bring a NetworkPolicy; declare spec.requires.egress or spec.requires.ingress of the SharedApp instead")
	}
	switch scopeOf(gvk) {
	case ScopeNamespaced:
	case ScopeCluster:
		return fmt.Errorf("%s is cluster-scoped; a bundle may only hold objects of its namespace", gvk.Kind)
	default:
		return fmt.Errorf("%s (%s) is not a kind that bundles may hold; a platform adds it by a ClusterRole labelled %s: \"true\"",
			gvk.Kind, object.GetAPIVersion(), v1alpha1.LabelAggregateToInstaller)
	}
	if len(object.GetOwnerReferences()) > 0 {
		return fmt.Errorf("metadata.ownerReferences is not allowed: the garbage collector would remove it with its owner; take it out")
	}
	if len(object.GetFinalizers()) > 0 {
		return fmt.Errorf("metadata.finalizers is not allowed: it would keep the app from being uninstalled; take it out")
	}
	if gvk.Group == "" && gvk.Kind == "Service" {
		return inspectService(object)
	}
	return nil
}

func inspectService(object *unstructured.Unstructured) error {
	var service corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &service); err != nil {
		return fmt.Errorf("not a valid Service: %w", err)
	}
	switch service.Spec.Type {
	case corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer:
		return fmt.Errorf("spec.type %s is not allowed: the quota for it is 0 in every tenant; use ClusterIP and an Ingress", service.Spec.Type)
	case corev1.ServiceTypeExternalName:
		return fmt.Errorf("spec.type ExternalName is not allowed: it would bypass what spec.requires.egress of the SharedApp declares; use the name itself")
	}
	if len(service.Spec.ExternalIPs) > 0 {
		return fmt.Errorf("spec.externalIPs is not allowed: it could catch the traffic of others; take it out")
	}
	return nil
}
