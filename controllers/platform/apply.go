package platform

import (
	"context"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// write brings the status to what it should be, where it differs.
func (r *Reconciler) write(ctx context.Context, seen v1alpha1.Platform, next v1alpha1.PlatformStatus) error {
	if sameStatus(seen.Status, next) {
		return nil
	}
	desired := ac.Platform(seen.Name).WithUID(seen.UID)
	if err := apply.WriteStatus(ctx, r.Client, desired, next, "platform"); err != nil {
		return err
	}
	for _, e := range condition.Events(seen.Status.Conditions, next.Conditions) {
		r.Events.Eventf(&seen, nil, e.Type, e.Reason, "Reconcile", "%s", e.Message)
	}
	return nil
}
