package planner

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// reporter says how the rollout is doing once the step is made.
type reporter struct {
	*count
	// again is when time alone may change the plan.
	again time.Time
	// unremarked is status.next without the remarks.
	unremarked string
	// forgotten says how much did not fit in the memory; empty where all did.
	forgotten string
}

// status is what people see of the rollout, and what the next plan remembers.
func (r *reporter) status() v1alpha1.RolloutStatus {
	all, now := r.total(), metav1.NewTime(r.in.Now).Rfc3339Copy()
	known := &r.in.Rollout.Status
	next := v1alpha1.RolloutStatus{
		ObservedGeneration: r.in.Rollout.Generation,
		Progress:           fmt.Sprintf("%d/%d", all.verified, all.takePart()),
		Members:            int32(all.members), Verified: int32(all.verified), Moving: int32(all.moving), //nolint:gosec // counts of municipalities
		Waiting: int32(all.waiting), Away: int32(all.away), Excused: int32(all.excused), Failed: int32(all.failed), Left: int32(len(r.in.Left)), //nolint:gosec // counts of municipalities
		StartedAt: known.StartedAt, CompletedAt: r.completedAt(), SecurityFix: r.in.SecurityFix,
		Waves: r.waveStatuses(), Memory: r.remember(),
		OnTheWay:       r.notes(known.OnTheWay, r.onTheWay),
		FailedMembers:  r.failures(),
		ExcusedMembers: r.notes(known.ExcusedMembers, func(s *standing) bool { return s.state == excused }),
	}

	if next.StartedAt == nil && r.begun { // what begins with this step may be refused still
		next.StartedAt = r.firstStart(&now)
	}
	if next.CompletedAt != nil && all.members == 0 {
		return r.abandoned()
	}

	next.Phase, next.Wave = r.phase(&next), r.currentWave()
	text, at := wording{r}.next(&next)
	r.unremarked = text
	if next.Phase == v1alpha1.RolloutPending || next.Phase == v1alpha1.RolloutProgressing {
		text += r.remarks()
	}

	next.Next = condition.Within(text, maxNote-len(r.forgotten)) + r.forgotten
	if !at.IsZero() {
		next.NextAt = new(metav1.NewTime(at).Rfc3339Copy())
	}
	return next
}

// hasBegun says whether the rollout has moved somebody, with this step at the latest.
func (r *reporter) hasBegun() bool {
	if r.begun {
		return true
	}
	for i := range r.members {
		if r.members[i].started {
			return true
		}
	}
	return false
}

// abandoned is the status of a completed rollout that nobody follows any longer, as its members follow
// another group now: it says how it ended, and not that nobody is there.
func (r *reporter) abandoned() v1alpha1.RolloutStatus {
	next := *r.in.Rollout.Status.DeepCopy()
	next.ObservedGeneration, next.OnTheWay, next.ExcusedMembers, next.NextAt = r.in.Rollout.Generation, nil, nil, nil
	next.Phase, next.Moving, next.Waiting, next.Away = v1alpha1.RolloutCompleted, 0, 0, 0
	next.Left = int32(len(r.in.Left)) //nolint:gosec // a count of municipalities
	next.Next = condition.Within(fmt.Sprintf("completed: %s verified; none of them follows %s for the app any longer", next.Progress, r.in.Group), maxNote)
	return next
}

// onTheWay says whether a member moves, or waits for something of its own within an open wave.
func (r *reporter) onTheWay(s *standing) bool {
	return s.state == moving || (s.state == away && r.open(s.wave)) || (s.state == waiting && s.reason == v1alpha1.ReasonWindow)
}

// completedAt is when the rollout was completed first, with this step at the latest; nil where it was not.
func (r *reporter) completedAt() *metav1.Time {
	if was := r.in.Rollout.Status.CompletedAt; was != nil || !r.completes() {
		return was
	}
	return new(metav1.NewTime(r.in.Now).Rfc3339Copy())
}

