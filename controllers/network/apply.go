package network

import (
	"context"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// write brings the status to what it should be, where it differs.
func (r *Reconciler) write(ctx context.Context, seen observed, next v1alpha1.NetworkStatus) error {
	n := &seen.network
	if sameStatus(n.Status, next) {
		return nil
	}
	desired := ac.Network(n.Name).WithUID(n.UID)
	if err := apply.Convert(map[string]any{"status": next}, desired); err != nil {
		return err
	}
	if err := apply.Status(ctx, r.Client, desired, "network"); err != nil {
		return err
	}
	for _, e := range condition.Events(n.Status.Conditions, next.Conditions) {
		r.Events.Eventf(n, nil, e.Type, e.Reason, "Reconcile", "%s", e.Message)
	}
	return nil
}
