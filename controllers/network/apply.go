package network

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
)

// apply brings the coordinators' binding to what it should be.
func (r *Reconciler) apply(ctx context.Context, todo grant) error {
	if todo.remove != nil {
		if err := r.remove(ctx, todo.remove); err != nil {
			return err
		}
	}
	if todo.apply == nil {
		return nil
	}
	return apply.Write(ctx, r.Client, *todo.apply)
}

// remove deletes this very binding, not one of the same name that came after it.
func (r *Reconciler) remove(ctx context.Context, o client.Object) error {
	uid := o.GetUID()
	target := &rbacv1.ClusterRoleBinding{}
	target.SetName(o.GetName())
	err := r.Client.Delete(ctx, target, client.Preconditions{UID: &uid})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete ClusterRoleBinding %s: %w", o.GetName(), err)
	}
	return nil
}

// forget takes away what a Network that is gone left behind, where the person who deleted it
// asked for its dependents to stay.
func (r *Reconciler) forget(ctx context.Context, network string) error {
	left, err := r.binding(ctx, network)
	if err != nil || left == nil {
		return err
	}
	return r.remove(ctx, left)
}

// write brings the status to what it should be, where it differs.
func (r *Reconciler) write(ctx context.Context, seen observed, next v1alpha1.NetworkStatus) error {
	n := &seen.network
	if sameStatus(n.Status, next) {
		return nil
	}
	desired := ac.Network(n.Name).WithUID(n.UID)
	if err := apply.WriteStatus(ctx, r.Client, desired, next, "network"); err != nil {
		return err
	}
	for _, e := range condition.Events(n.Status.Conditions, next.Conditions) {
		r.Events.Eventf(n, nil, e.Type, e.Reason, "Reconcile", "%s", e.Message)
	}
	return nil
}
