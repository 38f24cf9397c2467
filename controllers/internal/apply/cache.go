package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/podtemplate"
)

// annotationOwned carries OwnedHash on objects in the cache. It exists in memory only.
const annotationOwned = "cache.allmenning.dev/owned"

// Slim makes a transform for the cache that keeps of each object what the operator
// reads, so that a country fits in memory:
//
//   - of the operator's own kinds, all but who owns which field, which no plan asks;
//   - of other typed objects, all but the field ownership of others;
//   - of untyped objects, which are what apps consist of, the metadata, the status
//     and the shape of the spec, with the hash of owned fields worked out on the way
//     in. Neither configuration nor secrets nor pod templates stay;
//   - of untyped objects that are not the operator's, only who they are;
//   - all of what lies in the operator's own namespace, where bundles and their
//     credentials are kept.
func Slim(operatorNamespace string) toolscache.TransformFunc {
	return func(in any) (any, error) {
		switch o := in.(type) {
		case *unstructured.Unstructured:
			slim(o, operatorNamespace)
		case client.Object:
			o.SetManagedFields(asked(o))
		}
		return in, nil
	}
}

// asked is the field ownership of a typed object that somebody asks for.
func asked(o client.Object) []metav1.ManagedFieldsEntry {
	switch o.(type) {
	case *v1alpha1.AppInstallation, *v1alpha1.Municipality, *v1alpha1.Network, *v1alpha1.Platform, *v1alpha1.Rollout, *v1alpha1.SharedApp:
		return nil
	}
	return keepOwn(o.GetManagedFields())
}

func slim(o *unstructured.Unstructured, operatorNamespace string) {
	if o.GetNamespace() == operatorNamespace {
		o.SetManagedFields(nil)
		return
	}

	if o.GetLabels()[v1alpha1.LabelManagedBy] != v1alpha1.ManagedBy {
		identity := &unstructured.Unstructured{Object: map[string]any{}}
		identity.SetGroupVersionKind(o.GroupVersionKind())
		identity.SetName(o.GetName())
		identity.SetNamespace(o.GetNamespace())
		identity.SetUID(o.GetUID())
		identity.SetResourceVersion(o.GetResourceVersion())
		o.Object = identity.Object
		return
	}

	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}

	annotations[annotationOwned] = OwnedHash(o)
	o.SetAnnotations(annotations)
	o.SetManagedFields(nil)
	for _, path := range append(podtemplate.Fields(), []string{"data"}, []string{"binaryData"}, []string{"stringData"}) {
		unstructured.RemoveNestedField(o.Object, path...)
	}
}

func keepOwn(all []metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry {
	var own []metav1.ManagedFieldsEntry
	for _, entry := range all {
		if strings.HasPrefix(entry.Manager, Owner) {
			own = append(own, entry)
		}
	}
	return own
}

// OwnedHash is a hash of the set of fields that the operator owns on an object as
// the API server returned it, or as the cache holds it. A manager that changes or removes one
// of these fields takes it over, as server-side apply defines ownership, so a changed set is
// drift, and an unchanged set is none. It says nothing about values, so it is safe to show for
// secrets. It is empty where the operator owns nothing.
func OwnedHash(o *unstructured.Unstructured) string {
	fields := o.GetManagedFields()
	if len(fields) == 0 { // as in the cache; elsewhere somebody set the annotation to hide drift
		return o.GetAnnotations()[annotationOwned]
	}
	for _, entry := range fields {
		if entry.Manager != Owner || entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		hash := sha256.New()
		if _, err := io.Copy(hash, entry.FieldsV1.GetRawReader()); err != nil {
			return ""
		}
		return hex.EncodeToString(hash.Sum(nil))[:16]
	}
	return ""
}
