package country

import (
	"fmt"
	"slices"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/rollout"
)

// release that a channel of an app points at, or why it can't be had.
func release(app *v1alpha1.SharedApp, name, channel string) (*v1alpha1.Release, string) {
	if app == nil {
		return nil, fmt.Sprintf("there is no SharedApp %q", name)
	}
	at := slices.IndexFunc(app.Spec.Channels, func(c v1alpha1.Channel) bool { return c.Name == channel })
	if at < 0 {
		return nil, fmt.Sprintf("SharedApp %s has no channel %q", name, channel)
	}
	version := app.Spec.Channels[at].Version
	if withdrawn(app, version) {
		return nil, fmt.Sprintf("channel %s of SharedApp %s points at %s, which is withdrawn", channel, name, version)
	}
	for _, s := range app.Status.Versions {
		if s.Version == version && s.Available {
			return &v1alpha1.Release{Version: s.Version, Digest: s.Digest}, ""
		}
	}
	return nil, fmt.Sprintf("version %s of SharedApp %s is not available: see its status.versions", version, name)
}

func withdrawn(app *v1alpha1.SharedApp, version string) bool {
	return slices.ContainsFunc(app.Spec.Versions, func(v v1alpha1.Version) bool {
		return v.Version == version && v.State == v1alpha1.VersionWithdrawn
	})
}

// availability of the releases of an app; nil where there is no app.
func availability(app *v1alpha1.SharedApp) map[v1alpha1.Release]rollout.Availability {
	if app == nil {
		return nil
	}
	all := make(map[v1alpha1.Release]rollout.Availability, len(app.Status.Versions))
	for _, s := range app.Status.Versions {
		release := v1alpha1.Release{Version: s.Version, Digest: s.Digest}
		switch {
		case withdrawn(app, s.Version):
			all[release] = rollout.Withdrawn
		case s.Available:
			all[release] = rollout.Available
		default:
			all[release] = rollout.Unavailable
		}
	}
	return all
}

// withdrawnReleases are the releases of an app that were withdrawn.
func withdrawnReleases(app *v1alpha1.SharedApp) map[v1alpha1.Release]bool {
	gone := map[v1alpha1.Release]bool{}
	for r, a := range availability(app) {
		if a == rollout.Withdrawn {
			gone[r] = true
		}
	}
	return gone
}

// securityFix says whether a version is a security fix.
func securityFix(app *v1alpha1.SharedApp, version string) bool {
	return app != nil && slices.ContainsFunc(app.Spec.Versions, func(v v1alpha1.Version) bool {
		return v.Version == version && ptr.Deref(v.SecurityFix, false)
	})
}
