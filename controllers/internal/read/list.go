// Package read is how the operator reads many objects at once.
package read

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// List reads from the cache without copying, so the result is read only. It does not wait until
// the cache holds what this process wrote to that kind, which in a country at work never
// happens: what an owner wrote itself it awaits object by object; see apply.Written.
func List(ctx context.Context, from client.Reader, into client.ObjectList, options ...client.ListOption) error {
	return from.List(ctx, into, append(options, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency)...)
}
