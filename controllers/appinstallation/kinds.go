package appinstallation

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/installable"
)

// kinds are the kinds that bundles may hold, as the installer role lists them. A
// resource that the cluster does not serve, as its definition is not installed yet,
// is left out.
func (r *Reconciler) kinds(ctx context.Context) ([]schema.GroupVersionKind, error) {
	var role rbacv1.ClusterRole
	if err := r.Client.Get(ctx, client.ObjectKey{Name: v1alpha1.RoleInstaller}, &role); err != nil {
		return nil, fmt.Errorf("read ClusterRole %s, which lists the kinds that bundles may hold: %w", v1alpha1.RoleInstaller, err)
	}
	var all []schema.GroupVersionKind
	for _, resource := range installable.Kinds(role.Rules) {
		gvk, err := r.Mapper.KindFor(resource.WithVersion(""))
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find the kind of %s: %w", resource, err)
		}
		all = append(all, gvk)
	}
	return all, nil
}
