package planner

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// mover decides who is moved, who is taken back, and who catches up. It notes in the count what it
// does, so that the report speaks of what is so once the step is made.
type mover struct {
	*count
	moves []Move
	// begins says that the first members are moved with this step.
	begins bool
	// again is when time alone may change who is moved; zero if never.
	again time.Time
}

// returnFailed takes members that failed back to the release that was verified there last, once.
// Where there is none they stay as they are; either way they then hold.
func (m *mover) returnFailed() {
	if m.everyStep().closed() {
		return
	}
	for _, s := range m.failing {
		if s.member.Suspended {
			continue
		}
		for j := range s.member.Places {
			place := &s.member.Places[j]
			stamp := m.stamp(place)
			if !place.canGoBack(m.target) || m.past(s.member.Name, place, &m.strategy.Waves[s.wave]) ||
				(stamp != nil && stamp.Outcome != "") { //guard:returns-once
				continue
			}
			m.back(s, place, stamp)
		}
	}
}

// canGoBack says whether a place has a release, and another may be written there.
func (p *MemberPlace) canGoBack(from v1alpha1.Release) bool {
	return p.at(from) && !p.decided() && !p.TakenOut && !p.refused()
}

// back moves one place of a failed member. While the release to return to is unavailable for the
// moment, it waits.
func (m *mover) back(s *standing, place *MemberPlace, stamp *Stamp) {
	last := place.Installed.LastVerified
	why := ""
	switch {
	case last == nil:
		why = "no version was verified here before"
	case *last == m.target:
		why = "it is the version that was verified here last"
	case m.in.availability(*last) == Unavailable: //guard:waits-for-what-it-returns-to
		return
	case m.in.availability(*last) == Withdrawn: //guard:no-return-to-withdrawn
		why = fmt.Sprintf("the version before, %s, is withdrawn", last.Version)
	case m.in.availability(*last) == Gone: //guard:no-return-to-withdrawn
		why = fmt.Sprintf("the version before, %s, is no longer in the catalogue", last.Version)
	}

	next := m.record("", s)
	if stamp != nil {
		next = *stamp
	}

	next.Verified, next.VerifiedBy = last, place.Installed.LastVerifiedBy
	move := Move{Municipality: s.member.Name, Environment: place.Environment}
	if why != "" {
		move.Kind, move.To = Hold, m.target
		next.Outcome = v1alpha1.OutcomeStuck
		if by := place.Installed.BroughtBy; stamp == nil && by != next.by() { //guard:found-is-not-brought
			next.FoundFrom = &by
		}
		next.Message = cut(fmt.Sprintf("%s failed: %s; it stays as it is, as %s", m.target.Version, m.failure(s), why))
	} else {
		move.Kind, move.To = Return, *last
		next.Outcome = v1alpha1.OutcomeReturned
		next.MovedAt = m.moment(next.Wave, s)
		next.Message = cut(fmt.Sprintf("returned to %s, as %s failed: %s", last.Version, m.target.Version, m.failure(s)))
	}

	move.Stamp = next
	m.moves = append(m.moves, move)
}

// record of a move of a member by this rollout.
func (m *mover) record(wave string, s *standing) Stamp {
	spec := &m.in.Rollout.Spec
	return Stamp{
		Name: m.in.Rollout.Name, Network: spec.Network, Channel: spec.Channel, Attempt: spec.Attempt,
		Target: m.target, Wave: wave, MovedAt: m.moment(wave, s),
	}
}

// moment is when a member is moved: after its wave was done, and the member verified, where they were, also
// by a clock that was set back since. Else it would count as verified without having been looked at.
func (m *mover) moment(wave string, s *standing) metav1.Time {
	at := m.in.Now
	after := func(passed time.Time) {
		if !passed.Before(at) { //guard:moved-after-it-was-done -> false
			at = passed.Add(time.Second)
		}
	}

	if done, was := m.done[wave]; was {
		after(done)
	}
	if completed := m.in.Rollout.Status.CompletedAt; completed != nil {
		after(completed.Time)
	}
	if verified, was := m.remembered(s.member.Name, v1alpha1.MemoryVerified); was {
		after(verified)
	}
	return metav1.NewTime(at).Rfc3339Copy()
}

// advance moves members on their way to their next stage, and lets others begin, as many at once
// as their wave allows, and as far as the gates let them.
func (m *mover) advance() {
	nextStage, begin := m.nextStage(), m.begin()
	m.wake(nextStage)
	m.wake(begin)
	if m.somebodyIsToCome() { // then it says whether the windows are open
		m.wake(m.windows())
	}

	waves := m.rooms()
	m.again = calendar.Earliest(m.again, m.until)
	for _, s := range m.movable {
		w := &waves[s.wave]
		switch {
		case s.state == moving && !nextStage.closed():
			m.goOn(s, w)
		case s.state == waiting && !begin.closed() &&
			w.free > 0 && //guard:only-as-many-begin-as-are-free
			!w.gate.closed():
			w.free--
			m.start(s)
		}
	}

	for i := range m.left {
		m.again = calendar.Earliest(m.again, m.left[i].until)
	}
}

