package planner

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// wording puts into sentences what the reporter has found.
type wording struct{ *reporter }

// next says what happens next, and when, where the clock alone decides that.
func (r wording) next(status *v1alpha1.RolloutStatus) (string, time.Time) {
	all := r.total()
	switch status.Phase {
	case v1alpha1.RolloutHalted:
		return r.haltedText(), time.Time{}
	case v1alpha1.RolloutCompleted:
		return completedText(status, &all) + r.afterwards(&all), time.Time{}
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutSuperseded, v1alpha1.RolloutWithdrawn:
	}
	gate := r.keptBack(&all)
	if all.failed > 0 && all.moving == 0 && !gate.closed() && r.waitedFor().How == "" {
		if s := r.unreturned(); s != nil {
			return r.running(r.strategy.Waves[s.wave].Name, &r.waves[s.wave])
		}
	}
	if gate = firstClosed(gate, r.waitedFor()); gate.closed() {
		return "waits: " + gate.WaitsFor, gate.Until
	}
	if text := r.leaving(); text != "" {
		return text, r.again
	}
	return r.underWay(status, &all)
}

// SecurityFix says what a security fix is, behind "it is".
const SecurityFix = "a security fix: neither announcement nor soak delays it, and it does not queue"

// StandsIn says in whose place a member goes first, who is not named for the wave; empty where there is no
// such member, and where the wave names nobody.
func (w *Wave) StandsIn(member string) string {
	picks := w.Picks()
	if member == "" || picks == "" {
		return ""
	}
	return fmt.Sprintf("%s goes first in place of %s", member, picks)
}

// remarks are what somebody should know who decides on the rollout, each after a semicolon.
func (c *count) remarks() string {
	text := ""
	if c.in.SecurityFix {
		text += "; it is " + SecurityFix
	}
	if instead := c.strategy.Waves[0].StandsIn(c.standIn); instead != "" {
		text += "; " + instead
	}
	if proof := c.in.Gates.PilotsProof; proof != "" {
		text += "; " + proof
	}
	return text
}

// underWay says how far the waves are that go on.
func (r wording) underWay(status *v1alpha1.RolloutStatus, all *tally) (string, time.Time) {
	for i := range r.waves {
		if t := &r.waves[i]; !t.done && t.waiting+t.moving+t.away > 0 {
			return r.running(r.strategy.Waves[i].Name, t)
		}
	}
	if all.moving > 0 || all.waiting > 0 { // somebody who joined a wave that was done
		return r.running(status.Wave, all)
	}
	if all.verified == 0 {
		return fmt.Sprintf("waits for a member that takes part: %d of %d are excused", all.excused, all.members), r.again
	}
	return fmt.Sprintf("%d/%d verified", all.verified, all.takePart()) + inWords(number{all.failed, "failed"}, number{all.excused, "excused"}), r.again
}

// keptBack is the gate before which everybody waits; an open one where there is none.
func (r wording) keptBack(all *tally) Gate {
	if g := r.newStep(); g.closed() {
		if approval := r.waitedFor(); approval.How != "" && g == r.windows() {
			return approval // what a person can do is said before what time does
		}
		return g
	}
	if g := r.begin(); g.closed() && all.waiting+all.away > 0 && all.moving == 0 { // who is away waits for it as well
		return g
	}
	return Gate{}
}

// waitedFor is the gate before which the next waves wait, where nobody is on the way before it. It
// may be that of a wave that nobody is in.
func (r wording) waitedFor() Gate {
	for i := range r.waves {
		t := &r.waves[i]
		g := r.wave(i)
		switch {
		case t.moving > 0 || t.leaving > 0:
			return Gate{}
		case g.closed() && (t.waiting > 0 || (!t.done && t.away > 0)):
			return g
		case !t.done && (t.waiting > 0 || t.away > 0):
			return Gate{}
		}
	}
	return Gate{}
}

