package platform

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func (r *Reconciler) observe(ctx context.Context, name string) (v1alpha1.Platform, error) {
	var seen v1alpha1.Platform
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen); err != nil {
		return seen, fmt.Errorf("read Platform %s: %w", name, err)
	}
	return seen, nil
}
