package apply

import (
	"context"
	"fmt"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Written remembers what the reconciles of one owner wrote, until the cache is known
// to hold it.
//
// The client lets a Get wait until the cache has seen what this process wrote to that
// object. For a List it waits for every write to that kind, anybody's, which in a
// country at work never ends. So lists don't wait, and what an owner wrote itself is
// awaited object by object before its next look. The zero value is ready.
type Written struct {
	mu     sync.Mutex
	owners map[string][]client.Object
}

// Add notes that an owner wrote, or deleted, an object. Of the object only kind,
// namespace and name matter.
func (w *Written) Add(owner string, o client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owners == nil {
		w.owners = map[string][]client.Object{}
	}
	w.owners[owner] = append(w.owners[owner], o)
}

// Await returns when the cache holds all that an owner wrote, save what can't be read; nil says
// that all can. An error means that it does not yet, and that it must be awaited again.
func (w *Written) Await(ctx context.Context, c client.Reader, owner string, isReadable func(context.Context, client.Object) bool) error {
	for {
		o, ok := w.first(owner)
		if !ok {
			return nil
		}
		if isReadable != nil && !isReadable(ctx, o) {
			w.dropFirst(owner)
			continue
		}
		err := c.Get(ctx, client.ObjectKeyFromObject(o), o)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("wait for the cache to hold %T %s: %w", o, client.ObjectKeyFromObject(o), err)
		}
		w.dropFirst(owner)
	}
}

func (w *Written) first(owner string) (client.Object, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.owners[owner]) == 0 {
		return nil, false
	}
	return w.owners[owner][0], true
}

// dropFirst forgets what was awaited. Only one reconcile of an owner runs at a time.
func (w *Written) dropFirst(owner string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owners[owner] = w.owners[owner][1:]
	if len(w.owners[owner]) == 0 {
		delete(w.owners, owner)
	}
}
