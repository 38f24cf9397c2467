package overview

import (
	"sync"
	"time"

	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// plans remembers the last plan of each group, to ask it what places wait for. A group is planned
// again when somebody who asks has changed since, or a rollout has reached another wave: so however
// many members change, it is planned once in a pause. The zero value is ready.
type plans struct {
	mu   sync.Mutex
	last map[string]planned
}

// planned is a plan, with the revision of the country and the time that it was made at.
type planned struct {
	plan     country.GroupPlan
	revision uint64
	at       time.Time
}

// waits are what the places of a municipality wait for.
func (p *plans) waits(c *country.Country, t *country.Tenant) map[resolution.Place]planner.Wait {
	all := c.Own(t).Waits
	for _, row := range t.Rows {
		v := row.Verdict
		if !row.Status.Waits || v.ByItself() {
			continue
		}
		plan := p.of(c, t, v)
		for i := range plan.Introductions {
			if intro := &plan.Introductions[i]; intro.Group == v.Group && intro.App == v.App {
				all[v.Place] = intro.WaitsFor(t.Name, v.Environment)
			}
		}
	}
	return all
}

// of is the plan of the group that brings a place its version.
func (p *plans) of(c *country.Country, t *country.Tenant, v resolution.Verdict) country.GroupPlan {
	since := t.Revision
	if s := c.Subject(v.Group, v.App); s != nil {
		since = max(since, s.Turned)
	}
	group := v.Group.Network
	if group == "" {
		group = country.Direct
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.last[group]
	if known.revision >= since && !known.over(c.Now) {
		return known.plan
	}
	known = planned{plan: c.Replan(group, known.plan), revision: c.Revision, at: c.Now}
	if p.last == nil {
		p.last = map[string]planned{}
	}
	p.last[group] = known
	return known.plan
}

// over says whether time alone may have changed a plan, or somebody set the clock back.
func (p *planned) over(now time.Time) bool {
	again := p.plan.Again
	return (!again.IsZero() && !now.Before(again)) || now.Add(pause).Before(p.at)
}
