package consent

import (
	"github.com/allmenning/allmenning/internal/country"
)

// observe looks at one municipality in the newest snapshot; false where there is nothing to do
// any longer: what a municipality left behind goes on without it.
func (r *Reconciler) observe(name string) (*country.Country, *country.Tenant, bool) {
	all := r.Holder.Country()
	t := all.Tenant(name)
	there := t.IsThere()
	return all, t, there
}
