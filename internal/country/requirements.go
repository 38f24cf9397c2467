package country

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// unmet is the first app that a version requires and that is not there yet, and when time alone may end that; nil where
// none is missing, and zero where time does not.
func (c compiler) unmet(t *Tenant, place resolution.Place, version string) (*catalogue.Fault, time.Time) {
	for _, needed := range c.Apps.Of(place.App).Version(version).Requires() {
		found := t.Installed[resolution.Place{App: needed.App, Environment: place.Environment}]
		var back catalogue.Return
		var until time.Time
		if found != nil && found.Spec.LastVerified != nil && !needed.Admits(found.Spec.LastVerified.Version) { // it matters
			back, until = c.mayReturn(t, found)
		}
		if missing := needed.Unmet(found, back); missing != nil {
			return missing, until
		}
	}
	return nil, time.Time{}
}

// mayReturn is what an installation returns to if its last move fails, and when time alone may change that.
func (c compiler) mayReturn(t *Tenant, i *v1alpha1.AppInstallation) (back catalogue.Return, until time.Time) {
	key, byGroup := movedBy(i)
	app, strategy := c.Apps.Of(i.Spec.App), c.strategyOf(groupName(key.group)).Strategy
	in := planner.Input{Rollout: &v1alpha1.Rollout{}, Strategy: strategy, SecurityFix: app.IsSecurityFix(i.Spec.Version), Now: c.Now}
	if !byGroup { // by a move of its own, it soaks as in the last wave of the platform
		in.Strategy.Waves = strategy.Waves[len(strategy.Waves)-1:]
	} else if r := c.subject(key).Current(); r != nil {
		in.Rollout = r
	}

	to, verified := planner.MayReturn(in, &planner.Member{
		Name: t.Name, Labels: t.Municipality.Labels, Places: []planner.MemberPlace{{Installed: planner.Observe(i)}},
	})
	switch {
	case to == nil, app.Exists() && app.Unlisted(to.Version) != nil: // it stays as it is
		return catalogue.Return{}, time.Time{}
	case verified.IsZero():
		return catalogue.Return{Version: to.Version, While: "has not completed its wave yet"}, time.Time{}
	}
	return catalogue.Return{Version: to.Version, While: "is not verified yet"}, verified
}

// subject is one app of one group, with the Rollouts that it has by now; nil where there is none.
func (c compiler) subject(key subjectKey) *Subject {
	if s := c.edited[key]; s != nil {
		return s
	}
	return c.Subject(key.group, key.app)
}

// returning touches who waits until others may return no longer.
type returning struct{ *Model }

// moved touches what the rollouts of a subject moved last in some municipalities, be they no members any longer, if
// other apps require its app: these wait until it may return no longer.
func (m returning) moved(key subjectKey, in func(municipality string) bool) {
	if len(m.related[key.app]) == 0 {
		return
	}
	m.edit(key).moved.Scan(func(_ string, i *v1alpha1.AppInstallation) bool {
		if municipality, place, _ := installation.PlaceOf(i); in(municipality) {
			m.touch(municipality).places[place] = true
		}
		return true
	})
}

// rollout touches what a Rollout may take back no longer, or again: where a wave of it is done, for all, and else for
// those of whom it remembers another thing than before. Either state may be nil.
func (m returning) rollout(was, is *v1alpha1.Rollout) {
	one := cmp.Or(is, was)
	if one == nil || len(m.related[one.Spec.App]) == 0 {
		return
	}
	if was == nil || is == nil || doneBy(was) != doneBy(is) {
		m.moved(keyOf(one), func(string) bool { return true })
		return
	}
	if equality.Semantic.DeepEqual(was.Status.Memory, is.Status.Memory) {
		return
	}
	before, after := remembered(was), remembered(is)
	m.moved(keyOf(one), func(name string) bool { return !equality.Semantic.DeepEqual(before[name], after[name]) })
}

// doneBy is what a Rollout says of waves that are done, of who stands in, and of its end.
func doneBy(r *v1alpha1.Rollout) string {
	text := fmt.Sprint(planner.Ended(r), r.Status.CompletedAt)
	for i := range r.Status.Waves {
		w := &r.Status.Waves[i]
		text = pair(text, fmt.Sprint(w.Name, w.CompletedAt, w.StandIn))
	}
	for _, m := range r.Status.Memory {
		if m.Reason == v1alpha1.MemoryWaveDone {
			text = pair(text, fmt.Sprint(m.Name, m.Since))
		}
	}
	return text
}

// remembered is what a Rollout remembers of each member.
func remembered(r *v1alpha1.Rollout) map[string][]v1alpha1.MemberMemory {
	all := make(map[string][]v1alpha1.MemberMemory, len(r.Status.Memory))
	for _, m := range r.Status.Memory {
		all[m.Name] = append(all[m.Name], m)
	}
	return all
}
