package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/internal/contract"
)

// Hold notes which kinds an owner holds from now on, and ends the watches of those that it was the last to hold. Kinds that
// Kubernetes itself brings are watched all the time: every look lists them. What is not held must not be ensured by an owner
// who may lose it meanwhile.
func (r *Registry) Hold(ctx context.Context, owner string, held []schema.GroupVersionKind) error {
	r.lock.Lock()
	defer r.lock.Unlock()
	for _, gvk := range held {
		if contract.IsBuiltIn(gvk.Group) {
			continue
		}
		k := r.known(gvk)
		if k.holders == nil {
			k.holders = map[string]bool{}
		}
		k.holders[owner] = true
	}

	var failed []error
	for gvk, k := range r.kinds {
		if !k.holders[owner] || slices.Contains(held, gvk) {
			continue
		}
		delete(k.holders, owner)
		if len(k.holders) == 0 {
			failed = append(failed, r.end(ctx, gvk, k))
		}
	}
	return errors.Join(failed...)
}

// end ends the watch of a kind, and forgets what was wrong with it. The lock stays taken, so that nobody who begins to hold the
// kind gets the watch that ends.
func (r *Registry) end(ctx context.Context, gvk schema.GroupVersionKind, k *kind) error {
	if k.fault != nil {
		r.wake()
	}
	wasWatched := k.watched
	k.watched, k.client, k.fault, k.asked = false, nil, nil, time.Time{}
	if !wasWatched {
		return nil
	}
	if err := r.cache.RemoveInformer(ctx, untyped(gvk)); err != nil {
		return fmt.Errorf("end the watch of %s: %w", gvk.Kind, err)
	}
	return nil
}

// IsWatched says whether a kind is watched now, without starting a watch.
func (r *Registry) IsWatched(gvk schema.GroupVersionKind) bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	k := r.kinds[gvk]
	return k != nil && k.watched
}

// Client is what reads and writes a kind whose watch may end, and nil of any other kind. Who writes by one client waits to see it in
// the watch that was there at first, so that a watch that is begun again needs a client of its own.
func (r *Registry) Client(gvk schema.GroupVersionKind) client.Client {
	r.lock.Lock()
	defer r.lock.Unlock()
	if k := r.kinds[gvk]; k != nil {
		return k.client
	}
	return nil
}

// begin starts the watch of a kind, with a client of its own where it may end.
func (r *Registry) begin(gvk schema.GroupVersionKind) error {
	if !contract.IsBuiltIn(gvk.Group) {
		own, err := r.newClient()
		if err != nil {
			return err
		}
		r.lock.Lock()
		r.kinds[gvk].client = own
		r.lock.Unlock()
	}
	return r.start(gvk)
}

// known is what is known of a kind; the lock is taken.
func (r *Registry) known(gvk schema.GroupVersionKind) *kind {
	k := r.kinds[gvk]
	if k == nil {
		k = &kind{}
		r.kinds[gvk] = k
	}
	return k
}

func untyped(gvk schema.GroupVersionKind) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(gvk)
	return o
}
