package rollup

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// subject is one app that one group introduces.
type subject struct {
	group resolution.Group
	app   string
}

// currentRollouts picks the one that goes on, or that completed last, of each group and app.
func currentRollouts(all []v1alpha1.Rollout) map[subject]*v1alpha1.Rollout {
	records := map[subject][]*v1alpha1.Rollout{}
	for i := range all {
		r := &all[i]
		key := subject{resolution.Group{Network: r.Spec.Network, Channel: r.Spec.Channel}, r.Spec.App}
		records[key] = append(records[key], r)
	}
	current := make(map[subject]*v1alpha1.Rollout, len(records))
	for key, of := range records {
		if r := rollout.Choose(of, rollout.Wish{Asked: true}).Current; r != nil {
			current[key] = r
		}
	}
	return current
}

// rolloutOf is the Rollout that brings, or brought, the release of a verdict; nil where the
// municipality moves the place itself, where it is excused, and until the Rollout is made.
func (c country) rolloutOf(v resolution.Verdict) *v1alpha1.Rollout {
	if !inTurn(v) {
		return nil
	}
	r := c.rollouts[subject{v.Group, v.App}]
	if r == nil || r.Spec.Version != v.Version || r.Spec.Digest != v.Digest {
		return nil
	}
	return r
}

// inTurn says whether a place gets its release when its group's rollout comes to it.
func inTurn(v resolution.Verdict) bool {
	return v.Action == resolution.Install && v.Why == "" && v.Group != (resolution.Group{})
}

// stampOf is what a rollout did to an installation; nil where another moved it last.
func stampOf(i *v1alpha1.AppInstallation, r *v1alpha1.Rollout) *rollout.Stamp {
	if r == nil || i.Spec.Move == nil || i.Spec.Move.Rollout != r.Name {
		return nil
	}
	return rollout.StampOf(i)
}

// outcomeOf is what became of an installation whose move by this rollout failed; empty
// where it did not.
func outcomeOf(i *v1alpha1.AppInstallation, r *v1alpha1.Rollout) v1alpha1.MoveOutcome {
	if stamp := stampOf(i, r); stamp != nil {
		return stamp.Outcome
	}
	return ""
}

// turns tells the places of one municipality what they wait for. The words hold for as long
// as the phase, the state of a wave or what it waits for stay the same: counts that change
// with every member would make as many writes as there are members.
type turns struct {
	country country
	tenant  tenant
	days    *calendar.Calendar
	now     time.Time
}

// turn is what a place waits for.
type turn struct {
	text string
	// again is when time alone may change it; zero where it never does.
	again time.Time
	// due says that nothing is waited for: the rollout is about to go on here.
	due bool
}

// tell fills in what comes next at the places that wait. One that is due, as the place before
// it has soaked, has not what it should have now: else its municipality would be ready for a
// moment between two environments.
func (t turns) tell(places []place) {
	for i := range places {
		if p := &places[i]; p.waits {
			next := t.next(p)
			p.shown.Next, p.again, p.settled = cut(next.text), next.again, p.settled && !next.due
		}
	}
}

// next says what a place waits for.
func (t turns) next(p *place) turn {
	r := t.country.rolloutOf(p.verdict)
	switch {
	case suspended(t.tenant.municipality):
		return turn{text: takeOut(t.tenant.municipality)}
	case r == nil:
		return turn{text: fmt.Sprintf("a Rollout of %s to %s is about to be made", p.verdict.Version, p.verdict.Group)}
	}
	moved, failed := t.moved(p, r)
	switch {
	case failed != "":
		return turn{text: fmt.Sprintf("%s failed in environment %s: it comes no further until a retry is asked for or another version is promoted", p.verdict.Version, failed)}
	case r.Status.Phase == v1alpha1.RolloutHalted:
		return turn{text: fmt.Sprintf("Rollout %s is halted%s: nobody else is moved until a retry is asked for or another version is promoted", r.Name, haltedIn(r))}
	case moved != nil:
		if before := t.stage(p, r, moved); before.text != "" {
			return before
		}
	}
	return t.wave(p, r, moved)
}

// moved is what the rollout did to the municipality elsewhere, if it has begun with it, and
// the environment in which that failed.
func (t turns) moved(p *place, r *v1alpha1.Rollout) (stamp *rollout.Stamp, failed string) {
	for _, e := range t.tenant.municipality.Spec.Environments {
		i := t.tenant.installed[resolution.Place{App: p.verdict.App, Environment: e.Name}]
		if i == nil {
			continue
		}
		if s := stampOf(i, r); s != nil && s.Wave != "" {
			stamp = s
			if s.Outcome == v1alpha1.OutcomeReturned || (s.Outcome == v1alpha1.OutcomeStuck && !well(i)) {
				failed = e.Name
			}
		}
	}
	return stamp, failed
}

// haltedIn names the wave in which a rollout was halted.
func haltedIn(r *v1alpha1.Rollout) string {
	for _, w := range r.Status.Waves {
		if w.State == v1alpha1.WaveHalted {
			return " in wave " + w.Name
		}
	}
	return ""
}

// order is the way through a municipality: each stage after the one before has soaked.
var order = []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}

// stage says which environment of an earlier stage goes first; zero where none does.
func (t turns) stage(p *place, r *v1alpha1.Rollout, stamp *rollout.Stamp) turn {
	m := t.tenant.municipality
	mine := slices.Index(order, m.Spec.StageOf(p.verdict.Environment))
	var soaking string
	var until time.Time
	for _, e := range m.Spec.Environments {
		i := t.tenant.installed[resolution.Place{App: p.verdict.App, Environment: e.Name}]
		if slices.Index(order, e.Stage) >= mine || i == nil || i.Spec.Digest != r.Spec.Digest {
			continue
		}
		if !well(i) || i.Status.HealthySince == nil {
			return turn{text: fmt.Sprintf("comes after environment %s, which must be well at %s first", e.Name, p.verdict.Version)}
		}
		if at := i.Status.HealthySince.Add(t.soak(p, stamp)); at.After(t.now) && at.After(until) {
			soaking, until = e.Name, at
		}
	}
	if soaking == "" {
		return turn{}
	}
	return turn{text: fmt.Sprintf("comes after environment %s, which soaks until %s", soaking, until.UTC().Format(time.RFC3339)), again: until}
}

// soak is how long the municipality's wave soaks; a security fix does not.
func (t turns) soak(p *place, stamp *rollout.Stamp) time.Duration {
	app := t.country.apps[p.verdict.App]
	if app != nil && slices.ContainsFunc(app.Spec.Versions, func(v v1alpha1.Version) bool {
		return v.Version == p.verdict.Version && ptr.Deref(v.SecurityFix, false)
	}) {
		return 0
	}
	waves, _ := rollout.CompileWaves(t.country.waves(p.verdict.Group))
	at := slices.IndexFunc(waves, func(w rollout.Wave) bool { return w.Name == stamp.Wave })
	if at < 0 {
		at = len(waves) - 1
	}
	return waves[at].Soak
}

// waves of a group: those of its network, else those of the platform.
func (c country) waves(g resolution.Group) []v1alpha1.Wave {
	for i := range c.networks {
		if n := &c.networks[i]; n.Name == g.Network && n.Spec.Rollout != nil && n.Spec.Rollout.Waves != nil {
			return n.Spec.Rollout.Waves
		}
	}
	if c.general == nil {
		return nil
	}
	return c.general.Waves
}
