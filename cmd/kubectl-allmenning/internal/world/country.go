package world

import (
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Country is the model of who has what and who decides, as the controllers read it.
func (w *World) Country(now time.Time) *country.Country { return country.Compile(w.Objects(now), now) }

// Objects are all that is known, as package country takes it.
func (w *World) Objects(now time.Time) country.Objects {
	o := country.Objects{
		Networks: w.Networks, Apps: make(map[string]*v1alpha1.SharedApp, len(w.Apps)), Outages: planner.Outages{{Until: now}},
		Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{},
	}
	if w.Platform != nil {
		o.Platform = w.Platform.Spec
	}
	for i := range w.Apps {
		o.Apps[w.Apps[i].Name] = &w.Apps[i]
	}
	for i := range w.Municipalities {
		o.Municipalities = append(o.Municipalities, &w.Municipalities[i])
	}
	for i := range w.Rollouts {
		o.Rollouts = append(o.Rollouts, &w.Rollouts[i])
	}
	for i := range w.Installations {
		addInstallation(o.Installations, &w.Installations[i])
	}
	return o
}

// addInstallation files an installation under its municipality.
func addInstallation(all map[string]map[resolution.Place]*v1alpha1.AppInstallation, i *v1alpha1.AppInstallation) {
	owner, place, ok := installation.PlaceOf(i)
	if !ok {
		return
	}
	if all[owner] == nil {
		all[owner] = map[resolution.Place]*v1alpha1.AppInstallation{}
	}
	all[owner][place] = i
}
