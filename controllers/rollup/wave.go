package rollup

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// wave says what the municipality's wave waits for. The stamp is of an environment that the
// rollout moved already; nil where it moved none.
func (t turns) wave(p *place, r *v1alpha1.Rollout, stamp *rollout.Stamp) turn {
	spec := t.country.waves(p.verdict.Group)
	at := indexOf(r.Status.Waves, waveOf(spec, t.tenant.municipality, stamp))
	open := slices.IndexFunc(r.Status.Waves, func(w v1alpha1.WaveStatus) bool { return w.State != v1alpha1.WaveDone })
	switch {
	case at < 0:
		return turn{text: fmt.Sprintf("Rollout %s is about to begin", r.Name)}
	case len(spec) == 0 && stamp == nil && open == 0 && r.Status.Waves[0].State == v1alpha1.WaveWaiting:
		pilot := &r.Status.Waves[0]
		return turn{text: fmt.Sprintf("Rollout %s begins with one member as its pilot, which may be this one; wave %s %s", r.Name, pilot.Name, described(pilot))}
	case open >= 0 && open < at:
		before := &r.Status.Waves[open]
		return turn{text: fmt.Sprintf("wave %s of Rollout %s comes after wave %s, which %s", r.Status.Waves[at].Name, r.Name, before.Name, described(before))}
	}
	w := &r.Status.Waves[at]
	if own := t.own(p); w.WaitsFor == "" && own.text != "" {
		return own
	}
	return turn{text: fmt.Sprintf("wave %s of Rollout %s %s", w.Name, r.Name, described(w)), due: stamp != nil && w.WaitsFor == ""}
}

// indexOf finds a wave by name. The waves may have been edited a moment ago: who matches none
// is in the last. It is -1 where there are none yet.
func indexOf(waves []v1alpha1.WaveStatus, name string) int {
	at := slices.IndexFunc(waves, func(w v1alpha1.WaveStatus) bool { return w.Name == name })
	if at < 0 {
		return len(waves) - 1
	}
	return at
}

// own is what the municipality itself still has to wait for when its wave is open; zero
// where nothing is.
func (t turns) own(p *place) turn {
	m, environment := t.tenant.municipality, p.verdict.Environment
	if !stands(m, environment) {
		return turn{text: fmt.Sprintf("waits for environment %s to be ready", environment)}
	}
	for _, needed := range t.country.offered().Of(p.verdict.App).Requires() {
		if unmet := needed.Unmet(t.tenant.installed[resolution.Place{App: needed.App, Environment: environment}]); unmet != "" {
			return turn{text: fmt.Sprintf("environment %s: %s requires %s", environment, p.verdict.App, unmet)}
		}
	}
	if days := t.days.Open(t.now); !days.Open {
		return turn{text: fmt.Sprintf("Municipality %s: %s", m.Name, days.Reason), again: days.Until}
	}
	return turn{}
}

// waveOf names the wave that a municipality takes part in: the one in which it was moved,
// else the first that matches it, else the last.
func waveOf(spec []v1alpha1.Wave, m *v1alpha1.Municipality, stamp *rollout.Stamp) string {
	if stamp != nil {
		return stamp.Wave
	}
	waves, _ := rollout.CompileWaves(spec)
	for i := range waves {
		if waves[i].Matches(m.Name, m.Labels) {
			return waves[i].Name
		}
	}
	return waves[len(waves)-1].Name
}

// described says in words how a wave goes.
func described(w *v1alpha1.WaveStatus) string {
	switch {
	case w.State == v1alpha1.WaveHalted:
		return "is halted"
	case w.WaitsFor != "":
		return "waits: " + w.WaitsFor
	case w.State == v1alpha1.WaveWaiting:
		return "is about to begin"
	case w.State == v1alpha1.WaveDone:
		return "is done, and takes whoever is left in their turn"
	}
	return "is under way, and takes its members in turn"
}

// told is all of a Rollout that turns rest on: while it stays the same, so do they.
func told(r *v1alpha1.Rollout) []string {
	all := make([]string, 0, 1+3*len(r.Status.Waves))
	all = append(all, string(r.Status.Phase))
	for i := range r.Status.Waves {
		w := &r.Status.Waves[i]
		all = append(all, w.Name, string(w.State), w.WaitsFor)
	}
	return all
}
