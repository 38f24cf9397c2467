package door

import (
	"context"
	"errors"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// applied is what came of the writes: an error for each half that could not be written or taken away.
type applied struct {
	errs map[types.NamespacedName]error
}

// retry returns the errors that call for another try with a growing pause.
func (a applied) retry() error {
	all := make([]error, 0, len(a.errs))
	for _, err := range a.errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// apply writes the plan: what closes first. One door's fault does not stop the others.
func (r *Reconciler) apply(ctx context.Context, municipality string, todo planned) applied {
	done := applied{errs: map[types.NamespacedName]error{}}
	for _, policy := range todo.remove {
		if err := r.remove(ctx, municipality, policy); err != nil {
			done.errs[client.ObjectKeyFromObject(policy)] = err
		}
	}
	for _, w := range todo.apply {
		r.written.Add(municipality, w.object.Target())
		if err := apply.Write(ctx, r.Client, w.object); err != nil {
			done.errs[w.key] = err
		}
	}
	return done
}

// remove deletes this very policy, not one of the same name that came after it.
func (r *Reconciler) remove(ctx context.Context, municipality string, policy *networkingv1.NetworkPolicy) error {
	r.written.Add(municipality, policy.DeepCopy())
	err := r.Client.Delete(ctx, policy.DeepCopy(), client.Preconditions{UID: new(policy.UID)})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete NetworkPolicy %s/%s: %w", policy.Namespace, policy.Name, err)
	}
	return nil
}

// write brings the status to what it should be, where it differs.
func (r *Reconciler) write(ctx context.Context, seen observed, next v1alpha1.MunicipalityStatus) error {
	m := seen.municipality
	if m == nil || sameStatus(m.Status, next) {
		return nil
	}
	return apply.WriteStatus(ctx, r.Client, ac.Municipality(m.Name).WithUID(m.UID), next, "door")
}
