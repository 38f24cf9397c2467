package planner

import (
	"fmt"
	"time"
)

// Gates are what the world around a rollout says. Each is empty where it is open; else it
// says, in words for people, what is waited for.
type Gates struct {
	// Frozen stops every step and touches nothing that runs: the platform is frozen.
	Frozen string
	// Suspended stops every step: the network, the app or the platform is suspended.
	Suspended string
	// Paused starts no new step: the network, the app or the platform is paused.
	Paused string
	// Fault is something in the network's strategy that a person must fix before a new step.
	Fault string
	// Unavailable says why the version can't be had now.
	Unavailable string
	// Pilots is the gate of the pilot networks: see PilotsGate. It matters until the first member
	// is moved.
	Pilots Gate
	// PilotsProof says which pilot networks completed the release with few of their members: see
	// PilotsProof. It keeps nobody back.
	PilotsProof string
	// Queued says that the network carries as many introductions as it may; it matters until
	// the first member is moved.
	Queued string
}

// Gate is what keeps steps from being made; it is open where it says nothing.
type Gate struct {
	// WaitsFor is what is waited for, in words for people.
	WaitsFor string
	// How a person can open it; empty where nobody can.
	How string
	// Until is when it opens by itself; zero where time alone does not open it.
	Until time.Time
}

func (g Gate) closed() bool { return g.WaitsFor != "" }

// said is what is waited for and, if a person can end that, how.
func (g Gate) said() string {
	if g.How == "" {
		return g.WaitsFor
	}
	return g.WaitsFor + ": " + g.How
}

// firstClosed is the first gate that is closed; an open one where all are open.
func firstClosed(gates ...Gate) Gate {
	for _, g := range gates {
		if g.closed() {
			return g
		}
	}
	return Gate{}
}

// everyStep is the gate of whatever would be written, the return of failed members included.
func (r *rules) everyStep() Gate {
	return firstClosed(
		Gate{WaitsFor: r.in.Gates.Frozen},    //guard:platform-freeze
		Gate{WaitsFor: r.in.Gates.Suspended}, //guard:suspended-group
	)
}

// newStep is the gate of whatever brings a version to anybody, be it the next stage of a
// member on its way.
func (r *rules) newStep() Gate {
	return firstClosed(
		r.everyStep(),
		Gate{WaitsFor: r.in.Gates.Paused}, //guard:pause
		Gate{WaitsFor: r.in.Gates.Fault},
		r.windows(), //guard:windows-of-the-group
	)
}

// windows are the gate of the group's calendar. It says also until when it is open.
func (r *rules) windows() Gate {
	days := r.strategy.Calendar.Open(r.in.Now)
	if days.Open {
		return Gate{Until: days.Until}
	}
	return Gate{WaitsFor: r.in.Group + ": " + r.strategy.Calendar.Why(r.in.Now), Until: days.Until}
}

// nextStage is the gate of a further stage of a member on its way to the target.
func (c *count) nextStage() Gate {
	var halted Gate
	if c.halted() { //guard:halted-moves-nobody
		halted.WaitsFor = "halted"
	}
	return firstClosed(
		halted,
		c.newStep(),
		Gate{WaitsFor: c.in.Gates.Unavailable}, //guard:version-available
	)
}

// begin is the gate of a member that was not moved yet.
func (c *count) begin() Gate {
	if c.begun {
		return c.nextStage()
	}
	return firstClosed(
		c.nextStage(),
		c.announced(),                     //guard:announcement
		c.in.Gates.Pilots,                 //guard:pilot-networks-first
		Gate{WaitsFor: c.in.Gates.Queued}, //guard:introductions-queue
	)
}

// announced is the gate of the announcement.
func (r *rules) announced() Gate {
	at := r.in.Rollout.CreationTimestamp.Add(r.strategy.Announcement)
	if !r.in.Now.Before(at) {
		return Gate{}
	}
	return Gate{WaitsFor: fmt.Sprintf("announced: the first wave begins at %s at the earliest", stampOf(at)), Until: at}
}

// wave is the gate of the members of one wave: those before are done, and it is approved. A wave
// that waits only for its approval is named by that, also where nobody is in it. So is one whose members are waited
// for by the first wave.
func (c *count) wave(i int) Gate {
	var first Gate
	for before := range i {
		t := &c.waves[before]
		switch {
		case t.done: //guard:waves-in-order -> true
		case t.moving == 0 && t.approval.closed():
			return t.approval
		case before == 0 && c.wentOn:
			first.WaitsFor = "wave " + c.strategy.Waves[0].Name
		default:
			return Gate{WaitsFor: "wave " + c.strategy.Waves[before].Name}
		}
	}
	return firstClosed(c.waves[i].approval, first)
}

// approvals are what people say of the waves of a rollout.
type approvals struct{ *rules }

// wanting is the first wave that needs an approval which nobody gave, of one and those before that were not
// done without it; -1 where there is none.
func (r approvals) wanting(wave int) int {
	for i := range r.strategy.Waves[:wave+1] {
		if _, done := r.done[r.strategy.Waves[i].Name]; (!done || i == wave) && r.of(i).closed() {
			return i
		}
	}
	return -1
}

// of is the gate of a wave's own approval; open where it needs none, or has it.
func (r approvals) of(i int) Gate {
	w := &r.strategy.Waves[i]
	if !w.RequireApproval { //guard:approval -> true
		return Gate{}
	}
	approved, near := r.strategy.approved(r.in.Rollout.Spec, w.Name)
	if approved {
		return Gate{}
	}
	how := fmt.Sprintf("add %s to %s", r.in.entry(fmt.Sprintf("wave: %s, attempt: %d", w.Name, r.in.Rollout.Spec.Attempt)), r.in.field("approvals"))
	if near != "" {
		how += " (" + near + ")"
	}
	return Gate{WaitsFor: "approval of wave " + w.Name, How: how}
}

// entry is one of an approval, or of a retry, in the words of a manifest.
func (in *Input) entry(rest string) string {
	spec := in.Rollout.Spec
	channel := ""
	if spec.Network == "" {
		channel = fmt.Sprintf("channel: %s, ", spec.Channel)
	}
	return fmt.Sprintf("{app: %s, digest: %q, %s%s}", spec.App, spec.Digest, channel, rest)
}

// field names the field of the strategy that approvals, or retries, of the group go to.
func (in *Input) field(name string) string {
	if in.Rollout.Spec.Network == "" {
		return "spec.rollout." + name + " of Platform default"
	}
	return "spec.rollout." + name + " of Network " + in.Rollout.Spec.Network
}
