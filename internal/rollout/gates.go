package rollout

import (
	"fmt"
	"time"
)

// Gates are what the world around a rollout says. Each is empty where it is open; else it
// says, in words for people, what is waited for.
type Gates struct {
	// Frozen stops every step and touches nothing that runs: the platform is frozen.
	Frozen string
	// Suspended stops every step: the network or the app is suspended.
	Suspended string
	// Paused starts no new step: the network or the app is paused.
	Paused string
	// Fault is something in the network's strategy that a person must mend before a new step.
	Fault string
	// Unavailable says why the version can't be had now.
	Unavailable string
	// Pilots says which pilot network has not completed the version; it matters until the
	// first member is moved.
	Pilots string
	// Queued says that the network carries as many introductions as it may; it matters until
	// the first member is moved.
	Queued string
}

// gate is what keeps steps from being made, until when and, where a person can open it, how.
type gate struct {
	waitsFor string
	how      string
	until    time.Time
}

func (g gate) closed() bool { return g.waitsFor != "" }

// said is what is waited for and, if a person can end that, how.
func (g gate) said() string {
	if g.how == "" {
		return g.waitsFor
	}
	return g.waitsFor + ": " + g.how
}

// everyStep is the gate of whatever would be written, the return of failed members included.
func (p *planner) everyStep() gate {
	for _, reason := range []string{
		p.in.Gates.Frozen,    //guard:platform-freeze
		p.in.Gates.Suspended, //guard:suspended-group
	} {
		if reason != "" {
			return gate{waitsFor: reason}
		}
	}
	return gate{}
}

// newStep is the gate of whatever brings a version to anybody, be it the next stage of a
// member on its way.
func (p *planner) newStep() gate {
	if g := p.everyStep(); g.closed() {
		return g
	}
	for _, reason := range []string{
		p.in.Gates.Paused, //guard:pause
		p.in.Gates.Fault,
	} {
		if reason != "" {
			return gate{waitsFor: reason}
		}
	}
	if days := p.strategy.Calendar.Open(p.in.Now); !days.Open { //guard:windows-of-the-group
		return gate{waitsFor: p.in.Group + ": " + days.Reason, until: days.Until}
	}
	return gate{}
}

// nextStage is the gate of a further stage of a member on its way to the target.
func (p *planner) nextStage() gate {
	if p.halted() { //guard:halted-moves-nobody
		return gate{waitsFor: "halted"}
	}
	if g := p.newStep(); g.closed() {
		return g
	}
	return gate{waitsFor: p.in.Gates.Unavailable} //guard:version-available -> gate{}
}

// begin is the gate of a member that was not moved yet.
func (p *planner) begin() gate {
	if g := p.nextStage(); g.closed() {
		return g
	}
	if p.begun() {
		return gate{}
	}
	announced := p.in.Rollout.CreationTimestamp.Add(p.strategy.Announcement)
	if p.in.Now.Before(announced) { //guard:announcement
		return gate{waitsFor: fmt.Sprintf("announced: the first wave begins at %s at the earliest", stampOf(announced)), until: announced}
	}
	for _, reason := range []string{
		p.in.Gates.Pilots, //guard:pilot-networks-first
		p.in.Gates.Queued, //guard:introductions-queue
	} {
		if reason != "" {
			return gate{waitsFor: reason}
		}
	}
	return gate{}
}

// wave is the gate of the members of one wave.
func (p *planner) wave(i int) gate {
	w := &p.strategy.Waves[i]
	for before := range i {
		if !p.tallies[before].done { //guard:waves-in-order
			return gate{waitsFor: "wave " + p.strategy.Waves[before].Name}
		}
	}
	if !w.RequireApproval { //guard:approval -> true
		return gate{}
	}
	approved, near := p.strategy.approved(p.in.Rollout.Spec, w.Name)
	if approved {
		return gate{}
	}
	spec := p.in.Rollout.Spec
	how := fmt.Sprintf("add {app: %s, digest: %q, wave: %s, attempt: %d} to %s", spec.App, spec.Digest, w.Name, spec.Attempt, p.in.approvalsField())
	if near != "" {
		how += " (" + near + ")"
	}
	return gate{waitsFor: "approval of wave " + w.Name, how: how}
}

// approvalsField names the field that approvals of the group go to.
func (in *Input) approvalsField() string {
	if in.Rollout.Spec.Network == "" {
		return "spec.rollout.approvals of Platform default"
	}
	return "spec.rollout.approvals of Network " + in.Rollout.Spec.Network
}
