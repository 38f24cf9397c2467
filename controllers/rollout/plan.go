package rollout

import (
	"sync"

	"github.com/allmenning/allmenning/internal/country"
)

// plans remembers the last plan of each group: of the next, only what changed is worked out. The
// zero value is ready.
type plans struct {
	mu   sync.Mutex
	last map[string]country.GroupPlan
}

// next is what a group does next, as package country works it out.
func (p *plans) next(all *country.Country, group string) country.GroupPlan {
	plan := all.Replan(group, p.of(group))
	p.keep(group, plan)
	return plan
}

func (p *plans) of(group string) country.GroupPlan {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last[group]
}

func (p *plans) keep(group string, plan country.GroupPlan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[string]country.GroupPlan{}
	}
	p.last[group] = plan
	if len(plan.Introductions) == 0 {
		delete(p.last, group)
	}
}
