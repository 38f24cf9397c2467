package appinstallation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/trial"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
)

// applied is what came of the writes.
type applied struct {
	// live are the objects of the installation as they are now, by reference.
	live map[ref]*unstructured.Unstructured
	// sent are those that were applied in this pass.
	sent map[ref]bool
	// refused is what the API server would refuse; then nothing was written.
	refused []contract.Finding
	// made are the names of all parameters whose values are kept, where some were made in this pass.
	made []string
	// failed names the object at which the pass stopped, with the error; nil where it did not.
	failed *objectError
}

// objectError is an error about one object.
type objectError struct {
	ref
	err error
}

// cause is what went wrong; nil where nothing did.
func (e *objectError) cause() error {
	if e == nil {
		return nil
	}
	return e.err
}

// apply writes the plan: first the policies that the app needs, then its objects in
// their order, then what it no longer has. It stops at the first error, as what
// comes later builds on what comes first, and goes on there the next time.
func (r *Reconciler) apply(ctx context.Context, seen observed, wanted rendered, todo planned) (done applied) {
	began := r.Clock.Now()
	defer func() {
		if len(done.sent) > 0 || done.failed != nil {
			r.Work.Applied(r.Clock.Since(began), done.failed.cause())
		}
	}()

	done = applied{live: maps.Clone(seen.live), sent: map[ref]bool{}}
	to := sender{client: r.Client, live: r.Live, view: r.View, written: &r.written, events: r.Events, said: &r.memory.drift, work: r.Work}
	if len(todo.missing) > 0 {
		done.made, done.failed = to.makeValues(ctx, seen, todo.missing)
		return done
	}
	if done.refused, done.failed = r.try(ctx, seen, wanted, todo); done.refused != nil || done.failed != nil {
		return done
	}
	for _, policy := range todo.policies {
		if err := apply.Write(ctx, r.Client, policy); err != nil {
			done.failed = &objectError{ref: ref{Name: policy.Name}, err: err}
			return done
		}
	}

	asInstaller := apply.AsInstaller(ctx, seen.home())
	if done.failed = to.sendAll(asInstaller, seen, todo, &done); done.failed != nil {
		return done
	}

	if done.failed = to.removeAll(asInstaller, ownerOf(seen), todo.prune); done.failed != nil {
		return done
	}
	for _, policy := range todo.prunePolicies {
		if err := to.remove(ctx, ownerOf(seen), policy); err != nil {
			done.failed = &objectError{ref: ref{Name: policy.Name}, err: err}
			return done
		}
	}
	return done
}

// try asks the API server, before the first object is written, whether it would take those that nobody has
// asked about for this tenant. What it takes is not asked again.
func (r *Reconciler) try(ctx context.Context, seen observed, wanted rendered, todo planned) ([]contract.Finding, *objectError) {
	i := &seen.installation
	objects, key := untried(seen, wanted, todo)
	if known, ok := r.memory.tried.get(i.UID); len(objects) == 0 || (ok && known == key) {
		return nil, nil
	}
	found, err := trial.Run(ctx, r.Direct, seen.home(), i.Spec.App, objects)
	if err != nil {
		return nil, &objectError{ref: refOf(objects[0]), err: err}
	}
	if len(found) == 0 {
		r.memory.tried.put(i.UID, key)
	}
	return found, nil
}

// ownerOf names the installation in the memory of what was written.
func ownerOf(seen observed) string { return client.ObjectKeyFromObject(&seen.installation).String() }

func targetOf(o *unstructured.Unstructured) *unstructured.Unstructured {
	target := untyped(o.GroupVersionKind())
	target.SetNamespace(o.GetNamespace())
	target.SetName(o.GetName())
	return target
}

// tryAgain returns what calls for another try with a growing pause; nil where a watch will
// report the change.
func tryAgain(outcome condition.Outcome, done applied) error {
	switch {
	case done.failed != nil && outcome.State == condition.Retrying:
		return fmt.Errorf("%s: %w", done.failed.ref, done.failed.err)
	case outcome.State == condition.Retrying:
		return errors.New(outcome.Message)
	}
	return nil
}

// patience is how long a status that only says "not yet" may wait to be written: most
// apps become ready within it, which saves one write in two.
const patience = 5 * time.Second

// write writes the status if it differs from what the API server has. It returns how
// long to wait before writing one that is held back.
func (r *Reconciler) write(ctx context.Context, seen observed, next v1alpha1.AppInstallationStatus, outcome condition.Outcome, now time.Time) (time.Duration, error) {
	i := &seen.installation
	if same(i.Status, next) {
		r.memory.pending.drop(i.UID)
		return 0, nil
	}
	if wait := heldBack(seen, outcome, now); wait > 0 {
		since := seen.waiting.since
		if since.IsZero() {
			since = now
		}
		r.memory.pending.put(i.UID, pending{status: next, since: since})
		return wait, nil
	}

	desired := ac.AppInstallation(i.Name, i.Namespace).WithUID(i.UID)
	if err := apply.WriteStatus(ctx, r.Client, desired, next, "appinstallation"); err != nil {
		return 0, err
	}
	r.memory.pending.drop(i.UID)
	for _, e := range condition.Events(i.Status.Conditions, next.Conditions) {
		r.Events.Eventf(i, nil, e.Type, e.Reason, "Reconcile", "%s", e.Message)
	}
	if len(seen.gone) > 0 && outcome.Reason == v1alpha1.ReasonUninstalled { // who asks later finds no AppInstallation
		r.Events.Eventf(i, nil, corev1.EventTypeNormal, outcome.Reason, "Reconcile", "%s", outcome.Message)
	}
	return 0, nil
}

// askedAt is when what the status does not speak of yet was asked for: an operator that has just
// started does not let it wait again. Where the status speaks of it, that is now.
func askedAt(seen observed, now time.Time) time.Time {
	i := &seen.installation
	if i.Status.ObservedGeneration == i.Generation {
		return now
	}
	at := i.CreationTimestamp.Time
	if move := i.Spec.Move; move != nil && move.MovedAt.After(at) {
		at = move.MovedAt.Time
	}
	if at.IsZero() || at.After(now) {
		return now
	}
	return at
}

// heldBack is how long a status may still wait. Only progress waits; what a person
// must know, and what is done, is written at once.
func heldBack(seen observed, outcome condition.Outcome, now time.Time) time.Duration {
	if outcome.State != condition.Progressing || outcome.Reason == v1alpha1.ReasonRemovingNamespace { // which is waited for
		return 0
	}
	since := seen.waiting.since
	if since.IsZero() {
		since = askedAt(seen, now)
	}
	return patience - now.Sub(since)
}
