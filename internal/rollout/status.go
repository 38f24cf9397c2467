package rollout

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// status is what people see of the rollout once the step is made.
func (p *planner) status() v1alpha1.RolloutStatus {
	all, now := p.total(), metav1.NewTime(p.in.Now).Rfc3339Copy()
	known := p.in.Rollout.Status
	next := v1alpha1.RolloutStatus{
		ObservedGeneration: p.in.Rollout.Generation,
		Progress:           fmt.Sprintf("%d/%d", all.verified, all.members-all.excused),
		Members:            int32(all.members), Verified: int32(all.verified), Moving: int32(all.moving), //nolint:gosec // counts of municipalities
		Waiting: int32(all.waiting + all.away), Excused: int32(all.excused), Failed: int32(all.failed), Left: int32(len(p.in.Left)), //nolint:gosec // counts of municipalities
		StartedAt: known.StartedAt, CompletedAt: known.CompletedAt,
		Waves:          p.waves(),
		OnTheWay:       p.notes(known.OnTheWay, p.onTheWay),
		FailedMembers:  p.failures(),
		ExcusedMembers: p.notes(known.ExcusedMembers, func(s *standing) bool { return s.state == excused }),
	}
	if next.StartedAt == nil && p.begun() {
		next.StartedAt = p.firstStart(&now)
	}
	if next.CompletedAt == nil && p.tallies[len(p.tallies)-1].done && all.verified > 0 && !p.halted() &&
		all.moving == 0 { //guard:completes-when-nobody-moves
		next.CompletedAt = &now
	}
	if next.CompletedAt != nil && all.members == 0 {
		return p.left()
	}
	next.Phase = p.phase(next)
	next.Wave = p.currentWave()
	text, at := p.next(next)
	next.Next = condition.Within(text, maxNote)
	if !at.IsZero() {
		next.NextAt = new(metav1.NewTime(at).Rfc3339Copy())
	}
	return next
}

// left is the status of a completed rollout that nobody follows any longer, as its members follow
// another group now: it tells how it ended, and not that nobody is there.
func (p *planner) left() v1alpha1.RolloutStatus {
	next := *p.in.Rollout.Status.DeepCopy()
	next.ObservedGeneration, next.OnTheWay, next.ExcusedMembers, next.NextAt = p.in.Rollout.Generation, nil, nil, nil
	next.Left = int32(len(p.in.Left)) //nolint:gosec // a count of municipalities
	next.Next = condition.Within(fmt.Sprintf("completed: %s verified; none of them follows %s for the app any longer", next.Progress, p.in.Group), maxNote)
	return next
}

// onTheWay says whether a member moves, or waits for something of its own within an open wave.
func (p *planner) onTheWay(s *standing) bool {
	return s.state == moving || (s.state == away && p.open(s.wave)) || (s.state == waiting && s.reason == ReasonWindow)
}

// firstStart is when the first wave that began did; now for one that begins with this step.
func (p *planner) firstStart(now *metav1.Time) *metav1.Time {
	first := now
	for i := range p.tallies {
		if t := p.tallies[i].startedAt; t != nil && t.Before(first) {
			first = t
		}
	}
	return first
}

func (p *planner) phase(next v1alpha1.RolloutStatus) v1alpha1.RolloutPhase {
	switch {
	case next.CompletedAt != nil:
		return v1alpha1.RolloutCompleted
	case p.halted():
		return v1alpha1.RolloutHalted
	case next.StartedAt != nil || next.Moving > 0:
		return v1alpha1.RolloutProgressing
	}
	return v1alpha1.RolloutPending
}

// open says whether the waves before this one are done.
func (p *planner) open(wave int) bool { return wave == 0 || p.tallies[wave-1].done }

// currentWave is the one that halted, else the first that is not done; the last where all are.
func (p *planner) currentWave() string {
	for i := range p.tallies {
		if p.tallies[i].halted {
			return p.strategy.Waves[i].Name
		}
	}
	for i := range p.tallies {
		if !p.tallies[i].done {
			return p.strategy.Waves[i].Name
		}
	}
	return p.strategy.Waves[len(p.strategy.Waves)-1].Name
}

func (p *planner) waves() []v1alpha1.WaveStatus {
	all := make([]v1alpha1.WaveStatus, 0, len(p.tallies))
	for i := range p.tallies {
		t := &p.tallies[i]
		w := v1alpha1.WaveStatus{
			Name: p.strategy.Waves[i].Name, Members: int32(t.members), Verified: int32(t.verified), Moving: int32(t.moving), //nolint:gosec // counts of municipalities
			Excused: int32(t.excused), Failed: int32(t.failed), StartedAt: t.startedAt, CompletedAt: t.completedAt, //nolint:gosec // counts of municipalities
			State: v1alpha1.WaveWaiting,
		}
		switch {
		case t.halted:
			w.State = v1alpha1.WaveHalted
			w.WaitsFor = "a newer version, or a retry"
		case t.done:
			w.State = v1alpha1.WaveDone
		case t.startedAt != nil || t.moving > 0:
			w.State = v1alpha1.WaveRunning
		}
		if !t.done && !t.halted {
			w.WaitsFor = cut(p.waitsFor(i))
		}
		if w.WaitsFor != "" {
			w.WaitingSince = new(metav1.NewTime(p.in.Now).Rfc3339Copy())
			if was := p.known[w.Name]; was.WaitsFor == w.WaitsFor && was.WaitingSince != nil {
				w.WaitingSince = was.WaitingSince
			}
		}
		all = append(all, w)
	}
	return all
}

