package municipality

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// applied is what came of the writes: an error per namespace, by key, none where all went well.
type applied struct {
	errs map[string]error
}

// retry returns the errors that call for another try with a growing pause.
func (a applied) retry() error {
	all := make([]error, 0, len(a.errs))
	for _, err := range a.errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// apply writes the plan. One environment's fault does not stop the others.
func (r *Reconciler) apply(ctx context.Context, municipality string, todo planned) applied {
	done := applied{errs: map[string]error{}}
	for _, e := range todo.environments {
		for _, each := range append([]environmentPlan{e}, e.own...) { // its quota is lowered before another gets a share of it
			if err := r.applyEnvironment(ctx, municipality, each); err != nil {
				done.errs[each.key()] = err
			}
		}
	}
	return done
}

func (r *Reconciler) applyEnvironment(ctx context.Context, municipality string, e environmentPlan) error {
	if e.release != nil {
		if err := r.release(ctx, e.release); err != nil {
			return err
		}
	}

	for _, o := range e.remove {
		if _, isNamespace := o.(*corev1.Namespace); isNamespace {
			continue // only when its default-deny policy has the finalizer
		}
		if err := r.remove(ctx, municipality, o); err != nil {
			return err
		}
	}

	for _, o := range e.apply {
		r.written.Add(municipality, o.Target())
		if err := apply.Write(ctx, r.Client, o); err != nil {
			return err
		}
	}

	for _, o := range e.remove {
		if _, isNamespace := o.(*corev1.Namespace); isNamespace {
			return r.remove(ctx, municipality, o)
		}
	}
	return nil
}

// release takes the drain finalizer off a policy.
func (r *Reconciler) release(ctx context.Context, policy apply.Live) error {
	before, ok := policy.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("copy of %T is no object", policy)
	}
	after, _ := policy.DeepCopyObject().(client.Object)
	controllerutil.RemoveFinalizer(after, v1alpha1.FinalizerDrain)
	err := r.Client.Patch(ctx, after, client.MergeFrom(before))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("take the finalizer off policy %s: %w", policy.GetName(), err)
	}
	return nil
}

// remove deletes this very object, not one of the same name that came after it.
func (r *Reconciler) remove(ctx context.Context, municipality string, o client.Object) error {
	uid := o.GetUID()
	o, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("copy of %T is no object", o)
	}
	r.written.Add(municipality, o)
	err := r.Client.Delete(ctx, o, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete %T %s: %w", o, o.GetName(), err)
	}
	return nil
}

// write brings finalizer and status to what they should be, each only where it differs. The finalizer comes before the
// status that says Ready, and goes after it: who deletes a Municipality as soon as it is Ready is heard.
func (r *Reconciler) write(ctx context.Context, seen observed, next v1alpha1.MunicipalityStatus) error {
	m := &seen.municipality
	wanted := keepsFinalizer(seen)
	differs := wanted != controllerutil.ContainsFinalizer(m, v1alpha1.FinalizerDrain) && !suspended(seen)
	if differs && wanted {
		if err := writeFinalizer(ctx, r.Client, ac.Municipality(m.Name).WithUID(m.UID).WithFinalizers(v1alpha1.FinalizerDrain)); err != nil {
			return err
		}
	}

	if !sameStatus(m.Status, next) {
		desired := ac.Municipality(m.Name).WithUID(m.UID)
		if err := apply.WriteStatus(ctx, r.Client, desired, next, "municipality"); err != nil {
			return err
		}
		for _, e := range condition.Events(m.Status.Conditions, next.Conditions) {
			r.Events.Eventf(m, nil, e.Type, e.Reason, "Reconcile", "%s", e.Message)
		}
	}

	if differs && !wanted {
		return writeFinalizer(ctx, r.Client, ac.Municipality(m.Name).WithUID(m.UID))
	}
	return nil
}

// writeFinalizer applies a Municipality with its finalizer, or without.
func writeFinalizer(ctx context.Context, c client.Client, desired *ac.MunicipalityApplyConfiguration) error {
	err := c.Apply(ctx, desired, client.FieldOwner(apply.Owner), client.ForceOwnership)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write finalizer: %w", err)
	}
	return nil
}
