package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/moves"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// writers is how many installations of one step are written side by side.
const writers = 8

// apply carries out what a group does next. What fails for one app, or for one
// installation, does not stop the others. It returns how long to wait before writing counts
// that are held back.
func (r *Reconciler) apply(ctx context.Context, all *country.Country, todo country.GroupPlan, reports []report) (time.Duration, error) {
	var wait time.Duration
	errs := make([]error, 0, len(todo.Introductions))
	for i, intro := range todo.Introductions {
		one, err := r.introduce(ctx, all, intro, reports[i])
		wait, errs = sooner(wait, one), append(errs, err)
	}
	return wait, errors.Join(errs...)
}

// introduce carries out one introduction. A Rollout is ended before the next is made, so
// that there are never two to go on with.
func (r *Reconciler) introduce(ctx context.Context, all *country.Country, intro country.Introduction, is report) (time.Duration, error) {
	for i, e := range intro.Course.End {
		if err := r.write(ctx, e.Rollout, is.ended[i]); err != nil {
			return 0, err
		}
	}
	if spec := intro.Course.Create; spec != nil {
		return 0, r.create(ctx, *spec)
	}
	if intro.Course.Current == nil {
		return 0, r.forget(ctx, intro.Stale)
	}

	refused, moved := r.move(ctx, all, intro)
	if refused { // who moves is another one then: the next look says so
		return soon, errors.Join(moved, r.forget(ctx, intro.Stale))
	}
	wait, reported := r.report(ctx, intro.Course.Current, is.current, all.Now)
	return wait, errors.Join(moved, reported, r.forget(ctx, intro.Stale))
}

// report writes how far a Rollout has come, counts in their time.
func (r *Reconciler) report(ctx context.Context, live *v1alpha1.Rollout, next v1alpha1.RolloutStatus, now time.Time) (time.Duration, error) {
	if equality.Semantic.DeepEqual(live.Status, next) {
		return 0, nil
	}
	if wait := r.pace.Wait(live.Name, now); wait > 0 && counts(live.Status, next) {
		return wait, nil
	}
	if err := r.write(ctx, live, next); err != nil {
		return 0, err
	}
	r.pace.Wrote(live.Name, now)
	return 0, nil
}

// forget deletes records that need not be kept any longer.
func (r *Reconciler) forget(ctx context.Context, stale []*v1alpha1.Rollout) error {
	var errs []error
	for _, old := range stale {
		err := r.Client.Delete(ctx, &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: old.Name}}, client.Preconditions{UID: new(old.UID)})
		if client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("delete Rollout %s: %w", old.Name, err))
		}
	}
	return errors.Join(errs...)
}

// create makes a Rollout. One that another writer made meanwhile is not taken over: the conflict lets
// the group be looked at again, with that one in it.
func (r *Reconciler) create(ctx context.Context, spec v1alpha1.RolloutSpec) error {
	name := planner.Name(spec)
	labels := map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: spec.App}
	if spec.Network != "" {
		labels[v1alpha1.LabelNetwork] = spec.Network
	} else {
		labels[v1alpha1.LabelChannel] = spec.Channel
	}
	labels[v1alpha1.LabelAttempt] = strconv.Itoa(int(spec.Attempt))
	desired := ac.Rollout(name).WithLabels(labels).WithResourceVersion(apply.NotThere)
	if err := apply.Convert(map[string]any{"spec": spec}, desired); err != nil {
		return err
	}
	if err := r.Client.Apply(ctx, desired, client.FieldOwner(apply.Owner), client.ForceOwnership); err != nil {
		return fmt.Errorf("create Rollout %s: %w", name, err)
	}
	return r.put(desired)
}

// move writes the installations that a step moves. It says whether the API server refuses any of
// them for good, which is no error: the others go on.
func (r *Reconciler) move(ctx context.Context, all *country.Country, intro country.Introduction) (refused bool, err error) {
	var side errgroup.Group
	side.SetLimit(writers)
	errs, refusals := make([]error, len(intro.Step.Moves)), make([]bool, len(intro.Step.Moves))
	for i, move := range intro.Step.Moves {
		want := all.Installation(intro, move)
		if want == nil {
			continue
		}
		live := all.Live(move.Municipality, move.Environment, intro.App)
		side.Go(func() error {
			written, err := apply.Installation(ctx, r.Client, want, live)
			switch {
			case err == nil:
				r.Holder.Put(written)
				moves.Written(ctx, r.Events, "Rollout", live, want)
			case r.Holder.Refused(all, want, err):
				refusals[i] = true
				moves.RefusedForGood(ctx, live, want, apply.WhyRefused(want, err))
			default:
				errs[i] = err
			}
			return nil
		})
	}

	_ = side.Wait() // the errors are in errs: one does not stop the others
	return slices.Contains(refusals, true), errors.Join(errs...)
}

// write brings the status of a Rollout to what it should be, where it differs.
func (r *Reconciler) write(ctx context.Context, live *v1alpha1.Rollout, next v1alpha1.RolloutStatus) error {
	if equality.Semantic.DeepEqual(live.Status, next) {
		return nil
	}
	desired := ac.Rollout(live.Name).WithUID(live.UID)
	if err := apply.WriteStatus(ctx, r.Client, desired, next, "rollout"); err != nil {
		return err
	}
	if err := r.put(desired); err != nil {
		return err
	}
	r.reportStatus(ctx, live, next)
	return nil
}

// put lets the holder have a Rollout as the API server answered. One that is gone meanwhile has
// no answer.
func (r *Reconciler) put(applied *ac.RolloutApplyConfiguration) error {
	if applied.ResourceVersion == nil {
		return nil
	}
	written := &v1alpha1.Rollout{}
	if err := apply.Answer(applied, written); err != nil {
		return err
	}
	r.Holder.Put(written)
	return nil
}

// reportStatus makes events and lines of the log of what changed in the status of a Rollout.
func (r *Reconciler) reportStatus(ctx context.Context, live *v1alpha1.Rollout, next v1alpha1.RolloutStatus) {
	log := ofRollout(ctx, live)
	for _, wave := range approved(live.Status, next) {
		log.Info(logApproved, "wave", wave)
	}
	for _, e := range condition.Events(live.Status.Conditions, next.Conditions) {
		r.Events.Eventf(live, nil, e.Type, e.Reason, "Rollout", "%s", e.Message)
	}
	if next.Phase == live.Status.Phase {
		return
	}

	if line := lineOf(next.Phase); line != "" {
		log.Info(line, "wave", next.Wave, "progress", next.Progress, "failed", next.Failed, "why", next.Next)
	}
	if next.Phase != v1alpha1.RolloutPending && next.Phase != v1alpha1.RolloutHalted {
		r.Events.Eventf(live, nil, "Normal", string(next.Phase), "Rollout", "%s", next.Next)
	}
}

// ofRollout is the log with the keys that each line about a Rollout has.
func ofRollout(ctx context.Context, r *v1alpha1.Rollout) logr.Logger {
	spec := r.Spec
	return ctrl.LoggerFrom(ctx).WithValues("rollout", r.Name, "network", spec.Network, "channel", spec.Channel, "app", spec.App,
		"version", spec.Version, "attempt", spec.Attempt)
}
