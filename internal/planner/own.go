package planner

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// OwnInput is one app of a municipality that decides by itself, such as by a pin or by hold.version, or
// that is asked for by nobody any longer. Its moves go as a rollout's do: stage by stage, within the
// municipality's own calendar, and back if they fail. What is to be remembered of them is on the
// installations, so there is no Rollout.
type OwnInput struct {
	Municipality string
	App          string
	// Suspended, Frozen, Paused and Calendar are the municipality's; see Member.
	Suspended, Frozen, Paused bool
	Calendar                  *calendar.Calendar
	// Soak is how long a stage is healthy before the next begins, and ProgressDeadline how long a
	// move may take.
	Soak, ProgressDeadline time.Duration
	// Places that the municipality decides on, in any order.
	Places []OwnPlace
	// Releases of the app, as for a rollout.
	Releases map[v1alpha1.Release]Availability
	// Gates of which Frozen, Suspended and Paused matter.
	Gates   Gates
	Outages Outages
	Now     time.Time
}

// OwnPlace is one environment of a municipality that decides by itself.
type OwnPlace struct {
	MemberPlace
	// Target is what the municipality asks for. Where nobody asks for the app any longer it is what
	// is installed: a move that a rollout began there is followed to its end.
	Target v1alpha1.Release
	// Immediate moves the place at once, whatever the calendar and the other stages say, and leaves
	// it there if it fails.
	Immediate bool
	// SecurityFix says that the target is one: it does not soak.
	SecurityFix bool
}

// OwnStep is what to do now with the places of a municipality that decides by itself.
type OwnStep struct {
	// Moves of the places; their stamps name no Rollout, or that of the group that the municipality
	// left on the way.
	Moves []Move
	// Waits are what places wait for, by environment; those that wait for nothing are not in it.
	Waits map[string]Wait
	// Unverified are environments that were taken out, and in which the version was not verified.
	Unverified []string
	// Again is when time alone may change this; zero if never.
	Again time.Time
}

// PlanOwn works out the next step of a municipality's own moves of one app.
func PlanOwn(own OwnInput) OwnStep {
	step := OwnStep{Waits: map[string]Wait{}}
	for _, target := range own.targets() {
		plan := NewPlanned(own.input(target))
		step.Again = calendar.Earliest(step.Again, plan.Step.Again)
		step.Moves = append(step.Moves, plan.Step.Moves...)
		for i := range own.Places {
			place := &own.Places[i]
			if place.Target != target || place.Immediate || isOver(plan.count, &place.MemberPlace) {
				continue
			}
			if place.TakenOut {
				step.Unverified = append(step.Unverified, place.Environment)
				continue
			}
			if wait := plan.WaitsFor(own.Municipality, place.Environment); wait != (Wait{}) {
				step.Waits[place.Environment] = wait
			}
		}
	}

	step.Moves = append(step.Moves, own.atOnce()...)
	return step
}

// isOver says whether nothing is to be done at a place of a municipality's own moves: it has the
// release, which is verified, or was there before.
func isOver(c *count, place *MemberPlace) bool {
	return place.at(c.target) && c.past("", place, &c.strategy.Waves[0])
}

// targets are the releases that are asked for in stages, each once, in the order of the places.
func (o *OwnInput) targets() []v1alpha1.Release {
	var all []v1alpha1.Release
	seen := map[v1alpha1.Release]bool{}
	for i := range o.Places {
		if p := &o.Places[i]; !p.Immediate && !seen[p.Target] {
			seen[p.Target] = true
			all = append(all, p.Target)
		}
	}
	return all
}

// input is a rollout of one member, and without a record. A place that the municipality wants at
// another release takes no part in it.
func (o *OwnInput) input(target v1alpha1.Release) Input {
	m := Member{Name: o.Municipality, Suspended: o.Suspended, Frozen: o.Frozen, Paused: o.Paused, Calendar: o.Calendar}
	fix := false
	for i := range o.Places {
		if p := &o.Places[i]; p.Target == target && !p.Immediate {
			m.Places = append(m.Places, p.MemberPlace)
			fix = fix || p.SecurityFix
		}
	}
	wave := compileWave(v1alpha1.Wave{})
	wave.Soak, wave.ProgressDeadline = o.Soak, o.ProgressDeadline
	in := Input{
		Rollout:  &v1alpha1.Rollout{Spec: v1alpha1.RolloutSpec{App: o.App, Version: target.Version, Digest: target.Digest}},
		Group:    "Municipality " + o.Municipality,
		Strategy: Strategy{Waves: []Wave{wave}, MaxIntroductions: 1},
		Members:  []Member{m}, Releases: o.Releases, Outages: o.Outages, Now: o.Now, own: true, SecurityFix: fix,
		Gates: Gates{Frozen: o.Gates.Frozen, Suspended: o.Gates.Suspended, Paused: o.Gates.Paused},
	}
	if in.availability(target) != Available {
		in.Gates.Unavailable = "version " + target.Version + " to be available"
	}
	return in
}

// atOnce are the moves that the municipality wants at once.
func (o *OwnInput) atOnce() []Move {
	var all []Move
	if o.Suspended || o.Paused || firstClosed(Gate{WaitsFor: o.Gates.Frozen}, Gate{WaitsFor: o.Gates.Suspended}, Gate{WaitsFor: o.Gates.Paused}).closed() {
		return nil
	}
	for i := range o.Places {
		p := &o.Places[i]
		in := Input{Releases: o.Releases}
		if !p.Immediate || p.Excuse.Reason != "" || p.at(p.Target) || in.availability(p.Target) != Available {
			continue
		}
		verified, by := LastVerified(p.Installed, o.Soak, nil, o.Now)
		all = append(all, Move{
			Municipality: o.Municipality, Environment: p.Environment, Kind: Advance, To: p.Target,
			Stamp: Stamp{Target: p.Target, MovedAt: metav1.NewTime(o.Now).Rfc3339Copy(), Verified: verified, VerifiedBy: by},
		})
	}
	return all
}