// leaving says who left on the way, as long as nobody goes first in its place.
func (r wording) leaving() string {
	for i := range r.left {
		if s := &r.left[i]; s.state == moving && r.waves[s.wave].tried == 0 && r.waves[s.wave].moving == 0 {
			return fmt.Sprintf("waits for what becomes of %s at %s, which left on its way, before another goes first", r.target.Version, s.member.Name)
		}
	}
	return ""
}

// afterwards says what keeps those back who are still to come when a rollout is completed.
func (r wording) afterwards(all *tally) string {
	switch g := r.begin(); {
	case r.halted() && all.away > 0:
		return "; nobody else is moved, as it is " + r.haltedText()
	case g.closed() && all.away > 0:
		return "; who is to come waits: " + g.WaitsFor
	}
	return ""
}

func (r wording) running(wave string, t *tally) (string, time.Time) {
	text := fmt.Sprintf("wave %s: %d/%d verified", wave, t.verified, t.takePart()) +
		inWords(number{t.moving, "on the way"}, number{t.waiting, "waiting"}, number{t.away, "away"}, number{t.failed, "failed"})
	first := r.soonest()
	if t.moving == 0 {
		first = cmp.Or(r.unreturned(), first)
	}
	if first != nil {
		return text + "; " + first.member.Name + ": " + r.message(first), first.until
	}
	return text, r.again
}

// unreturned is the first member that failed and can't go back yet; nil where there is none.
func (r wording) unreturned() *standing {
	for i := range r.members {
		if s := &r.members[i]; r.returnsLater(s) != "" {
			return s
		}
	}
	return nil
}

// soonest is the member on its way that the clock changes first.
func (c *count) soonest() *standing {
	var first *standing
	for i := range c.members {
		s := &c.members[i]
		if (s.state == moving && s.reason != v1alpha1.ReasonNextStage) || s.state == away {
			if first == nil || (!s.until.IsZero() && (first.until.IsZero() || s.until.Before(first.until))) {
				first = s
			}
		}
	}
	return first
}

// haltedText says where a rollout was halted, and by whom.
func (r wording) haltedText() string {
	for i := range r.waves {
		if t := &r.waves[i]; t.halted {
			text := fmt.Sprintf("halted: in wave %s %d of %d members failed, and %d may", r.strategy.Waves[i].Name, t.failed, t.takePart(), t.budget)
			if notes := r.failures(); len(notes) > 0 {
				text += "; first " + notes[0].Name
			}
			return text
		}
	}
	return ""
}

// details are what a person may want to know, and do, besides status.next.
func (r wording) details(status *v1alpha1.RolloutStatus) string {
	switch status.Phase {
	case v1alpha1.RolloutHalted:
		text := ""
		if notes := r.failures(); len(notes) > 0 {
			text = notes[0].Name + ": " + notes[0].Message + "; "
		}
		return text + "promote another version, or fix the cause and " + r.howToRetry()
	case v1alpha1.RolloutCompleted:
		return ""
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutSuperseded, v1alpha1.RolloutWithdrawn:
	}
	if g := r.begin(); g.closed() {
		return g.How
	}
	return r.waitedFor().How
}

// howToRetry says what to write for one more attempt. A group has one entry for an app and a
// digest, which may ask for an attempt that was made, or that does not come next.
func (r wording) howToRetry() string {
	spec := r.in.Rollout.Spec
	for i, retry := range r.strategy.Retries {
		if retry.App == spec.App && retry.Digest == spec.Digest && retry.Channel == spec.Channel {
			return fmt.Sprintf("set attempt, which is %d, to %d in %s", retry.Attempt, spec.Attempt+1,
				strings.Replace(r.in.field("retries"), "retries", fmt.Sprintf("retries[%d]", i), 1))
		}
	}
	return fmt.Sprintf("add %s to %s", r.in.entry(fmt.Sprintf("attempt: %d", spec.Attempt+1)), r.in.field("retries"))
}

