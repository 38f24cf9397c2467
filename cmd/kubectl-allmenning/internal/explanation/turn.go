package explanation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// turn says how far the rollout has come, and when it is this municipality's turn.
func (p *place) turn() []string {
	r := p.rollout()
	switch {
	case r != nil:
	case p.world.Offline && p.verdict.Action == resolution.Install && p.verdict.Group != (resolution.Group{}):
		return []string{fmt.Sprintf("It comes with a rollout of %s, whose course `kubectl allmenning plan %s %s` foresees.", of(p.verdict.Group), p.name, p.verdict.Version)}
	default:
		return p.next(nil)
	}
	if !p.belongs(r) {
		return []string{fmt.Sprintf("Rollout %s brought %s here. %s is not among its members any longer.", r.Name, r.Spec.Version, p.municipality.Name)}
	}
	all := []string{phase(r)}
	if wave := p.wave(r); wave != "" {
		all = append(all, p.inWave(r, wave))
	}
	return append(append(all, p.notes(r)...), p.next(r)...)
}

func phase(r *v1alpha1.Rollout) string {
	text := fmt.Sprintf("Rollout %s brings %s. It is %s", r.Name, r.Spec.Version, r.Status.Phase)
	if r.Status.Phase == "" {
		text = fmt.Sprintf("Rollout %s brings %s. It has not begun", r.Name, r.Spec.Version)
	}
	if r.Status.Progress != "" {
		text += ", " + r.Status.Progress + " verified"
	}
	return text + "."
}

func of(g resolution.Group) string {
	if g.Network != "" {
		return "Network " + g.Network
	}
	return "those who follow channel " + g.Channel + " directly"
}

// rollout is the one that status names, else that of the group, else the one that
// brought what is installed.
func (p *place) rollout() *v1alpha1.Rollout {
	if p.reported != nil && p.reported.Rollout != "" {
		if r := p.named(p.reported.Rollout); r != nil && p.belongs(r) {
			return r
		}
	}
	newest := p.newest()
	if newest == nil && p.installed != nil && p.installed.Spec.Move != nil {
		return p.named(p.installed.Spec.Move.Rollout)
	}
	return newest
}

// newest is the newest rollout of the group that the municipality follows for the app; nil
// where there is none.
func (p *place) newest() *v1alpha1.Rollout {
	var newest *v1alpha1.Rollout
	for i := range p.world.Rollouts {
		r := &p.world.Rollouts[i]
		if r.Spec.App != p.name || groupOf(r) != p.verdict.Group {
			continue
		}
		if newest == nil || newest.CreationTimestamp.Before(&r.CreationTimestamp) {
			newest = r
		}
	}
	return newest
}

// belongs says whether the rollout is of the group that the municipality follows for the
// app. Where what shows that may not be read, it is assumed.
func (p *place) belongs(r *v1alpha1.Rollout) bool {
	return p.blind() || slices.Contains(p.world.Unread, world.Networks) || groupOf(r) == p.verdict.Group
}

func groupOf(r *v1alpha1.Rollout) resolution.Group {
	return resolution.Group{Network: r.Spec.Network, Channel: r.Spec.Channel}
}

func (p *place) named(name string) *v1alpha1.Rollout {
	for i := range p.world.Rollouts {
		if p.world.Rollouts[i].Name == name {
			return &p.world.Rollouts[i]
		}
	}
	return nil
}

// wave is the one that the municipality took part in; else the first that names or
// selects it, else the last. Where no waves are given it is not known who is the pilot.
func (p *place) wave(r *v1alpha1.Rollout) string {
	if wave := p.tookPartIn(r); wave != "" {
		return wave
	}
	given := p.world.Waves(r.Spec.Network)
	if len(given) == 0 {
		return ""
	}
	waves, faults := rollout.CompileWaves(given)
	if len(faults) > 0 {
		return ""
	}
	i := slices.IndexFunc(waves, func(w rollout.Wave) bool { return w.Matches(p.municipality.Name, p.municipality.Labels) })
	if i < 0 {
		i = len(waves) - 1
	}
	return waves[i].Name
}

// tookPartIn is the wave that the rollout notes on an installation of the municipality.
func (p *place) tookPartIn(r *v1alpha1.Rollout) string {
	for i := range p.world.Installations {
		o := &p.world.Installations[i]
		if o.Name == p.name && o.Spec.Tenant.Municipality == p.municipality.Name && o.Spec.Move != nil && o.Spec.Move.Rollout == r.Name {
			return o.Spec.Move.Wave
		}
	}
	return ""
}

func (p *place) inWave(r *v1alpha1.Rollout, wave string) string {
	text := fmt.Sprintf("%s takes part in wave %s", p.municipality.Name, wave)
	for _, w := range r.Status.Waves {
		if w.Name != wave {
			continue
		}
		text += fmt.Sprintf(", which is %s, %d/%d verified", w.State, w.Verified, w.Members-w.Excused)
		if w.WaitsFor != "" {
			text += "; it waits: " + w.WaitsFor
		}
	}
	return text + "."
}

// next says what happens next: to the place where its status says so, else to the rollout, unless
// the place has no part in it.
func (p *place) next(r *v1alpha1.Rollout) []string {
	switch {
	case p.reported != nil && p.reported.Next != "":
		return []string{sentence("Next: " + p.reported.Next)}
	case r == nil || r.Status.Next == "" || r.Status.Phase == v1alpha1.RolloutCompleted:
		return nil
	case p.verdict.Why != "" && p.verdict.Why != resolution.Blocked:
		return nil
	case r.Status.NextAt != nil && !strings.Contains(r.Status.Next, stamp(r.Status.NextAt.Time)):
		return []string{sentence(fmt.Sprintf("The rollout next: %s, at %s", r.Status.Next, stamp(r.Status.NextAt.Time)))}
	}
	return []string{sentence("The rollout next: " + r.Status.Next)}
}
