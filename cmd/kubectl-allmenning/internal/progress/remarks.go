package progress

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// Remarks are what somebody who decides on a rollout should know besides its counts, each without
// a full stop.
func Remarks(r *v1alpha1.Rollout, strategy planner.Strategy) []string {
	var all []string
	if r.Status.SecurityFix {
		all = append(all, fmt.Sprintf("%s %s is %s", r.Spec.App, r.Spec.Version, planner.SecurityFix))
	}
	return append(all, StandIns(r.Status.Waves, strategy)...)
}

// StandIns says who goes first in whose place, each without a full stop.
func StandIns(waves []v1alpha1.WaveStatus, strategy planner.Strategy) []string {
	var all []string
	for i := range waves {
		if stands := standIn(&waves[i], strategy); stands != "" {
			all = append(all, "Wave "+waves[i].Name+": "+stands)
		}
	}
	return all
}

// standIn says who goes first in a wave in whose place; empty where nobody does, where the wave
// names nobody, and where it is over. Whom it names is unknown to those who may not read the strategy.
func standIn(w *v1alpha1.WaveStatus, strategy planner.Strategy) string {
	if w.StandIn == "" || w.State == v1alpha1.WaveEnded {
		return ""
	}
	at := slices.IndexFunc(strategy.Waves, func(wave planner.Wave) bool { return wave.Name == w.Name })
	if at < 0 {
		return w.StandIn + " goes first"
	}
	return strategy.Waves[at].StandsIn(w.StandIn)
}
