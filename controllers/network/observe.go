package network

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/policies"
	"github.com/allmenning/allmenning/internal/country"
)

// observed is everything that a plan may build on.
type observed struct {
	network v1alpha1.Network
	// binding of the coordinators, nil where there is none.
	binding *rbacv1.ClusterRoleBinding
	// unguarded says that the policy which narrows the coordinators' role is not as it was shipped, with the fix; empty where it is.
	unguarded string
	// country that the network is part of.
	country *country.Country
}

// observe looks at one network. The binding is read from the cache, and not from the country, which has none.
func (r *Reconciler) observe(ctx context.Context, name string) (observed, error) {
	var seen observed
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen.network); err != nil {
		return seen, fmt.Errorf("read Network %s: %w", name, err)
	}
	var err error
	if seen.binding, err = r.binding(ctx, name); err != nil {
		return seen, err
	}
	found, err := r.Policies.Check(ctx)
	if err != nil {
		return seen, err
	}
	seen.unguarded = found.Fault(policies.Delegation)
	seen.country = r.Holder.Country()
	return seen, nil
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
