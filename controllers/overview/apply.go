package overview

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// manager is this controller's name as a field manager. It is the one of earlier operators: under another
// name, what those wrote into lists would never be given up.
const manager = "rollup"

func (r *Reconciler) writeMunicipality(ctx context.Context, m *v1alpha1.Municipality, next v1alpha1.MunicipalityStatus) error {
	return r.write(ctx, next, ac.Municipality(m.Name).WithUID(m.UID))
}

func (r *Reconciler) writeNetwork(ctx context.Context, n *v1alpha1.Network, next v1alpha1.NetworkStatus) error {
	return r.write(ctx, next, ac.Network(n.Name).WithUID(n.UID))
}

func (r *Reconciler) writeSharedApp(ctx context.Context, a *v1alpha1.SharedApp, next v1alpha1.SharedAppStatus) error {
	return r.write(ctx, next, ac.SharedApp(a.Name).WithUID(a.UID))
}

// write applies the overview's part of a status, as a field manager of its own.
func (r *Reconciler) write(ctx context.Context, status any, desired runtime.ApplyConfiguration) error {
	if err := apply.Convert(map[string]any{"status": status}, desired); err != nil {
		return err
	}
	return apply.Status(ctx, r.Client, desired, manager)
}
