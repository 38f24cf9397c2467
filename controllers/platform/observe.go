package platform

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
)

// observed is everything that a plan may build on.
type observed struct {
	platform v1alpha1.Platform
	// country that the strategy is held against.
	country *country.Country
	// unreadable says which kinds of apps can't be read, each with the fix.
	unreadable []string
	// unguarded says which admission policies are not as they were shipped, with the fix; empty where all are.
	unguarded string
}

func (r *Reconciler) observe(ctx context.Context, name string) (observed, error) {
	var seen observed
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen.platform); err != nil {
		return seen, fmt.Errorf("read Platform %s: %w", name, err)
	}
	seen.country = r.Holder.Country()
	seen.unreadable = r.Kinds.Faults()
	found, err := r.Policies.Check(ctx)
	seen.unguarded = found.Fault("")
	return seen, err
}
