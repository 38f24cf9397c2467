package appinstallation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// applied is what came of the writes.
type applied struct {
	// live are the objects of the installation as they are now, by reference.
	live map[ref]*unstructured.Unstructured
	// sent are those that were applied in this pass.
	sent map[ref]bool
	// failed names the object at which the pass stopped, with the error; nil where it did not.
	failed *objectError
}

// objectError is an error about one object.
type objectError struct {
	ref
	err error
}

// apply writes the plan: first the policy that the app needs, then its objects in
// their order, then what it no longer has. It stops at the first error, as what
// comes later builds on what comes first, and goes on there the next time.
func (r *Reconciler) apply(ctx context.Context, seen observed, todo planned) applied {
	done := applied{live: maps.Clone(seen.live), sent: map[ref]bool{}}
	if todo.policy != nil {
		if err := apply.Write(ctx, r.Client, *todo.policy); err != nil {
			done.failed = &objectError{ref{Name: todo.policy.Name}, err}
			return done
		}
	}

	asInstaller := apply.AsInstaller(ctx, seen.installation.Namespace)
	for _, o := range todo.objects {
		if !o.send {
			continue
		}
		sent, err := r.send(asInstaller, ownerOf(seen), o)
		if err != nil {
			done.failed = &objectError{o.ref, err}
			return done
		}
		done.live[o.ref] = sent
		done.sent[o.ref] = true
	}

	for _, o := range todo.prune {
		if err := r.remove(asInstaller, ownerOf(seen), o); err != nil {
			done.failed = &objectError{refOf(o), err}
			return done
		}
	}

	if todo.prunePolicy != nil {
		if err := r.remove(ctx, ownerOf(seen), todo.prunePolicy); err != nil {
			done.failed = &objectError{ref{Name: todo.prunePolicy.Name}, err}
		}
	}
	return done
}

// send applies one object and returns it as the API server has it. Fields that
// others took over are taken back on an object that is ours. Where there was none, it is
// created; a conflict means that somebody else created one of that name meanwhile, and the
// next visit sees whose it is.
func (r *Reconciler) send(ctx context.Context, owner string, o object) (*unstructured.Unstructured, error) {
	r.written.Add(owner, targetOf(o.desired))
	sent := o.desired.DeepCopy()
	if o.live == nil {
		sent.SetResourceVersion(apply.NotThere)
	}

	if err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(sent), client.FieldOwner(apply.Owner), client.ForceOwnership); err != nil {
		return nil, err
	}
	return sent, nil
}

// remove deletes this very object, not one of the same name that came after it.
func (r *Reconciler) remove(ctx context.Context, owner string, o client.Object) error {
	uid := o.GetUID()
	target, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("copy of %T is no object", o)
	}
	r.written.Add(owner, target)
	err := r.Client.Delete(ctx, target, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // gone, or another of the same name by now: the next visit sees it
	}
	return err
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
	if outcome.State != condition.Progressing {
		return 0
	}
	since := seen.waiting.since
	if since.IsZero() {
		since = askedAt(seen, now)
	}
	return patience - now.Sub(since)
}
