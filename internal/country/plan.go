package country

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// Plan is what one group does next.
type Plan struct {
	// Introductions of the group, sorted by app and channel.
	Introductions []Introduction
	// Again is when time alone may change the plan; zero if never.
	Again time.Time
}

// Introduction is one app that the group introduces, or introduced.
type Introduction struct {
	Group  resolution.Group
	App    string
	Course rollout.Course
	// Stale are records that need not be kept any longer.
	Stale []*v1alpha1.Rollout
	// Input and Step are those of Course.Current; zero where there is none.
	Input rollout.Input
	Step  rollout.Step
}

// Plan works out what a group does next: a network by its name, or Direct.
func (c *Country) Plan(group string) Plan {
	counted := c.counted(group)
	strategy, fault := c.strategy(group)
	var out Plan
	var running []rollout.Introduction
	var at []int
	for _, s := range c.subjects(group, counted) {
		key := subjectKey{s.group, s.app}
		intro := c.course(s, strategy)
		if r := intro.Course.Current; r != nil {
			intro.Input = c.input(s, r, counted[key], strategy, fault)
			running = append(running, rollout.Introduction{Input: intro.Input, Priority: s.priority})
			at = append(at, len(out.Introductions))
		}
		if intro.Course.Create != nil && len(counted[key]) == 0 {
			intro.Course.Create = nil // it begins when there is a member
		}
		out.Introductions = append(out.Introductions, intro)
	}
	for i, step := range rollout.PlanAll(running, strategy.MaxIntroductions) {
		out.Introductions[at[i]].Step = step
		out.wake(step.Again)
	}
	c.wake(group, &out)
	return out
}

// course says which Rollouts to end, make or go on with.
func (c *Country) course(s subject, strategy rollout.Strategy) Introduction {
	app := c.Seen.Apps[s.app]
	records := c.records(subjectKey{s.group, s.app})
	_, gone := releases(app)
	wanted, _ := release(app, s.app, s.channel)
	stale := rollout.Stale(records, strategy)
	for _, r := range records {
		if !s.asked && r.Status.StartedAt == nil && !slices.Contains(stale, r) &&
			!strategy.Names(r.Spec) { //guard:named-records-are-kept
			stale = append(stale, r) // it brought nothing to anybody, and nobody asks for it
		}
	}
	return Introduction{
		Group: s.group, App: s.app,
		Course: rollout.Choose(records, rollout.Wish{
			Network: s.group.Network, Channel: s.group.Channel, App: s.app,
			Release: wanted, Asked: s.asked, Withdrawn: gone, Retries: strategy.Retries, Moved: c.attempts(s, wanted),
		}),
		Stale: stale,
	}
}

func (c *Country) input(s subject, r *v1alpha1.Rollout, present []rollout.Member, strategy rollout.Strategy, fault string) rollout.Input {
	app := c.Seen.Apps[s.app]
	usable, _ := releases(app)
	return rollout.Input{
		Rollout: r, Group: groupText(s.group), Strategy: strategy, Emergency: securityFix(app, r.Spec.Version),
		Members: present, Left: c.left(r, present), Usable: usable,
		Gates: c.gates(s, r, fault), Watching: c.Seen.Watching, Now: c.Now,
	}
}

// groupText is a group in words for people.
func groupText(g resolution.Group) string {
	if g.Network != "" {
		return "Network " + g.Network
	}
	return "the platform (direct adopters of channel " + g.Channel + ")"
}

// gates are what the world around a rollout says.
func (c *Country) gates(s subject, r *v1alpha1.Rollout, fault string) rollout.Gates {
	app, n := c.Seen.Apps[s.app], c.network(s.group.Network)
	g := rollout.Gates{Fault: fault}
	if ptr.Deref(c.Seen.Platform.Freeze, false) {
		g.Frozen = "the platform is frozen (spec.freeze of Platform default)"
	}
	suspended := func(is *bool, what string) {
		if ptr.Deref(is, false) {
			g.Suspended = cmp.Or(g.Suspended, what+" is suspended (spec.suspend)")
		}
	}
	paused := func(is *bool, what string) {
		if ptr.Deref(is, false) {
			g.Paused = cmp.Or(g.Paused, what+" is paused (spec.pause)")
		}
	}
	suspended(c.Seen.Platform.Suspend, "Platform default")
	if n != nil {
		suspended(n.Spec.Suspend, "Network "+n.Name)
		paused(n.Spec.Pause, "Network "+n.Name)
	}
	if app != nil {
		suspended(app.Spec.Suspend, "SharedApp "+app.Name)
		paused(app.Spec.Pause, "SharedApp "+app.Name)
		target := v1alpha1.Release{Version: r.Spec.Version, Digest: r.Spec.Digest}
		g.Pilots = rollout.PilotsWait(app, s.group.Network, target, c.Seen.Rollouts)
	}
	if _, why := release(app, s.app, s.channel); why != "" {
		g.Unavailable = why
	}
	return g
}

func (p *Plan) wake(at time.Time) {
	if !at.IsZero() && (p.Again.IsZero() || at.Before(p.Again)) {
		p.Again = at
	}
}

// wake notes when time alone changes who the members are, or what they decided.
func (c *Country) wake(group string, out *Plan) {
	out.wake(c.Networks.NextChange())
	for _, m := range c.municipalities {
		for _, v := range c.verdicts[m.Name] {
			if groupName(v.Group) == group {
				out.wake(v.Until)
			}
		}
	}
}
