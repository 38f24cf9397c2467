package secrets

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Client is a client of everything, that reads and writes the untyped Secrets of tenants through the watch of their namespace,
// and objects of kinds whose watch may end by the client of that.
type Client struct {
	client.Client

	// Watches of the tenants' namespaces.
	Watches *Watches
	// Operator is the operator's own namespace, whose Secrets the other client knows.
	Operator string
	// Kinds returns the client of a kind whose watch may end, and nil for other kinds.
	Kinds func(schema.GroupVersionKind) client.Client
}

// Get reads an object.
func (c Client) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	in, err := c.of(ctx, o, key.Namespace)
	if err != nil {
		return err
	}
	return in.Get(ctx, key, o, options...)
}

// List reads objects; Secrets in one namespace, which an option names.
func (c Client) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	in, err := c.of(ctx, list, (&client.ListOptions{}).ApplyOptions(options).Namespace)
	if err != nil {
		return err
	}
	return in.List(ctx, list, options...)
}

// Apply writes an object.
func (c Client) Apply(ctx context.Context, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
	in, err := c.of(ctx, o, namespaceOf(o))
	if err != nil {
		return err
	}
	return in.Apply(ctx, o, options...)
}

// Patch changes an object.
func (c Client) Patch(ctx context.Context, o client.Object, patch client.Patch, options ...client.PatchOption) error {
	in, err := c.of(ctx, o, o.GetNamespace())
	if err != nil {
		return err
	}
	return in.Patch(ctx, o, patch, options...)
}

// Delete deletes an object.
func (c Client) Delete(ctx context.Context, o client.Object, options ...client.DeleteOption) error {
	in, err := c.of(ctx, o, o.GetNamespace())
	if err != nil {
		return err
	}
	return in.Delete(ctx, o, options...)
}

// of returns the client that an object is read and written by.
func (c Client) of(ctx context.Context, o any, namespace string) (client.Client, error) {
	kinded, ok := o.(interface {
		GroupVersionKind() schema.GroupVersionKind
	})
	if !ok {
		return c.Client, nil
	}
	kind := kinded.GroupVersionKind()
	switch o.(type) {
	case *unstructured.UnstructuredList, *metav1.PartialObjectMetadataList:
		kind.Kind = strings.TrimSuffix(kind.Kind, "List")
	}
	if kind == Kind() && namespace != c.Operator {
		return c.Watches.In(ctx, namespace)
	}
	if own := c.Kinds(kind); own != nil {
		return own, nil
	}
	return c.Client, nil
}

// namespaceOf is the namespace of an untyped apply configuration.
func namespaceOf(o runtime.ApplyConfiguration) string {
	if named, ok := o.(interface{ GetNamespace() string }); ok {
		return named.GetNamespace()
	}
	return ""
}

var _ client.Client = Client{}
