package outlook

import (
	"fmt"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// faults are what the API server takes and the operator can't go on with, such as a time
// zone that there is not. In a cluster, conditions tell of them; of files only this does,
// whether they touch the question or not.
func faults(w *world.World, now time.Time) []string {
	if !w.Offline {
		return nil
	}
	var all []string
	if w.Platform != nil {
		all = append(all, ofStrategy("Platform "+w.Platform.Name, w.Platform.Spec.Rollout)...)
	}
	holding := resolution.NewNetworks(w.Networks, now)
	for i := range w.Networks {
		n := &w.Networks[i]
		all = append(all, ofStrategy("Network "+n.Name, n.Spec.Rollout)...)
		for _, fault := range holding.Faults(n.Name) {
			all = append(all, fmt.Sprintf("Network %s: %s", n.Name, fault))
		}
	}
	for i := range w.Municipalities {
		m := &w.Municipalities[i]
		_, found := calendar.New(m.Spec.Windows, m.Spec.Freezes)
		for _, f := range found {
			all = append(all, fmt.Sprintf("Municipality %s: spec.%s. Nothing of it may start before that is mended.", m.Name, f))
		}
	}
	return slices.Compact(all)
}

func ofStrategy(who string, strategy *v1alpha1.RolloutStrategy) []string {
	_, found := rollout.Compile(strategy)
	all := make([]string, 0, len(found))
	for _, f := range found {
		all = append(all, fmt.Sprintf("%s: spec.rollout.%s. Nothing new may start before that is mended.", who, f))
	}
	return all
}
