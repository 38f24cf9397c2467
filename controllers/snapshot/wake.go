package snapshot

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/allmenning/allmenning/internal/country"
)

// queue is that of one controller.
type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// Concerned picks from a change those whom a controller looks after.
type Concerned func(country.Changed) map[string]bool

// waker is a source of a controller's work.
type waker struct {
	holder    *Holder
	concerned Concerned
	pause     time.Duration
	queue     queue
}

// Wakes makes a source that enqueues, after a pause, whom a change of the country concerns. The
// first of several changes sets the time, so a burst does not put the look off.
func (h *Holder) Wakes(concerned Concerned, pause time.Duration) source.SyncingSource {
	return &waker{holder: h, concerned: concerned, pause: pause}
}

// Start begins to fill the queue: with everybody, where the country was read before.
func (w *waker) Start(_ context.Context, q queue) error {
	w.holder.mu.Lock()
	defer w.holder.mu.Unlock()
	w.queue = q
	w.holder.wakers = append(w.holder.wakers, w)
	if w.holder.synced {
		w.wake(country.Everything(w.holder.model.Country()))
	}
	return nil
}

// WaitForSync returns when the country was read.
func (w *waker) WaitForSync(ctx context.Context) error {
	select {
	case <-w.holder.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *waker) wake(changed country.Changed) {
	for name := range w.concerned(changed) {
		w.queue.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}, w.pause)
	}
}

// wake wakes those whom a change concerns. The lock is held.
func (h *Holder) wake(changed country.Changed) {
	if changed.Nothing() {
		return
	}
	for _, w := range h.wakers {
		w.wake(changed)
	}
}