func completedText(status *v1alpha1.RolloutStatus, all *tally) string {
	return fmt.Sprintf("completed: %s verified", status.Progress) +
		inWords(number{all.away, "to come"}, number{all.failed, "failed"}, number{all.excused, "excused"})
}

// number of members, and what they are.
type number struct {
	of  int
	are string
}

// inWords lists the numbers that are not zero, each after a comma.
func inWords(all ...number) string {
	text := ""
	for _, n := range all {
		if n.of > 0 {
			text += fmt.Sprintf(", %d %s", n.of, n.are)
		}
	}
	return text
}

// message says in words how a member is doing.
func (c *count) message(s *standing) string {
	switch {
	case s.failing && s.unrecorded:
		return c.failure(s) + c.returnsLater(s)
	case s.message != "":
		return s.message + c.returnsLater(s)
	}

	switch s.reason {
	case v1alpha1.ReasonSuspended:
		return "the Municipality is " + s.member.held()
	case v1alpha1.ReasonPaused:
		return "the Municipality is paused (spec.pause)"
	case v1alpha1.ReasonWindow:
		return "Municipality " + s.member.Name + ": " + s.member.Calendar.Why(c.in.Now)
	case v1alpha1.MemoryTakenOut:
		return "was not verified in an environment that was taken out of the spec, or follows the group no longer"
	case v1alpha1.MemoryFailed:
		return "failed before, and its installation is gone since"
	case v1alpha1.ReasonSoaking:
		return fmt.Sprintf("%s is healthy, and soaks until %s", s.place.Environment, stampOf(s.deadline))
	case v1alpha1.ReasonInstalling:
		return s.place.Environment + ": not observed yet"
	}
	return s.observed()
}

// held says in words how a municipality is suspended.
func (m *Member) held() string {
	if m.Frozen {
		return v1alpha1.SuspensionFreeze.Said()
	}
	return v1alpha1.SuspensionOperator.Said()
}

// observed says what was observed at the place that the standing is about; empty where nothing was.
func (s *standing) observed() string {
	if s.place == nil || s.place.Installed == nil || s.place.Installed.Message == "" {
		return ""
	}
	return s.place.Environment + ": " + s.place.Installed.Message
}

// failure says in words why a member failed.
func (c *count) failure(s *standing) string {
	switch {
	case s.place == nil:
		return "it " + c.message(s)
	case !s.unrecorded:
		return s.place.Environment + " failed before"
	case s.place.Leaving:
		return fmt.Sprintf("%s was not verified in %s, which was taken out of the spec", c.target.Version, s.place.Environment)
	}
	said := cmp.Or(s.place.Installed.Message, "not observed yet")
	if s.flaky {
		return fmt.Sprintf("%s comes and goes: it was not healthy for %s on end since %s: %s",
			s.place.Environment, c.strategy.Waves[s.wave].Soak, stampOf(c.movedAt(s.place)), said)
	}
	return fmt.Sprintf("%s was not healthy by %s: %s", s.place.Environment, stampOf(s.deadline), said)
}

// isToReturn says whether a member failed, and has yet to go back where it did.
func (s *standing) isToReturn(from v1alpha1.Release) bool {
	return s.state == failed && s.failing && s.place != nil && !s.place.TakenOut && s.place.at(from) && s.reason != string(v1alpha1.OutcomeStuck)
}

// returnsLater says why a failed member has not returned yet; empty where it has, or does now.
func (c *count) returnsLater(s *standing) string {
	if !s.isToReturn(c.target) {
		return ""
	}
	if s.place.refused() {
		return "; it returns when this can be written: " + s.place.Excuse.Message
	}
	if gate := c.everyStep(); gate.closed() {
		return "; it returns when this ends: " + gate.WaitsFor
	}
	if s.member.Suspended {
		return "; it returns when this ends: the Municipality is " + s.member.held()
	}
	if last := s.place.Installed.LastVerified; last != nil && *last != c.target && c.in.availability(*last) == Unavailable {
		return fmt.Sprintf("; it returns to %s when that is available again", last.Version)
	}
	return ""
}

func stampOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }
