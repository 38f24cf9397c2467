package country

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// GroupPlan is what one group does next.
type GroupPlan struct {
	// Introductions of the group, sorted by app and channel.
	Introductions []Introduction
	// Again is when time alone may change the plan, while verdicts stay as they are until
	// Country.Next; zero if never.
	Again time.Time
}

// Introduction is one app that the group introduces, or introduced.
type Introduction struct {
	Group  resolution.Group
	App    string
	Course planner.Course
	// Stale are records that need not be kept any longer.
	Stale []*v1alpha1.Rollout
	// Input and Step are those of Course.Current; zero where there is none.
	Input planner.Input
	Step  planner.Step

	planned *planner.Planned
	// revision of the subject, and the moment, that it was planned for.
	revision uint64
	at       time.Time
}

// WaitsFor says what an environment of a municipality waits for; zero where that is nothing, and
// where it is not the introduction's to move.
func (i *Introduction) WaitsFor(municipality, environment string) planner.Wait {
	if spec := i.Course.Create; spec != nil {
		return planner.Wait{Reason: v1alpha1.ReasonWaiting, Message: fmt.Sprintf("a Rollout of %s to %s is about to be made", spec.Version, i.Group)}
	}
	if i.planned == nil {
		return planner.Wait{}
	}
	return i.planned.WaitsFor(municipality, environment)
}

// Plan works out what a group does next: a network by its name, or Direct.
func (c *Country) Plan(group string) GroupPlan { return c.Replan(group, GroupPlan{}) }

// Replan is the same as Plan. It takes over from a plan that was made before what nothing has
// changed since, neither the country nor time.
func (c *Country) Replan(group string, before GroupPlan) GroupPlan {
	if before.isCurrent(c, group) {
		return before
	}

	strategy := c.strategyOf(group)
	var out GroupPlan
	var running []planner.QueueEntry
	var at []int
	for s := range c.subjectsOf(group) {
		if !s.asks() {
			continue
		}
		intro := planning{c}.introduction(s, strategy, before)
		if intro.Course.Current != nil {
			running = append(running, planner.QueueEntry{Input: intro.Input, Priority: s.Priority, Planned: intro.planned})
			at = append(at, len(out.Introductions))
		}
		out.Introductions = append(out.Introductions, intro)
	}

	for i, planned := range planner.PlanAll(running, strategy.MaxIntroductions) {
		intro := &out.Introductions[at[i]]
		intro.Step, intro.planned = planned.Step, planned
		out.Again = calendar.Earliest(out.Again, planned.Step.Again)
	}
	return out
}

// isCurrent says whether what was planned for a group still is the plan of all that it introduces.
func (p GroupPlan) isCurrent(c *Country, group string) bool {
	rest := p.Introductions
	for s := range c.subjectsOf(group) {
		if !s.asks() {
			continue
		}
		if len(rest) == 0 || rest[0].Group != s.Group || rest[0].App != s.App || !rest[0].isCurrent(s.Revision, c.Now) {
			return false
		}
		rest = rest[1:]
	}
	return len(rest) == 0
}

// planner works out introductions from the country.
type planning struct{ *Country }

// introduction of a subject, which is planned yet unless it was before.
func (p planning) introduction(s *Subject, strategy strategy, before GroupPlan) Introduction {
	for i := range before.Introductions {
		if known := &before.Introductions[i]; known.Group == s.Group && known.App == s.App && known.isCurrent(s.Revision, p.Now) {
			again := *known
			if again.Course.Current != nil {
				again.Input.Now = p.Now
			}
			return again
		}
	}

	intro := p.course(s, strategy)
	intro.revision, intro.at = s.Revision, p.Now
	if r := intro.Course.Current; r != nil {
		intro.Input = p.input(s, r, strategy)
	}
	return intro
}

// isCurrent says whether what was planned still is the plan. A step that moves anybody is worked
// out again, as a move records when it was made.
func (i *Introduction) isCurrent(revision uint64, now time.Time) bool {
	again := i.Step.Again
	return i.revision == revision && !now.Before(i.at) && len(i.Step.Moves) == 0 && (again.IsZero() || now.Before(again))
}

// course says which Rollouts to end, make or go on with.
func (p planning) course(s *Subject, strategy strategy) Introduction {
	wish := p.wish(s, strategy)
	wish.Moved, wish.Began = s.attempts(wish.Release), s.hasBegun
	course := planner.Choose(s.Records, wish)
	if s.members.Len() == 0 {
		course.Create = nil // it begins when there is a member
	}
	return Introduction{
		Group: s.Group, App: s.App, Course: course, Stale: planner.Stale(s.Records, strategy.Strategy, s.Asked, s.hasMoved),
	}
}

// wish is what a group wants of an app now. What the installations record it leaves out.
func (p planning) wish(s *Subject, strategy strategy) planner.Wish {
	app := p.Apps.Of(s.App)
	return planner.Wish{
		Network: s.Group.Network, Channel: s.Group.Channel, App: s.App,
		Release: offered(app, s.Channel), Asked: s.Asked, Withdrawn: withdrawnReleases(app), Retries: strategy.Retries,
	}
}

func (p planning) input(s *Subject, r *v1alpha1.Rollout, strategy strategy) planner.Input {
	app := p.Apps.Of(s.App)
	return planner.Input{
		Rollout: r, Group: groupText(s.Group), Strategy: strategy.Strategy, SecurityFix: app.IsSecurityFix(r.Spec.Version),
		Members: s.Members(), Left: s.left(r), Elsewhere: s.elsewhere(r), Releases: availability(app),
		Gates: p.gates(s, r, strategy.fault), Outages: p.outages, Now: p.Now,
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
func (p planning) gates(s *Subject, r *v1alpha1.Rollout, fault string) planner.Gates {
	app, n := p.Apps.Of(s.App), p.networks[s.Group.Network]
	g := p.brakes(app)
	g.Fault = fault
	if n != nil {
		brake(&g.Suspended, n.Spec.Suspend, "Network "+n.Name+" is suspended (spec.suspend)")
		brake(&g.Paused, n.Spec.Pause, "Network "+n.Name+" is paused (spec.pause)")
	}
	if app.Exists() {
		if !slices.Contains(app.Object.Spec.PilotNetworks, s.Group.Network) {
			target, pilots := v1alpha1.Release{Version: r.Spec.Version, Digest: r.Spec.Digest}, p.pilots(app.Object)
			g.Pilots, g.PilotsProof = planner.PilotsGate(app.Name, target, pilots), planner.PilotsProof(target, pilots)
		}
	}
	if _, fault := app.Release(s.Channel); fault != nil {
		g.Unavailable = fault.Message
	}
	return g
}

// brakes are what the nation has stopped, or paused, for everybody.
func (p planning) brakes(app *catalogue.App) planner.Gates {
	var g planner.Gates
	brake(&g.Frozen, p.Platform.Freeze, "the platform is frozen (spec.freeze of Platform default)")
	brake(&g.Suspended, p.Platform.Suspend, "Platform default is suspended (spec.suspend)")
	brake(&g.Paused, p.Platform.Pause, "Platform default is paused (spec.pause)")
	g.Suspended, g.Paused = cmp.Or(g.Suspended, app.Suspended()), cmp.Or(g.Paused, app.Paused())
	return g
}

// brake says what is stopped, where it is and nothing before it was.
func brake(gate *string, is *bool, what string) {
	if isTrue(is) {
		*gate = cmp.Or(*gate, what)
	}
}
