package overview

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// observedMunicipality is everything that the status of a Municipality may build on.
type observedMunicipality struct {
	country *country.Country
	// tenant is nil where the country does not have it yet, or no longer.
	tenant *country.Tenant
	// waits are what its places wait for; a place that waits for nothing is not in it.
	waits map[resolution.Place]planner.Wait
	// live is the cache's own: read only.
	live *v1alpha1.Municipality
}

// observedNetwork is everything that the status of a Network may build on.
type observedNetwork struct {
	country *country.Country
	// network is nil where the country does not have it yet, or no longer.
	network *v1alpha1.Network
	// live is the cache's own: read only.
	live *v1alpha1.Network
}

// observedSharedApp is everything that the status of a SharedApp may build on.
type observedSharedApp struct {
	country *country.Country
	app     *catalogue.App
	// live is the cache's own: read only.
	live *v1alpha1.SharedApp
}

func (r *Reconciler) observeMunicipality(ctx context.Context, name string) (observedMunicipality, error) {
	seen := observedMunicipality{live: &v1alpha1.Municipality{}}
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, seen.live, client.UnsafeDisableDeepCopy); err != nil {
		return seen, fmt.Errorf("read Municipality %s: %w", name, err)
	}

	seen.country = r.Holder.Country()
	if t := seen.country.Tenant(name); t != nil && t.Municipality != nil {
		seen.tenant, seen.waits = t, r.plans.waits(seen.country, t)
	}
	return seen, nil
}

func (r *Reconciler) observeNetwork(ctx context.Context, name string) (observedNetwork, error) {
	seen := observedNetwork{live: &v1alpha1.Network{}}
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, seen.live, client.UnsafeDisableDeepCopy); err != nil {
		return seen, fmt.Errorf("read Network %s: %w", name, err)
	}

	seen.country = r.Holder.Country()
	seen.network = seen.country.Network(name)
	return seen, nil
}

func (r *Reconciler) observeSharedApp(ctx context.Context, name string) (observedSharedApp, error) {
	seen := observedSharedApp{live: &v1alpha1.SharedApp{}}
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, seen.live, client.UnsafeDisableDeepCopy); err != nil {
		return seen, fmt.Errorf("read SharedApp %s: %w", name, err)
	}

	seen.country = r.Holder.Country()
	seen.app = seen.country.Apps.Of(name)
	return seen, nil
}
