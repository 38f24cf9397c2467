package consent

import (
	"github.com/allmenning/allmenning/internal/country"
)

// observed is everything that a plan may build on.
type observed struct {
	country *country.Country
	tenant  *country.Tenant
}

// observe looks at one municipality in the newest snapshot; false where there is nothing to do
// any longer: what a municipality left behind goes on without it.
func (r *Reconciler) observe(name string) (observed, bool) {
	seen := observed{country: r.Holder.Country()}
	seen.tenant = seen.country.Tenant(name)
	return seen, seen.tenant != nil && seen.tenant.Municipality != nil
}
