// Package watch holds what controllers share of their watches: a handler that gathers what
// happens in a burst, and predicates on what matters of a change.
package watch

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Find returns the names of the cluster-scoped objects, or groups, that an event concerns.
type Find func(context.Context, client.Object) []string

// Later enqueues, after a pause, those concerned by what an object was or is now. The
// first of several events sets the time, so a burst does not put the look off.
func Later(find Find, pause time.Duration) handler.EventHandler {
	enqueue := func(ctx context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request], objects ...client.Object) {
		seen := map[string]bool{}
		for _, o := range objects {
			for _, name := range find(ctx, o) {
				if !seen[name] {
					q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}, pause)
				}
				seen[name] = true
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.Object)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.Object)
		},
	}
}
