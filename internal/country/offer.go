package country

import (
	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/planner"
)

// offered is the release that a channel points at; nil where it can't be had.
func offered(app *catalogue.App, channel string) *v1alpha1.Release {
	release, fault := app.Release(channel)
	if fault != nil {
		return nil
	}

	return &release
}

// availability of the releases of an app, as a rollout asks for it; nil where there is no app.
func availability(app *catalogue.App) map[v1alpha1.Release]planner.Availability {
	if !app.Exists() {
		return nil
	}

	available, unavailable, withdrawn := app.Releases()
	all := make(map[v1alpha1.Release]planner.Availability, len(available)+len(unavailable)+len(withdrawn))
	for state, releases := range map[planner.Availability][]v1alpha1.Release{
		planner.Available: available, planner.Unavailable: unavailable, planner.Withdrawn: withdrawn,
	} {
		for _, r := range releases {
			all[r] = state
		}
	}

	return all
}

// withdrawnReleases are the releases of an app that were withdrawn.
func withdrawnReleases(app *catalogue.App) map[v1alpha1.Release]bool {
	_, _, withdrawn := app.Releases()
	gone := make(map[v1alpha1.Release]bool, len(withdrawn))
	for _, r := range withdrawn {
		gone[r] = true
	}

	return gone
}
