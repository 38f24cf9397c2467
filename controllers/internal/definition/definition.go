// Package definition asks what becomes of the CustomResourceDefinitions that this
// operator lives by.
package definition

import (
	"context"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// DeletesAlong says whether a Municipality that is being deleted, and asks for its
// namespaces to be deleted too, goes only because the definition of Municipality goes.
// Deleting the definition deletes every Municipality; nobody asked for the country's
// namespaces to go along. It asks the API server, and only where the answer matters.
func DeletesAlong(ctx context.Context, live client.Reader, m *v1alpha1.Municipality) (bool, error) {
	if m.DeletionTimestamp.IsZero() || m.Spec.DeletionPolicy != v1alpha1.DeletionDelete {
		return false, nil
	}
	return Goes(ctx, live)
}

// Goes says whether the definition of Municipality goes, or is gone: then every Municipality goes with it, and nobody
// meant any of them. It asks the API server.
func Goes(ctx context.Context, live client.Reader) (bool, error) {
	is, err := Of(ctx, live, "municipalities")
	return is.Goes, err
}

// State is how the definition of a kind is.
type State struct {
	// Goes says that it goes, or is gone, and every object of the kind with it.
	Goes bool
	// Since is when it came, for the first time or again.
	Since time.Time
}

// Of says how the definition of one of our kinds is, by the plural of its name. It asks the API server.
func Of(ctx context.Context, live client.Reader, plural string) (State, error) {
	var crd apiextensionsv1.CustomResourceDefinition
	name := plural + "." + v1alpha1.GroupVersion.Group
	err := live.Get(ctx, client.ObjectKey{Name: name}, &crd)
	if apierrors.IsNotFound(err) {
		return State{Goes: true}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read CustomResourceDefinition %s: %w", name, err)
	}
	return State{Goes: !crd.DeletionTimestamp.IsZero(), Since: crd.CreationTimestamp.Time}, nil
}
