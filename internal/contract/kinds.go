package contract

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/builtin"
)

// kindRule: a bundle holds objects of its namespace, of the kinds that the platform lists.
func kindRule(w *whole, o *unstructured.Unstructured) []Finding {
	gvk := o.GroupVersionKind()
	what := fmt.Sprintf("%s (%s)", gvk.Kind, o.GetAPIVersion())
	if strings.HasSuffix(gvk.Kind, "NetworkPolicy") {
		return drop("a bundle may not bring a NetworkPolicy, which could open a wall", "declare versions[].requires.egress or .ingress of the SharedApp instead")
	}
	if successor := successorOf(gvk); successor != "" {
		return outdated(gvk, successor)
	}
	scope := w.terms.ScopeOf(gvk)
	if scope == ScopeNamespaced {
		return nil
	}
	if why := platforms(gvk); why != "" {
		return drop(what+" is the platform's: "+why, "take it out")
	}
	if found := w.elsewhere(o, what); found != nil {
		return found
	}
	switch scope {
	case ScopeNamespaced:
	case ScopeCluster:
		return one("kind", gvk.Kind+" is cluster-scoped; a bundle may only hold objects of its namespace", insteadOf(gvk))
	case ScopeUnknown:
		return one("kind", what+" is not a kind that the cluster knows", w.terms.rewrite(gvk))
	case ScopeUnreadable:
		return one("kind", what+" may be installed, but the operator may not read it, so it could not say how it is",
			fmt.Sprintf("add a ClusterRole with get, list and watch on it, labelled %s: \"true\"", v1alpha1.LabelAggregateToManager))
	case ScopeForbidden:
	}
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	return one("kind", what+" is not a kind that bundles may hold",
		fmt.Sprintf("%s, or have the platform add it with kubectl allmenning platform add-kind %s, which writes two ClusterRoles, labelled %s: \"true\" and %s: \"true\"",
			insteadOf(gvk), plural.GroupResource(), v1alpha1.LabelAggregateToInstaller, v1alpha1.LabelAggregateToManager))
}

// rewrite says how a kind is to be written that the cluster does not know: as one of its own in another case or version, or as one
// of Kubernetes itself.
func (t Terms) rewrite(gvk schema.GroupVersionKind) string {
	var known schema.GroupVersionKind
	if t.Meant != nil {
		known = t.Meant(gvk)
	}
	if known.Empty() || known == gvk {
		known = builtin.Meant(gvk)
	}
	switch {
	case known.Empty() && builtin.Has(gvk.Group):
		return "correct apiVersion and kind, which are case-sensitive: kubectl api-resources lists them"
	case known.Empty():
		return "correct apiVersion and kind, which are case-sensitive, or " + insteadOf(gvk) + ", or have its CustomResourceDefinition installed first"
	case known.GroupVersion() == gvk.GroupVersion():
		return fmt.Sprintf("write kind: %s, as kinds are case-sensitive", known.Kind)
	case known.Kind == gvk.Kind:
		return fmt.Sprintf("write apiVersion: %s, which has it", known.GroupVersion())
	}
	return fmt.Sprintf("write apiVersion: %s and kind: %s", known.GroupVersion(), known.Kind)
}

// drop is a finding on an object without which the app is the same.
func drop(problem, fix string) []Finding {
	return []Finding{{Field: "kind", Problem: problem, Fix: fix, Drop: true}}
}

// insteadOf says what a publisher does about an object of a kind that bundles may not hold.
func insteadOf(gvk schema.GroupVersionKind) string {
	switch gvk.Kind {
	case "ClusterRole", "ClusterRoleBinding":
		return "write a Role and a RoleBinding for what the app needs in its own namespace; rights beyond that are for the platform operators to give"
	case "StorageClass":
		return "take it out, and have claims name no storageClassName, or one that the cluster has"
	case "IngressRoute", "VirtualService", "Route", "HTTPProxy", "HTTPRoute":
		return "write an Ingress for what it routes"
	case "HelmRelease", "HelmChart":
		return "render the chart into the bundle with kubectl allmenning bundle from-chart, or offer it as an app of its own with source.chart"
	case "SecretProviderClass":
		return "bring a Secret whose values are parameters (parametersFrom keeps them in Secrets of the municipality), and mount that"
	case "Pod", "ReplicaSet", "ReplicationController":
		return "write a Deployment, which makes such pods again when they go"
	case "CustomResourceDefinition", "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
		return "take it out, and ask the platform operators to install it"
	}
	return "take it out, if the app works without it"
}