// waitsFor says which gate keeps a wave back that is neither done nor halted; empty where
// it only waits for its members.
func (p *planner) waitsFor(i int) string {
	t := &p.tallies[i]
	for _, g := range []gate{p.wave(i), p.begin()} {
		if g.closed() && t.waiting > 0 {
			return g.said()
		}
	}
	return ""
}

// next says what happens next, and when, where the clock alone decides that.
func (p *planner) next(status v1alpha1.RolloutStatus) (string, time.Time) {
	all := p.total()
	if status.Phase == v1alpha1.RolloutHalted {
		return p.haltedText(), time.Time{}
	}
	if status.Phase == v1alpha1.RolloutCompleted {
		return completedText(status, &all) + p.afterwards(&all), time.Time{}
	}
	if g := p.keptBack(&all); g.closed() {
		return "waits: " + g.waitsFor, g.until
	}
	wave := p.currentWave()
	for i := range p.tallies {
		t := &p.tallies[i]
		if t.done {
			continue
		}
		if g := p.wave(i); g.closed() && t.waiting > 0 && t.moving == 0 {
			return "waits: " + g.waitsFor, g.until
		}
		if t.waiting+t.moving+t.away > 0 {
			return p.running(wave, t)
		}
	}
	if all.moving > 0 { // somebody who joined a wave that was done
		return p.running(wave, &all)
	}
	if all.verified == 0 {
		return fmt.Sprintf("waits for a member that takes part: %d of %d are excused", all.excused, all.members), p.again
	}
	return "completes", time.Time{}
}

// keptBack is the gate before which everybody waits; an open one where there is none.
func (p *planner) keptBack(all *tally) gate {
	if g := p.newStep(); g.closed() {
		return g
	}
	if g := p.begin(); g.closed() && all.waiting > 0 && all.moving == 0 {
		return g
	}
	return gate{}
}

// afterwards says what keeps those back who are still to come when a rollout is completed.
func (p *planner) afterwards(all *tally) string {
	switch g := p.begin(); {
	case p.halted() && all.waiting+all.away > 0:
		return "; nobody else is moved, as it is " + p.haltedText()
	case g.closed() && all.waiting > 0:
		return "; who is to come waits: " + g.waitsFor
	}
	return ""
}

func (p *planner) running(wave string, t *tally) (string, time.Time) {
	text := fmt.Sprintf("wave %s: %d/%d verified", wave, t.verified, t.members-t.excused) +
		inWords(number{t.moving, "on the way"}, number{t.waiting, "waiting"}, number{t.away, "away"}, number{t.failed, "failed"})
	if first := p.soonest(); first != nil {
		return text + "; " + first.member.Name + ": " + first.message, first.until
	}
	return text, p.again
}

// soonest is the member on its way whose standing the clock changes first.
func (p *planner) soonest() *standing {
	var first *standing
	for i := range p.members {
		s := &p.members[i]
		if (s.state == moving || s.state == away) && s.message != "" && (first == nil || (!s.until.IsZero() && (first.until.IsZero() || s.until.Before(first.until)))) {
			first = s
		}
	}
	return first
}

// haltedText says where a rollout was halted, and by whom.
func (p *planner) haltedText() string {
	for i := range p.tallies {
		if t := &p.tallies[i]; t.halted {
			text := fmt.Sprintf("halted: in wave %s %d of %d members failed, and %d may", p.strategy.Waves[i].Name, t.failed, t.members, t.budget)
			if notes := p.failures(); len(notes) > 0 {
				text += "; first " + notes[0].Name
			}
			return text
		}
	}
	return ""
}

// details are what a person may want to know, and do, besides status.next.
func (p *planner) details(status v1alpha1.RolloutStatus) string {
	switch status.Phase {
	case v1alpha1.RolloutHalted:
		text := ""
		if notes := p.failures(); len(notes) > 0 {
			text = notes[0].Name + ": " + notes[0].Message + "; "
		}
		return text + "promote another version, or mend the cause and " + p.howToRetry()
	case v1alpha1.RolloutCompleted:
		return ""
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutSuperseded, v1alpha1.RolloutWithdrawn:
	}
	for i := range p.tallies {
		if g := p.wave(i); !p.tallies[i].done && p.tallies[i].waiting > 0 {
			return g.how
		}
	}
	return ""
}

// howToRetry says what to write for one more attempt. A group has one entry for an app and a
// digest, which may ask for an attempt that was made, or that does not come next.
func (p *planner) howToRetry() string {
	spec := p.in.Rollout.Spec
	field := strings.Replace(p.in.approvalsField(), "approvals", "retries", 1)
	for i, r := range p.strategy.Retries {
		if r.App == spec.App && r.Digest == spec.Digest {
			return fmt.Sprintf("set attempt, which is %d, to %d in %s", r.Attempt, spec.Attempt+1, strings.Replace(field, "retries", fmt.Sprintf("retries[%d]", i), 1))
		}
	}
	return fmt.Sprintf("add {app: %s, digest: %q, attempt: %d} to %s", spec.App, spec.Digest, spec.Attempt+1, field)
}

func completedText(status v1alpha1.RolloutStatus, all *tally) string {
	return fmt.Sprintf("completed: %s verified", status.Progress) +
		inWords(number{all.moving, "on the way"}, number{all.waiting + all.away, "to come"}, number{all.failed, "failed"}, number{all.excused, "excused"})
}

// number of members, and how they stand.
type number struct {
	of  int
	are string
}

// inWords tells the numbers that are not zero, each after a comma.
func inWords(all ...number) string {
	text := ""
	for _, n := range all {
		if n.of > 0 {
			text += fmt.Sprintf(", %d %s", n.of, n.are)
		}
	}
	return text
}
