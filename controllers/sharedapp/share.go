package sharedapp

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/contract"
)

// shareWarnings name the objects of a bundle that claim storage, where the namespaces that the app has for itself get none: what
// is left out of their quota is none, too.
func shareWarnings(isolation v1alpha1.Isolation, own *v1alpha1.OwnNamespace, objects []*unstructured.Unstructured) []contract.Finding {
	if isolation != v1alpha1.IsolationOwn || hasStorage(own) {
		return nil
	}
	var all []contract.Finding
	for _, o := range objects {
		templates, _, _ := unstructured.NestedSlice(o.Object, "spec", "volumeClaimTemplates")
		if o.GetKind() != "PersistentVolumeClaim" && len(templates) == 0 {
			continue
		}
		all = append(all, contract.Finding{
			Rule: "share", Object: contract.Name(o), Warning: true,
			Problem: "it claims storage, and the app's own namespace has none, so that no volume can be made",
			Fix:     "set storage and persistentVolumeClaims in spec.ownNamespace.quota of the SharedApp",
		})
	}
	return all
}

func hasStorage(own *v1alpha1.OwnNamespace) bool {
	if own == nil || own.Quota == nil {
		return false
	}
	storage, claims := own.Quota.Storage, own.Quota.PersistentVolumeClaims
	return storage != nil && storage.Sign() > 0 && claims != nil && *claims > 0
}
