// Package definition asks what becomes of the CustomResourceDefinitions that this
// operator lives by.
package definition

import (
	"context"
	"fmt"

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
	var crd apiextensionsv1.CustomResourceDefinition
	err := live.Get(ctx, client.ObjectKey{Name: "municipalities." + v1alpha1.GroupVersion.Group}, &crd)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the definition of Municipality: %w", err)
	}
	return !crd.DeletionTimestamp.IsZero(), nil
}
