package consent

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/resolution"
)

// apply writes the plan. What fails for one installation does not stop the others.
func (r *Reconciler) apply(ctx context.Context, seen observed, todo planned) error {
	var errs []error
	for _, i := range todo.write {
		written, err := apply.Installation(ctx, r.Client, i, live(seen, i))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.Holder.Put(written)
		r.tellMove(todo, i)
	}
	for _, i := range todo.remove {
		err := r.Client.Delete(ctx, i.DeepCopy(), client.Preconditions{UID: new(i.UID), ResourceVersion: new(i.ResourceVersion)})
		if client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("delete AppInstallation %s/%s: %w", i.Namespace, i.Name, err))
		}
	}
	return errors.Join(errs...)
}

// live is the AppInstallation that a write was decided upon; nil where there was none.
func live(seen observed, want *v1alpha1.AppInstallation) *v1alpha1.AppInstallation {
	return seen.tenant.Installed[resolution.Place{App: want.Name, Environment: want.Spec.Tenant.Environment}]
}

// tellMove tells that an installation, which has been written, changes its version.
func (r *Reconciler) tellMove(todo planned, written *v1alpha1.AppInstallation) {
	for _, m := range todo.moved {
		if m.installation.Namespace == written.Namespace && m.installation.Name == written.Name {
			r.Events.Eventf(m.installation, nil, "Normal", "VersionChanged", "Consent", "moving from %s to %s", m.from, m.to)
		}
	}
}
