// Package backup takes what the operator knows out of a cluster, and puts it into an empty one.
//
// It is a bounded list of kinds: ours with their status, the namespaces of municipalities, the bundles that the operator keeps and those that
// SharedApps name in ConfigMaps, and on request the Secrets that the operator made or reads. Objects of apps are none of it, as the operator
// makes them again, and what municipalities run besides belongs to the backup of the cluster.
package backup

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Manager is the field manager of what is being restored. An object that it owns fields of is not finished.
const Manager = "kubectl-allmenning-restore"

// kinds that a backup holds, in the order in which they are restored: a namespace names the UID of its Municipality.
var kinds = []schema.GroupVersionKind{
	v1alpha1.GroupVersion.WithKind("Platform"), v1alpha1.GroupVersion.WithKind("SharedApp"), v1alpha1.GroupVersion.WithKind("Network"),
	v1alpha1.GroupVersion.WithKind("Municipality"), corev1.SchemeGroupVersion.WithKind("Namespace"), corev1.SchemeGroupVersion.WithKind("ConfigMap"),
	corev1.SchemeGroupVersion.WithKind("Secret"), v1alpha1.GroupVersion.WithKind("Rollout"), v1alpha1.GroupVersion.WithKind("AppInstallation"),
}

// rank is where the kind of an object is in that order; negative where it is none of them.
func rank(o *unstructured.Unstructured) int { return slices.Index(kinds, o.GroupVersionKind()) }

// isOurs says whether an object is of one of our own kinds, which have a status.
func isOurs(o *unstructured.Unstructured) bool {
	return o.GroupVersionKind().Group == v1alpha1.GroupVersion.Group
}

// isOperators says whether only the operator's account creates objects of the kind.
func isOperators(o *unstructured.Unstructured) bool {
	return o.GetKind() == "AppInstallation" || o.GetKind() == "Rollout"
}

// named is an object in words.
func named(o *unstructured.Unstructured) string {
	if o.GetNamespace() == "" {
		return o.GetKind() + " " + o.GetName()
	}
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}
