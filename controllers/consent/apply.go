package consent

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/moves"
	"github.com/allmenning/allmenning/internal/country"
)

// apply writes the plan. What fails for one installation does not stop the others.
func (r *Reconciler) apply(ctx context.Context, all *country.Country, t *country.Tenant, todo country.Consent) error {
	var errs []error
	for _, i := range todo.Write {
		live := all.Live(t.Name, i.Spec.Tenant.Environment, i.Name)
		written, err := apply.Installation(ctx, r.Client, i, live)
		switch {
		case err == nil:
			r.Holder.Put(written)
			r.reportMove(ctx, live, i)
		case r.Holder.Refused(all, i, err):
			moves.RefusedForGood(ctx, live, i, apply.WhyRefused(i, err))
		default:
			errs = append(errs, err)
		}
	}

	for _, refused := range todo.Ask {
		errs = append(errs, r.ask(ctx, all, t, refused.Want))
	}

	for _, i := range todo.Remove {
		err := r.Client.Delete(ctx, i.DeepCopy(), client.Preconditions{UID: new(i.UID), ResourceVersion: new(i.ResourceVersion)})
		if client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("delete AppInstallation %s/%s: %w", i.Namespace, i.Name, err))
		}
	}
	return errors.Join(errs...)
}

// ask asks the API server whether it takes now what it refused, be that by this controller or by a
// rollout. If so, it is decided again: what was refused may not be wanted any longer.
func (r *Reconciler) ask(ctx context.Context, all *country.Country, t *country.Tenant, want *v1alpha1.AppInstallation) error {
	err := apply.WouldTake(ctx, r.Client, want, all.Live(t.Name, want.Spec.Tenant.Environment, want.Name))
	switch {
	case err == nil:
		r.Holder.Taken(want)
	case !r.Holder.Refused(all, want, err):
		return err
	}
	return nil
}

// reportMove reports a move of the municipality's own that was written. It has no Rollout that reports it,
// so that it is an event, too. Live is nil where there was none.
func (r *Reconciler) reportMove(ctx context.Context, live, written *v1alpha1.AppInstallation) {
	if moves.Written(ctx, r.Events, "Consent", live, written) == moves.Moved && live != nil {
		r.Events.Eventf(live, nil, "Normal", "VersionChanged", "Consent", "moving from %s to %s", live.Spec.Version, written.Spec.Version)
	}
}
