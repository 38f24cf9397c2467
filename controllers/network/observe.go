package network

import (
	"context"
	"fmt"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
)

// observed is everything that a plan may build on.
type observed struct {
	network v1alpha1.Network
	// binding of the coordinators, nil where there is none.
	binding *rbacv1.ClusterRoleBinding
	// networks are all of them, as they stand now.
	networks *resolution.Networks
	// municipalities of the whole country. They are the cache's own: read only.
	municipalities []v1alpha1.Municipality
	// apps of the catalogue, by name. They are the cache's own: read only.
	apps catalogue.Apps
	// general is the Platform's strategy, of which a network inherits what it leaves out; nil
	// where nobody says one.
	general *v1alpha1.RolloutStrategy
}

func (r *Reconciler) observe(ctx context.Context, name string, now time.Time) (observed, error) {
	var seen observed
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen.network); err != nil {
		return seen, fmt.Errorf("read Network %s: %w", name, err)
	}
	var err error
	if seen.binding, err = r.binding(ctx, name); err != nil {
		return seen, err
	}
	if seen.general, err = r.general(ctx); err != nil {
		return seen, err
	}
	var networks v1alpha1.NetworkList
	if err := read.List(ctx, r.Client, &networks); err != nil {
		return seen, fmt.Errorf("list Networks: %w", err)
	}
	seen.networks = resolution.NewNetworks(networks.Items, now)
	var municipalities v1alpha1.MunicipalityList
	if err := read.List(ctx, r.Client, &municipalities); err != nil {
		return seen, fmt.Errorf("list Municipalities: %w", err)
	}
	seen.municipalities = municipalities.Items
	var apps v1alpha1.SharedAppList
	if err := read.List(ctx, r.Client, &apps); err != nil {
		return seen, fmt.Errorf("list SharedApps: %w", err)
	}
	seen.apps = r.apps.All(apps.Items)
	return seen, nil
}

// general finds the Platform's strategy, or nil.
func (r *Reconciler) general(ctx context.Context) (*v1alpha1.RolloutStrategy, error) {
	var found v1alpha1.Platform
	err := r.Client.Get(ctx, client.ObjectKey{Name: v1alpha1.PlatformName}, &found)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("read Platform %s: %w", v1alpha1.PlatformName, err)
	}
	return found.Spec.Rollout, nil
}

// binding finds the binding of a network's coordinators, or nil. The cache holds only
// those that bear the operator's label, so somebody else's is never taken for it.
func (r *Reconciler) binding(ctx context.Context, network string) (*rbacv1.ClusterRoleBinding, error) {
	var found rbacv1.ClusterRoleBinding
	err := r.Client.Get(ctx, client.ObjectKey{Name: bindingName(network)}, &found)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ClusterRoleBinding %s: %w", bindingName(network), err)
	}
	return &found, nil
}
