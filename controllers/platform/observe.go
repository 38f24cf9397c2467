package platform

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/installable"
)

// observed is everything that a plan may build on.
type observed struct {
	platform v1alpha1.Platform
	// country that the strategy is held against.
	country *country.Country
	// unreadable says which kinds of apps can't be read, each with the fix.
	unreadable []string
	// unguarded says which admission policies are not as they were shipped, with the fix; empty where all are.
	unguarded string
	// schemas says in what the cluster's schemas of our kinds are not those of this operator.
	schemas definition.Difference
	// open says which addresses of the cluster itself are not private, with the fix; empty where all are.
	open string
	// added are the kinds that bundles may hold and whose controllers nothing here bounds.
	added []string
}

func (r *Reconciler) observe(ctx context.Context, name string) (observed, error) {
	var seen observed
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen.platform); err != nil {
		return seen, fmt.Errorf("read Platform %s: %w", name, err)
	}
	seen.country = r.Holder.Country()
	seen.unreadable = r.Kinds.Faults()
	found, err := r.Policies.Check(ctx)
	if err != nil {
		return seen, err
	}
	seen.unguarded = found.Fault("")
	if seen.schemas, err = r.schemas(ctx, seen.platform); err != nil {
		return seen, err
	}
	if seen.open, err = r.open(ctx, seen.platform); err != nil {
		return seen, err
	}
	seen.added, err = r.added(ctx)
	return seen, err
}

// added reads from the installer's role which kinds the platform lets bundles hold. Where there is no role no version is
// available, and each SharedApp says so.
func (r *Reconciler) added(ctx context.Context) ([]string, error) {
	var role rbacv1.ClusterRole
	err := r.Client.Get(ctx, client.ObjectKey{Name: v1alpha1.RoleInstaller}, &role)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("read ClusterRole %s, which lists the kinds that bundles may hold: %w", v1alpha1.RoleInstaller, err)
	}
	return installable.Added(role.Rules), nil
}
