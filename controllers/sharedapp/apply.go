package sharedapp

import (
	"context"
	"errors"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// applied is what came of the writes: an error for each version that failed.
type applied struct{ errs map[string]error }

// retry returns the errors that call for another try with a growing pause.
func (a applied) retry() error {
	all := make([]error, 0, len(a.errs))
	for _, err := range a.errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// apply starts the fetches and stores what has been fetched and found fit.
func (r *Reconciler) apply(ctx context.Context, app string, todo planned) applied {
	done := applied{errs: map[string]error{}}
	if todo.suspended {
		return done
	}
	for _, v := range todo.versions {
		if v.fetch != nil {
			r.Pool.Want(app, v.fetch.key, v.fetch.request)
		}
		if v.store == nil {
			continue
		}
		if err := r.Store.Put(ctx, *v.store); err != nil {
			done.errs[v.version] = err
		}
	}
	r.Pool.Keep(app, todo.keep)
	return done
}

// forget lets go of what is held in memory for a SharedApp that is gone.
func (r *Reconciler) forget(app string) {
	r.Pool.Keep(app, nil)
	r.verdicts.keep(app, nil)
}

// write brings the status to what it should be, where it differs.
func (r *Reconciler) write(ctx context.Context, seen observed, next v1alpha1.SharedAppStatus) error {
	app := &seen.app
	if sameStatus(app.Status, next) {
		return nil
	}
	desired := ac.SharedApp(app.Name).WithUID(app.UID)
	if err := apply.WriteStatus(ctx, r.Client, desired, next, "sharedapp"); err != nil {
		return err
	}
	for _, e := range condition.Events(app.Status.Conditions, next.Conditions) {
		r.Events.Eventf(app, nil, e.Type, e.Reason, "Reconcile", "%s", e.Message)
	}
	return nil
}
