package reference

import (
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/strategycheck"
)

// Known is what the specs of a country are held against.
type Known struct {
	Apps     catalogue.Apps
	Networks *resolution.Networks
	// Platform bounds what versions may require.
	Platform v1alpha1.PlatformSpec
	// General is spec.rollout of the Platform; nil where it has none.
	General *v1alpha1.RolloutStrategy
	Now     time.Time
	// NoApps and NoNetworks say that those are kept elsewhere, as in a folder that holds none of them:
	// whether there is one of a name is not judged.
	NoApps, NoNetworks bool
}

// strategy checks what a spec says of rollouts. Approvals and retries are for apps.
func (k Known) strategy(in strategycheck.Input) (faults, notes []string) {
	in.Apps = k.Apps
	if in.Said != nil && k.NoApps {
		without := *in.Said
		without.Approvals, without.Retries = nil, nil
		in.Said = &without
	}
	return strategycheck.Check(in)
}