// somebodyIsToCome says whether the rollout has not completed, or has members that are yet to come.
func (m *mover) somebodyIsToCome() bool {
	return m.in.Rollout.Status.CompletedAt == nil || !m.nobodyWaits() || m.total().away > 0
}

// room is what a wave leaves free at the beginning of a step.
type room struct {
	// free are members that may begin, and resuming those that may go on to their next stage.
	free, resuming int
	gate           Gate
}

func (m *mover) rooms() []room {
	all := make([]room, len(m.waves))
	for i := range m.waves {
		t := &m.waves[i]
		free := t.free()
		all[i] = room{free: free, resuming: free + t.resuming, gate: m.wave(i)}
	}
	return all
}

// goOn moves a member on its way to its next stage.
func (m *mover) goOn(s *standing, w *room) {
	if s.resumes() {
		if w.resuming <= 0 { //guard:resuming-minds-max-concurrent
			return
		}
		w.resuming--
	}
	m.bring(s, m.candidates(s), Advance, m.target, m.strategy.Waves[s.wave].Name)
}

func (m *mover) candidates(s *standing) []*MemberPlace { return s.candidates(m.target) }

// start lets a member begin.
func (m *mover) start(s *standing) {
	t := &m.waves[s.wave]
	m.bring(s, m.candidates(s), Advance, m.target, m.strategy.Waves[s.wave].Name)
	s.state, s.reason, s.unseen, s.message, s.since = moving, v1alpha1.ReasonInstalling, true, "asked to move to "+m.target.Version, m.in.Now
	m.begins = m.begins || !m.begun
	s.started, s.movable = true, false
	t.started = true
	t.waiting--
	t.moving++
}

// catchUp brings members that have nothing, and whose turn has not come, what the group runs now,
// as many at once as their wave allows.
func (m *mover) catchUp() {
	last := m.runsNow()
	if last == nil {
		return
	}

	closed := m.newStep()
	m.wake(closed)
	if *last == m.target && !m.halted() {
		return // who waits gets the target with its wave
	}

	room := m.catchUpRoom(*last)
	m.lessCatchingUp(room)
	if closed.closed() { //guard:catch-up-minds-windows
		return
	}

	for i := range m.members {
		s := &m.members[i]
		if s.state != waiting || s.started ||
			room[s.wave] <= 0 || //guard:catch-up-minds-max-concurrent
			s.reason == v1alpha1.ReasonWindow { //guard:catch-up-minds-own-windows
			continue
		}
		if empty := s.member.missing(*last); len(empty) > 0 {
			room[s.wave]--
			m.bring(s, empty, CatchUp, *last, "")
		}
	}
}

// catchUpRoom is how many of each wave may be brought what the group runs now. Whose turn has come
// gets the new version itself.
func (m *mover) catchUpRoom(last v1alpha1.Release) []int {
	begin, room := m.begin(), make([]int, len(m.waves))
	for i := range m.waves {
		gate := m.wave(i)
		keepsBack := gate.closed() || m.in.Gates.Unavailable != ""
		if last != m.target {
			keepsBack = !begin.closed() && !gate.closed()
		}
		if !keepsBack {
			room[i] = m.waves[i].free()
		}
	}
	return room
}

// lessCatchingUp takes those from the room of each wave that were brought what the group ran, and
// are not healthy yet. A member that does not get healthy in time keeps nobody else waiting.
func (m *mover) lessCatchingUp(room []int) {
	for _, s := range m.catchingUp {
		until, _ := comesUpAt(&m.rules, s.member, s.wave)
		m.again = calendar.Earliest(m.again, until)
		room[s.wave]--
	}
}

// comesUpAt says whether a member was brought what the group ran, and may still get healthy in time, and until when
// the first such place has.
func comesUpAt(r *rules, m *Member, wave int) (time.Time, bool) {
	for i := range m.Places {
		if until, comesUp := r.comesUp(&m.Places[i], wave); comesUp {
			return until, true
		}
	}
	return time.Time{}, false
}

// comesUp says whether a place was brought what the group ran, and may still get healthy in time,
// and until when.
func (r *rules) comesUp(place *MemberPlace, wave int) (time.Time, bool) {
	stamp := r.stamp(place)
	if stamp == nil || stamp.Wave != "" || stamp.Outcome != "" || place.Installed.Healthy() {
		return time.Time{}, false
	}
	deadline := r.in.deadline(stamp.MovedAt.Time, r.strategy.Waves[wave].ProgressDeadline)
	return deadline, r.in.Now.Before(deadline)
}

// bring moves places of a member.
func (m *mover) bring(s *standing, places []*MemberPlace, kind MoveKind, to v1alpha1.Release, wave string) {
	soak := m.in.Strategy.Waves[s.wave].Soak
	for _, place := range places {
		stamp := m.record(wave, s)
		stamp.Verified, stamp.VerifiedBy = LastVerified(place.Installed, soak, m.in.Rollout.Spec.Completed, m.in.Now)
		m.moves = append(m.moves, Move{
			Municipality: s.member.Name, Environment: place.Environment, Kind: kind, To: to, Stamp: stamp,
		})
	}
}

func (m *mover) wake(g Gate) { m.again = calendar.Earliest(m.again, g.Until) }
