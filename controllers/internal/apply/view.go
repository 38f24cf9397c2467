package apply

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

// annotationContent carries ContentHash on objects in the cache, with a proof that this process wrote it. It
// exists in memory only.
const annotationContent = "cache.allmenning.dev/content"

// View is how objects are kept in memory: of each what the operator reads, so that a country fits.
//
//   - of the operator's own kinds, all but who owns which field, which no plan asks;
//   - of other typed objects, all but the field ownership of others;
//   - of untyped objects, which are what apps consist of, the metadata, the status
//     and the shape of the spec, with the hash of what an app wrote worked out on the way
//     in. Neither configuration nor secrets nor pod templates stay;
//   - of untyped objects that are not the operator's, only who they are, whether an app may adopt or
//     delete them, whether the selector of a workload is narrowed to an app, and of which app or pod a claim is;
//   - all of what lies in the operator's own namespace, where bundles and their
//     credentials are kept.
type View struct {
	operatorNamespace string
	// key proves what this process wrote into an annotation: everybody can write an annotation.
	key []byte
}

// NewView makes a view. There is one in a process.
func NewView(operatorNamespace string) *View {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // it never fails
	return &View{operatorNamespace: operatorNamespace, key: key}
}

// Transform is the view as a transform of the cache. Doing it twice is as doing it once.
func (v *View) Transform(in any) (any, error) {
	switch o := in.(type) {
	case *unstructured.Unstructured:
		v.Slim(o)
	case client.Object:
		o.SetManagedFields(asked(o))
	}
	return in, nil
}

// asked is the field ownership of a typed object that somebody asks for.
func asked(o client.Object) []metav1.ManagedFieldsEntry {
	switch o.(type) {
	case *v1alpha1.AppInstallation, *v1alpha1.Municipality, *v1alpha1.Network, *v1alpha1.Platform, *v1alpha1.Rollout, *v1alpha1.SharedApp:
		return nil
	}
	return keepOwn(o.GetManagedFields())
}

// Slim takes from an untyped object, as the API server returned it, what is not kept.
func (v *View) Slim(o *unstructured.Unstructured) {
	if o.GetNamespace() == v.operatorNamespace {
		o.SetManagedFields(nil)
		return
	}

	if o.GetLabels()[v1alpha1.LabelManagedBy] != v1alpha1.ManagedBy {
		o.Object = identity(o).Object
		return
	}

	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	if len(o.GetManagedFields()) > 0 || !v.proven(o) {
		annotations[annotationContent] = v.sign(o, contentHash(o))
		o.SetAnnotations(annotations)
	}
	o.SetManagedFields(nil)
	for _, path := range append(podtemplate.Fields(), []string{"data"}, []string{"binaryData"}, []string{"stringData"}) {
		unstructured.RemoveNestedField(o.Object, path...)
	}
}

// identity is what is kept of an object that is not managed: what it is, and what the operator must know not to be in
// its way.
func identity(o *unstructured.Unstructured) *unstructured.Unstructured {
	out := &unstructured.Unstructured{Object: map[string]any{}}
	out.SetGroupVersionKind(o.GroupVersionKind())
	out.SetName(o.GetName())
	out.SetNamespace(o.GetNamespace())
	out.SetUID(o.GetUID())
	out.SetResourceVersion(o.GetResourceVersion())
	annotations := map[string]string{}
	for _, key := range []string{v1alpha1.AnnotationAdopt, v1alpha1.AnnotationPrune} {
		if value := o.GetAnnotations()[key]; value != "" {
			annotations[key] = value
		}
	}
	if len(annotations) > 0 {
		out.SetAnnotations(annotations)
	}
	if o.GetKind() == "PersistentVolumeClaim" {
		identifyClaim(o, out)
	}
	if path := podtemplate.Selector(o.GroupVersionKind()); path != nil {
		path = append(path, v1alpha1.LabelApp)
		if app, found, err := unstructured.NestedString(o.Object, path...); found && err == nil {
			_ = unstructured.SetNestedField(out.Object, app, path...) // nothing is in the way
		}
	}
	return out
}

// identifyClaim keeps of a claim of which app it is, and of which pod: the cluster makes claims for apps, and they hold data.
func identifyClaim(o, out *unstructured.Unstructured) {
	if app := o.GetLabels()[v1alpha1.LabelApp]; app != "" {
		out.SetLabels(map[string]string{v1alpha1.LabelApp: app})
	}
	if owner := metav1.GetControllerOfNoCopy(o); owner != nil && owner.Kind == "Pod" {
		out.SetOwnerReferences([]metav1.OwnerReference{*owner})
	}
}

// sign puts a hash and the proof that this process worked it out for this object into one text.
func (v *View) sign(o *unstructured.Unstructured, hash string) string {
	keyed := hmac.New(sha256.New, v.key)
	keyed.Write([]byte(string(o.GetUID()) + "\x00" + hash))
	return hash + "." + hex.EncodeToString(keyed.Sum(nil))
}

func (v *View) proven(o *unstructured.Unstructured) bool {
	found := o.GetAnnotations()[annotationContent]
	hash, _, ok := strings.Cut(found, ".")
	return ok && hmac.Equal([]byte(v.sign(o, hash)), []byte(found))
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

// ContentHash is a hash of what an app wrote of an object that a View slimmed: the values of the fields that
// its field manager owns, and all of what decides what runs, by any writer. It is empty where the
// app's field manager owns nothing. It must not be shown as it is: an object may hold a secret
// that can be guessed.
func ContentHash(o *unstructured.Unstructured) string {
	hash, _, _ := strings.Cut(o.GetAnnotations()[annotationContent], ".")
	return hash
}
