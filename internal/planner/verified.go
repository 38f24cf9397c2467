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

// MayReturn is the release that an installation, the only place of a member here, may yet return to; nil where that is none:
// nothing was verified before, its last move failed already, or it is verified, and no rollout takes it back any longer. Verified
// is when it will have been healthy for the soak, if it stays so; zero where it was already, or is not healthy now. The
// rollout is the one that goes on where its last move was made, of whatever version.
func MayReturn(in Input, m *Member) (to *v1alpha1.Release, verified time.Time) {
	place := &m.Places[0]
	i := place.Installed
	failed := i.Stamp != nil && i.Stamp.Outcome != ""
	if failed || i.LastVerified == nil || *i.LastVerified == i.Release {
		return nil, time.Time{}
	}

	r := newRules(&in)
	w := r.strategy.named(WaveNow(r.strategy.Waves, in.Rollout, m))
	switch {
	case !i.ranFor(w.Soak, in.Now): // also where another rollout moves it on: what is not verified is not returned to
		if i.Healthy() {
			verified = i.HealthySince.Add(w.Soak)
		}
		return i.LastVerified, verified
	case i.Release != r.target, Ended(in.Rollout), r.past(m.Name, place, w):
		return nil, time.Time{}
	}
	return i.LastVerified, time.Time{}
}
