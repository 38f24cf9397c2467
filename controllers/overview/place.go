package overview

import (
	"cmp"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// place is how one app is doing in one environment.
type place struct {
	country.Status

	// shown is how the status of its Municipality shows it.
	shown v1alpha1.MunicipalityApp
	// again is when time alone may change what it waits for; zero if never.
	again time.Time
}

// placesOf are the places of a municipality, sorted by environment and app.
func placesOf(seen observedMunicipality) []place {
	places := make([]place, 0, len(seen.tenant.Rows))
	for _, row := range seen.tenant.Rows {
		places = append(places, placeOf(seen, row))
	}
	return places
}

func placeOf(seen observedMunicipality, row *country.Row) place {
	v := row.Verdict
	p := place{Status: row.Status, shown: v1alpha1.MunicipalityApp{
		Name: v.App, Environment: v.Environment, Wanted: v.Wanted, DecidedBy: v.DecidedBy, Rollout: rolloutOf(seen.country, v),
	}}
	switch {
	case row.Installed != nil:
		p.shown.Version, p.shown.Asked = row.Installed.Status.AppliedVersion, askedFor(row.Installed)
	case row.Remembered != nil && p.Counted:
		p.shown.Version = row.Remembered.Spec.Version
	case !p.Counted:
		p.shown.Wanted = ""
	}
	if p.Waits {
		p.waitsFor(seen.waits[v.Place], v)
	}
	p.shown.State, p.shown.Message = p.State, cut(p.Message)
	return p
}

// askedFor is the version that an installation is asked to have; empty where it has that, and where it is to go.
func askedFor(i *v1alpha1.AppInstallation) string {
	if i.Spec.State == v1alpha1.InstallationAbsent || i.Spec.Version == i.Status.AppliedVersion {
		return ""
	}
	return i.Spec.Version
}

// waitsFor takes in what the place waits for. One that is moved now has not what it should have: else
// its municipality would be ready for a moment between two environments, or after it named a version.
func (p *place) waitsFor(wait planner.Wait, v resolution.Verdict) {
	now := wait.Due || (v.ByItself() && wait == planner.Wait{})
	if now {
		p.Settled = false
	}
	if now && p.State == v1alpha1.AppWaiting {
		p.Message = cmp.Or(wait.Message, "about to be installed at "+v.Version)
		p.State = v1alpha1.AppProgressing
		if p.shown.Version == "" {
			p.State = v1alpha1.AppMissing
		}
		return
	}
	p.shown.Next, p.again = cut(wait.Message), wait.Until
}

// said is what to report of a place that is not settled.
func (p *place) said() string {
	return cmp.Or(p.shown.Message, p.shown.Next, strings.ToLower(string(p.State)))
}

// rolloutOf names the Rollout that brings, or brought, the release of a verdict; empty where the
// municipality moves the place itself, where it is excused, and until the Rollout is made.
func rolloutOf(c *country.Country, v resolution.Verdict) string {
	if v.Action != resolution.Install || v.Why != "" || v.ByItself() {
		return ""
	}
	r := c.Subject(v.Group, v.App).Current()
	if r == nil || r.Spec.Version != v.Version || r.Spec.Digest != v.Digest {
		return ""
	}
	return r.Name
}
