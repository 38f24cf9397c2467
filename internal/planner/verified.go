package planner

import (
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// LastVerified is the release that a failed move of an installation returns to: the one that is
// there, if it was healthy for the soak, also with parameters that were changed just now, or is healthy and was completed by its group; else what was
// verified before it; and who brought it. Nil where nothing was. Every writer that changes the version
// passes both on.
func LastVerified(i *Installed, soak time.Duration, completed *v1alpha1.Release, now time.Time) (*v1alpha1.Release, v1alpha1.Bringer) {
	if i == nil {
		return nil, v1alpha1.Bringer{}
	}
	if i.ranFor(soak, now) || (i.Healthy() && completed != nil && *completed == i.Release) { //guard:no-return-to-unverified -> true
		return &v1alpha1.Release{Version: i.Release.Version, Digest: i.Release.Digest}, i.BroughtBy
	}
	return i.LastVerified, i.LastVerifiedBy
}