// firstStart is when the first wave that began did.
func (r *reporter) firstStart(now *metav1.Time) *metav1.Time {
	first := now
	for i := range r.waves {
		if t := r.waves[i].startedAt; t != nil && t.Before(first) {
			first = t
		}
	}
	return first
}

// phase is Completed only while nobody who should have the version waits for it: a joiner makes it
// Progressing again.
func (r *reporter) phase(next *v1alpha1.RolloutStatus) v1alpha1.RolloutPhase {
	switch {
	case next.CompletedAt != nil && r.nobodyWaits():
		return v1alpha1.RolloutCompleted
	case r.halted():
		return v1alpha1.RolloutHalted
	case r.hasBegun() || next.CompletedAt != nil:
		return v1alpha1.RolloutProgressing
	}
	return v1alpha1.RolloutPending
}

// open says whether the waves before this one are done.
func (r *reporter) open(wave int) bool { return wave == 0 || r.waves[wave-1].done }

// currentWave is the one that halted, else the first that is not done; the last where all are.
func (r *reporter) currentWave() string {
	for i := range r.waves {
		if r.waves[i].halted {
			return r.strategy.Waves[i].Name
		}
	}
	for i := range r.waves {
		if !r.waves[i].done {
			return r.strategy.Waves[i].Name
		}
	}
	return r.strategy.Waves[len(r.strategy.Waves)-1].Name
}

func (r *reporter) waveStatuses() []v1alpha1.WaveStatus {
	all := make([]v1alpha1.WaveStatus, 0, len(r.waves))
	for i := range r.waves {
		t := &r.waves[i]
		w := v1alpha1.WaveStatus{
			Name: r.strategy.Waves[i].Name, State: t.state(), Approval: r.approvalState(i),
			Members: int32(t.members), Verified: int32(t.verified), Moving: int32(t.moving), Waiting: int32(t.waiting), //nolint:gosec // counts of municipalities
			Away: int32(t.away), Excused: int32(t.excused), Failed: int32(t.failed), //nolint:gosec // counts of municipalities
			StartedAt: t.startedAt, CompletedAt: t.completedAt,
		}
		if i == 0 {
			w.StandIn = r.standIn
		}
		if w.WaitsFor = cut(r.waitsFor(i)); w.WaitsFor != "" {
			w.WaitingSince = new(metav1.NewTime(r.in.Now).Rfc3339Copy())
			if was := r.known[w.Name]; was.WaitsFor == w.WaitsFor && was.WaitingSince != nil {
				w.WaitingSince = was.WaitingSince
			}
		}
		all = append(all, w)
	}
	return all
}

func (t *tally) state() v1alpha1.WaveState {
	switch {
	case t.halted:
		return v1alpha1.WaveHalted
	case t.done:
		return v1alpha1.WaveDone
	case t.startedAt != nil || t.started:
		return v1alpha1.WaveRunning
	}
	return v1alpha1.WaveWaiting
}

// approvalState says how a wave is doing with its approval; empty where it needs none, or was done
// before somebody asked for one.
func (r *reporter) approvalState(i int) v1alpha1.ApprovalState {
	t := &r.waves[i]
	switch {
	case !r.strategy.Waves[i].RequireApproval:
		return ""
	case !t.approval.closed():
		return v1alpha1.ApprovalGiven
	case t.done && t.waiting == 0:
		return ""
	}
	return v1alpha1.ApprovalWanting
}

// waitsFor says what keeps a wave back; empty where it only waits for its members. A wave that needs
// an approval says so, also where nobody is in it: later waves wait for it.
func (r *reporter) waitsFor(i int) string {
	t := &r.waves[i]
	gate := r.wave(i)
	switch {
	case t.halted:
		return "a newer version, or a retry"
	case t.waiting > 0, t.away > 0 && !t.done:
		return firstClosed(gate, r.begin()).said()
	case gate.closed() && gate == t.approval && !t.done:
		return gate.said()
	}
	return ""
}
