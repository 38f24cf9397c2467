package rollup

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

func (r *Reconciler) writeMunicipality(ctx context.Context, m *v1alpha1.Municipality, next v1alpha1.MunicipalityStatus) error {
	return r.write(ctx, next, ac.Municipality(m.Name).WithUID(m.UID))
}

func (r *Reconciler) writeNetwork(ctx context.Context, n *v1alpha1.Network, next v1alpha1.NetworkStatus) error {
	return r.write(ctx, next, ac.Network(n.Name).WithUID(n.UID))
}

func (r *Reconciler) writeSharedApp(ctx context.Context, a *v1alpha1.SharedApp, next v1alpha1.SharedAppStatus) error {
	return r.write(ctx, next, ac.SharedApp(a.Name).WithUID(a.UID))
}

// write applies the rollup's part of a status, as the rollup's own field manager.
func (r *Reconciler) write(ctx context.Context, status any, desired runtime.ApplyConfiguration) error {
	if err := apply.Convert(map[string]any{"status": status}, desired); err != nil {
		return err
	}
	return apply.Status(ctx, r.Client, desired, "rollup")
}
