// Package retry says how long to wait before what failed is tried again.
package retry

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	first = 10 * time.Millisecond
	// longest is what a person will wait for after fixing something that no watch reports.
	// The usual limit of a quarter of an hour would leave a tenant down long after the
	// API server, or a definition, is back.
	longest = 30 * time.Second
)

// Limiter doubles the pause with each failure of one object, up to half a minute.
func Limiter() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](first, longest)
}
