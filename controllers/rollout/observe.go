package rollout

import "github.com/allmenning/allmenning/internal/country"

// observe reads the country, which holds all that a plan rests on.
func (r *Reconciler) observe() *country.Country { return r.Holder.Country() }
