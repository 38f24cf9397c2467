// Package bundlestore keeps bundles in the cluster, so that what was once fetched needs
// no registry any more.
//
// A bundle lies in an immutable ConfigMap of the operator's namespace that is named by
// its digest. A reader computes the digest again. All reads are from the cache,
// which keeps the ConfigMaps of that namespace whole.
package bundlestore

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/internal/bundle"
)

// NamePrefix precedes the label in the name of a stored bundle.
const NamePrefix = "bundle-"

// labelLength is how much of a digest names a bundle: 160 bits, as a label holds no more
// than 63 characters. The whole digest is proven on reading.
const labelLength = 40

// Store is the bundles that lie in one namespace.
type Store struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Namespace is the operator's own.
	Namespace string
}

// ChangedError says that a stored bundle is not what its digest names.
type ChangedError struct {
	// Name of the ConfigMap.
	Name  string
	cause error
}

// Error names the ConfigMap and the way out.
func (e *ChangedError) Error() string { return fmt.Sprintf("ConfigMap %s: %s", e.Name, e.cause) }

// Unwrap returns what was found.
func (e *ChangedError) Unwrap() error { return e.cause }

// LabelOf returns the value of v1alpha1.LabelBundle for a digest, "" for what is no digest.
func LabelOf(digest string) string {
	hex, found := strings.CutPrefix(digest, "sha256:")
	if !found || len(hex) < labelLength {
		return ""
	}
	return hex[:labelLength]
}

// NameOf returns the name of the ConfigMap that a bundle lies in.
func NameOf(digest string) string { return NamePrefix + LabelOf(digest) }

// NewConfigMap returns an untyped ConfigMap. All ConfigMaps are read untyped, so that the
// process holds one cache of them and not two.
func NewConfigMap() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion("v1")
	o.SetKind("ConfigMap")
	return o
}

// Get returns a stored bundle, and false where there is none. A *ChangedError says that
// somebody changed it.
func (s Store) Get(ctx context.Context, digest string) (bundle.Bundle, bool, error) {
	o := NewConfigMap()
	err := s.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: NameOf(digest)}, o)
	if apierrors.IsNotFound(err) {
		return bundle.Bundle{}, false, nil
	}
	if err != nil {
		return bundle.Bundle{}, false, fmt.Errorf("read stored bundle: %w", err)
	}
	_, binaryData, err := Files(o)
	if err != nil {
		return bundle.Bundle{}, false, &ChangedError{Name: o.GetName(), cause: err}
	}
	b, err := bundle.Decode(digest, binaryData)
	if err != nil {
		return bundle.Bundle{}, false, &ChangedError{Name: o.GetName(), cause: err}
	}
	return b, true, nil
}

// Put stores a bundle.
func (s Store) Put(ctx context.Context, b bundle.Bundle) error {
	o := NewConfigMap()
	o.SetNamespace(s.Namespace)
	o.SetName(NameOf(b.Digest))
	o.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelBundle: LabelOf(b.Digest)})
	content := map[string]any{}
	for name, file := range bundle.Encode(b) {
		content[name] = base64.StdEncoding.EncodeToString(file)
	}
	o.Object["binaryData"] = content
	o.Object["immutable"] = true
	desired := client.ApplyConfigurationFromUnstructured(o)
	if err := s.Client.Apply(ctx, desired, client.FieldOwner(apply.Owner), client.ForceOwnership); err != nil {
		return fmt.Errorf("store bundle %s as ConfigMap %s: %w", b.Digest, o.GetName(), err)
	}
	return nil
}

// List returns the ConfigMaps of all stored bundles. They are the cache's own: not to be changed.
func (s Store) List(ctx context.Context) ([]unstructured.Unstructured, error) {
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion("v1")
	list.SetKind("ConfigMapList")
	if err := read.List(ctx, s.Client, list, client.InNamespace(s.Namespace), client.HasLabels{v1alpha1.LabelBundle},
		client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}); err != nil {
		return nil, fmt.Errorf("list stored bundles: %w", err)
	}
	return list.Items, nil
}

// Remove deletes this very ConfigMap, not one of the same name that came after it.
func (s Store) Remove(ctx context.Context, o unstructured.Unstructured) error {
	uid := o.GetUID()
	gone := NewConfigMap()
	gone.SetNamespace(o.GetNamespace())
	gone.SetName(o.GetName())
	err := s.Client.Delete(ctx, gone, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete stored bundle %s: %w", o.GetName(), err)
	}
	return nil
}

// Files returns the data and binaryData of an untyped ConfigMap.
func Files(o *unstructured.Unstructured) (data map[string]string, binaryData map[string][]byte, err error) {
	if data, _, err = unstructured.NestedStringMap(o.Object, "data"); err != nil {
		return nil, nil, fmt.Errorf("read data: %w", err)
	}
	encoded, _, err := unstructured.NestedStringMap(o.Object, "binaryData")
	if err != nil {
		return nil, nil, fmt.Errorf("read binaryData: %w", err)
	}
	binaryData = make(map[string][]byte, len(encoded))
	for name, text := range encoded {
		if binaryData[name], err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, nil, fmt.Errorf("read binaryData %s: %w", name, err)
		}
	}
	return data, binaryData, nil
}
