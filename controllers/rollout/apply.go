package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// apply writes the plan. What fails for one installation does not stop the others.
func (r *Reconciler) apply(ctx context.Context, municipality string, todo planned) error {
	var errs []error
	for _, i := range todo.write {
		r.written.Add(municipality, target(i))
		if err := r.write(ctx, i); err != nil {
			errs = append(errs, err)
			continue
		}
		r.tellMove(todo, i)
	}
	for _, i := range todo.remove {
		r.written.Add(municipality, target(i))
		uid := i.UID
		err := r.Client.Delete(ctx, i.DeepCopy(), client.Preconditions{UID: &uid})
		if client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("delete AppInstallation %s/%s: %w", i.Namespace, i.Name, err))
		}
	}
	return errors.Join(errs...)
}

// tellMove tells that an installation, which has been written, changes its version.
func (r *Reconciler) tellMove(todo planned, written *v1alpha1.AppInstallation) {
	for _, m := range todo.moved {
		if m.installation.Namespace == written.Namespace && m.installation.Name == written.Name {
			r.Events.Eventf(m.installation, nil, "Normal", "VersionChanged", "Rollout", "moving from %s to %s", m.from, m.to)
		}
	}
}

func target(i *v1alpha1.AppInstallation) *v1alpha1.AppInstallation {
	return &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Namespace: i.Namespace, Name: i.Name}}
}

func (r *Reconciler) write(ctx context.Context, i *v1alpha1.AppInstallation) error {
	desired := ac.AppInstallation(i.Name, i.Namespace).WithLabels(i.Labels)
	spec := i.Spec.DeepCopy()
	spec.Suspend = nil // a person's to set
	if err := apply.Convert(map[string]any{"spec": spec}, desired); err != nil {
		return err
	}
	if err := r.Client.Apply(ctx, desired, client.FieldOwner(apply.Owner), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply AppInstallation %s/%s: %w", i.Namespace, i.Name, err)
	}
	return nil
}

// equalSpecs compares parameters as what they mean: the API server writes JSON its own way.
func equalSpecs(a, b *v1alpha1.AppInstallationSpec) bool {
	var pa, pb any
	if a.Parameters != nil && json.Unmarshal(a.Parameters.Raw, &pa) != nil {
		return false
	}
	if b.Parameters != nil && json.Unmarshal(b.Parameters.Raw, &pb) != nil {
		return false
	}
	a.Parameters, b.Parameters = nil, nil
	return equality.Semantic.DeepEqual(pa, pb) && equality.Semantic.DeepEqual(a, b)
}
