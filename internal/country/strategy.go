package country

import (
	"fmt"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// strategy of a group, compiled, and what a person has to fix in it.
type strategy struct {
	planner.Strategy

	fault string
}

// Strategy of a group's rollouts: a network's own, else the Platform's.
func (c *Country) Strategy(group string) planner.Strategy { return c.strategyOf(group).Strategy }

// strategyOf is that of a network, or of Direct, also for networks that are gone.
func (c *Country) strategyOf(group string) strategy {
	if s, found := c.strategies[group]; found {
		return s
	}
	return c.strategies[Direct]
}

// compileStrategy reads the strategy of a network, or of those who take apps directly, whose
// network is nil.
func compileStrategy(general *v1alpha1.RolloutStrategy, n *v1alpha1.Network) strategy {
	spec := ptr.Deref(general, v1alpha1.RolloutStrategy{})
	if n != nil {
		spec = planner.Inherit(general, n.Spec.Rollout)
	}

	compiled, faults := planner.Compile(&spec)
	texts := make([]string, 0, len(faults))
	for _, f := range faults {
		texts = append(texts, fmt.Sprintf("spec.rollout.%s of %s: %s", f.Field, owner(n, f.Field), f.Message))
	}
	if len(texts) == 0 {
		return strategy{Strategy: compiled}
	}
	return strategy{compiled, "the strategy to be fixed: " + strings.Join(texts, "; ")}
}

// owner is who says a field of a strategy, and so who fixes it: the network itself where it
// says the list that the field is in, else the platform.
func owner(n *v1alpha1.Network, field string) string {
	if n != nil && planner.Says(n.Spec.Rollout, field) {
		return "Network " + n.Name
	}
	return "Platform " + v1alpha1.PlatformName
}
