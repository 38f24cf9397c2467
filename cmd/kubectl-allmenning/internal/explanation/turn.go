package explanation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// turn says how far the rollout has come, and when it is this municipality's turn.
func (p *place) turn() []string {
	r := p.rollout()
	switch {
	case r == nil && p.world.Offline && p.verdict.Action == resolution.Install && !p.verdict.ByItself():
		return []string{fmt.Sprintf("It comes with a rollout of %s, whose course `kubectl allmenning plan %s %s` foresees.", of(p.verdict.Group), p.name, p.verdict.Version)}
	case r == nil && p.reported != nil && p.reported.Next != "":
		return []string{sentence("Next: " + p.reported.Next)}
	case r == nil:
		return nil
	case !p.belongs(r):
		return []string{fmt.Sprintf("Rollout %s brought %s here. %s is not among its members any longer.", r.Name, r.Spec.Version, p.municipality.Name)}
	}
	return course{p, r}.explain()
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
	if p.reported != nil {
		if r := p.named(p.reported.Rollout); r != nil && p.belongs(r) {
			return r
		}
	}
	if s := p.country.Subject(p.verdict.Group, p.name); s != nil && len(s.Records) > 0 {
		return planner.Newest(s.Records)
	}
	if p.installed != nil && p.installed.Spec.Move != nil {
		return p.named(p.installed.Spec.Move.Rollout)
	}
	return nil
}

// belongs says whether the rollout is of the group that the municipality follows for the
// app. Where what shows that may not be read, it is assumed.
func (p *place) belongs(r *v1alpha1.Rollout) bool {
	return p.blind() || slices.Contains(p.world.Unread, world.Networks) ||
		p.verdict.Group == resolution.Group{Network: r.Spec.Network, Channel: r.Spec.Channel}
}

func (p *place) named(name string) *v1alpha1.Rollout {
	for i := range p.world.Rollouts {
		if p.world.Rollouts[i].Name == name {
			return &p.world.Rollouts[i]
		}
	}
	return nil
}

// course is what a rollout says of one place.
type course struct {
	*place

	rollout *v1alpha1.Rollout
}

func (c course) explain() []string {
	all := []string{c.phase()}
	said := false
	if wave := c.wave(); wave != nil {
		// What the place itself waits for is said once, and best by its own status.
		waits := wave.WaitsFor != "" && (c.reported == nil || c.reported.Next == "")
		said = waits || wave.State == v1alpha1.WaveDone
		all = append(all, c.inWave(wave, waits))
	}
	all = append(all, c.notes()...)
	if next := c.next(said); next != "" {
		all = append(all, next)
	}
	return all
}

func (c course) phase() string {
	r := c.rollout
	text := fmt.Sprintf("Rollout %s brings %s. It is %s", r.Name, r.Spec.Version, r.Status.Phase)
	if r.Status.Phase == "" {
		text = fmt.Sprintf("Rollout %s brings %s. It has not begun", r.Name, r.Spec.Version)
	}
	if r.Status.Progress != "" {
		text += ", " + r.Status.Progress + " verified"
	}
	return text + "."
}

// wave is the one that the municipality counts in now. Nil where that is not known.
func (c course) wave() *v1alpha1.WaveStatus {
	var known []planner.Wave
	if c.knowsWaves() {
		known = c.country.Strategy(c.rollout.Spec.Network).Waves
	}
	member := planner.Member{Name: c.municipality.Name, Labels: c.municipality.Labels}
	for at, i := range c.tenant.Installed {
		if at.App == c.name {
			member.Places = append(member.Places, planner.MemberPlace{Environment: at.Environment, Installed: planner.Observe(i)})
		}
	}

	waves, counts := c.rollout.Status.Waves, planner.WaveNow(known, c.rollout, &member)
	at := slices.IndexFunc(waves, func(w v1alpha1.WaveStatus) bool { return w.Name == counts })
	if at < 0 {
		return nil
	}
	return &waves[at]
}

// knowsWaves says whether one may read who gives the waves.
func (c course) knowsWaves() bool {
	switch n := c.country.Network(c.rollout.Spec.Network); {
	case slices.Contains(c.world.Unread, world.Networks):
		return false
	case n != nil && n.Spec.Rollout != nil && n.Spec.Rollout.Waves != nil:
		return true
	}
	return !slices.Contains(c.world.Unread, world.Platforms)
}

func (c course) inWave(w *v1alpha1.WaveStatus, waits bool) string {
	text := fmt.Sprintf("%s takes part in wave %s, which is %s, %d/%d verified", c.municipality.Name, w.Name, w.State, w.Verified, w.Members-w.Excused)
	if w.StandIn == c.municipality.Name {
		text += "; it goes first there, as nobody else of the wave takes part now"
	}
	if waits {
		text += "; the wave waits: " + w.WaitsFor
	}
	return text + "."
}

// next says what happens next: to the place where its status says so, else to the rollout, unless
// the place has no part in it, or its wave was said to be done, or to wait for something.
func (c course) next(said bool) string {
	s := &c.rollout.Status
	switch {
	case c.reported != nil && c.reported.Next != "":
		return sentence("Next: " + c.reported.Next)
	case said, s.Next == "", s.Phase == v1alpha1.RolloutCompleted:
		return ""
	case c.verdict.Why != "" && c.verdict.Why != resolution.Blocked:
		return ""
	case s.NextAt != nil && !strings.Contains(s.Next, stamp(s.NextAt.Time)):
		return sentence(fmt.Sprintf("The rollout next: %s, at %s", s.Next, stamp(s.NextAt.Time)))
	}
	return sentence("The rollout next: " + s.Next)
}
