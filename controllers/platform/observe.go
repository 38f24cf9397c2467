package platform

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// observed is everything that a plan may build on.
type observed struct {
	platform v1alpha1.Platform
	// municipalities of the whole country, and apps of the catalogue by name: what the strategy
	// is held against, and nothing where there is none. They are the cache's own: read only.
	municipalities []*v1alpha1.Municipality
	apps           catalogue.Apps
}

func (r *Reconciler) observe(ctx context.Context, name string) (observed, error) {
	var seen observed
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen.platform); err != nil {
		return seen, fmt.Errorf("read Platform %s: %w", name, err)
	}
	if seen.platform.Spec.Rollout == nil {
		return seen, nil
	}
	var municipalities v1alpha1.MunicipalityList
	if err := read.List(ctx, r.Client, &municipalities); err != nil {
		return seen, fmt.Errorf("list Municipalities: %w", err)
	}
	for i := range municipalities.Items {
		seen.municipalities = append(seen.municipalities, &municipalities.Items[i])
	}
	var apps v1alpha1.SharedAppList
	if err := read.List(ctx, r.Client, &apps); err != nil {
		return seen, fmt.Errorf("list SharedApps: %w", err)
	}
	seen.apps = r.apps.All(apps.Items)
	return seen, nil
}
