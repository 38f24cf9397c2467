package consent

import (
	"context"
	"errors"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/country"
)

// The lines of the log that docs/operations.md lists; each is written once for what it names.
const (
	logMoved    = "moved"
	logReturned = "returned"
	logStuck    = "stuck"
	logRefused  = "refused"
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
			ctrl.LoggerFrom(ctx).Info(logRefused, "municipality", t.Name, "environment", i.Spec.Tenant.Environment,
				"app", i.Spec.App, "to", i.Spec.Version, "why", apply.WhyRefused(i, err))
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
// rollout. If so, it is decided anew: what was refused may not be wanted any longer.
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

// reportMove logs a move of the municipality's own that was written, and makes an event of it for
// those who describe the installation. Live is nil where there was none.
func (r *Reconciler) reportMove(ctx context.Context, live, written *v1alpha1.AppInstallation) {
	from, outcome := "", v1alpha1.MoveOutcome("")
	if live != nil {
		from, outcome = live.Spec.Version, outcomeOf(live)
	}
	line, now := logMoved, outcomeOf(written)
	switch {
	case now != outcome && now == v1alpha1.OutcomeReturned:
		line = logReturned
	case now != outcome && now == v1alpha1.OutcomeStuck:
		line = logStuck
	case from == written.Spec.Version || written.Spec.State == v1alpha1.InstallationAbsent:
		return
	}
	why := written.Annotations[v1alpha1.AnnotationFailure]
	ctrl.LoggerFrom(ctx).Info(line, "municipality", written.Spec.Tenant.Municipality, "environment", written.Spec.Tenant.Environment,
		"app", written.Spec.App, "from", from, "to", written.Spec.Version, "why", why)
	switch {
	case live == nil:
	case line == logMoved:
		r.Events.Eventf(live, nil, "Normal", "VersionChanged", "Consent", "moving from %s to %s", from, written.Spec.Version)
	default:
		r.Events.Eventf(live, nil, "Warning", string(now), "Consent", "%s", why)
	}
}

func outcomeOf(i *v1alpha1.AppInstallation) v1alpha1.MoveOutcome {
	if i.Spec.Move == nil {
		return ""
	}
	return i.Spec.Move.Outcome
}
