package planner

import (
	"cmp"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/installation"
)

// stand finds how a member is doing. Its failure comes first: nobody gets out of the count by
// holding the app afterwards.
func (r *rules) stand(m *Member, wave int) standing {
	s := standing{member: m, wave: wave}
	w := &r.strategy.Waves[wave]
	r.readStamps(&s, w)
	switch {
	case s.state == failed:
		return s
	case m.Suspended:
		s.state, s.reason = excused, v1alpha1.ReasonSuspended
		return s
	case !m.takesPart():
		s.state = excused
		if len(m.Places) > 0 {
			s.reason, s.message = m.Places[0].Excuse.Reason, m.Places[0].Excuse.Message
		}
		return s
	}
	r.walk(&s, w)
	r.mindBrakes(&s, w)
	r.mindApprovals(&s)
	return s
}

// readStamps reads what this rollout did to the member, and what came of it.
func (r *rules) readStamps(s *standing, w *Wave) {
	if since, known := r.remembered(s.member.Name, v1alpha1.MemoryTakenOut); known {
		done, was := r.done[w.Name]
		s.state, s.failing, s.started, s.late = failed, true, true, !was || since.After(done)
		s.reason, s.first, s.since = v1alpha1.MemoryTakenOut, since, since
		return
	}
	if r.failedAndGone(s.member) {
		s.state, s.reason = failed, v1alpha1.MemoryFailed
		s.since, _ = r.remembered(s.member.Name, v1alpha1.MemoryFailed)
		s.late = !r.done.bore(cmp.Or(r.failedIn(s.member.Name), w.Name), s.since)
		return
	}
	for i := range s.member.Places {
		place := &s.member.Places[i]
		stamp := r.stamp(place)
		if r.in.own && r.isStuck(place, w) { // in a rollout of its group, which it left
			stamp = place.Installed.Stamp
		}
		if stamp != nil {
			s.readStamp(r, place, stamp, w)
		}
	}
}

// readStamp reads what came of the move of one place.
func (s *standing) readStamp(r *rules, place *MemberPlace, stamp *Stamp, w *Wave) {
	if stamp.Wave != "" {
		s.started, s.first = true, calendar.Earliest(s.first, stamp.MovedAt.Time)
	}
	stuck := stamp.Outcome == v1alpha1.OutcomeStuck && !place.Installed.recovered(w.Soak, r.in.Now)
	if stuck && place.Installed.Healthy() { // it has recovered, when it has soaked
		s.wake(place.Installed.HealthySince.Add(w.Soak))
	}
	if stamp.Outcome == v1alpha1.OutcomeReturned || stuck { //guard:failed-holds
		s.state, s.failing, s.place = failed, true, place
		s.reason, s.message, s.since = string(stamp.Outcome), stamp.Message, stamp.MovedAt.Time
		s.late = s.late || !r.done.bore(cmp.Or(stamp.Wave, w.Name), stamp.MovedAt.Time)
	}
}

// failedAndGone says whether a member failed of which no installation has a record: it is not there any
// longer, or goes, as the member declined the app. That does not undo its failure.
func (r *rules) failedAndGone(m *Member) bool {
	_, before := r.remembered(m.Name, v1alpha1.MemoryFailed)
	if !before {
		return false
	}
	there := m.has(r.target) && m.takesPart()
	recorded := r.records(m, func(s *Stamp) bool { return s.Wave != "" || s.Outcome != "" })
	return !there && !recorded //guard:failed-and-declined-counts -> false
}

// walk goes through the stages up to the first that is not verified.
func (r *rules) walk(s *standing, w *Wave) {
	s.state = verified
	for i, stage := range order {
		s.stage = uint8(i)
		if r.enter(s, w, stage) { //guard:stages-in-order -> r.enter(s, w, stage) && false
			s.watchAhead(r, w, stage)
			break
		}
	}
	switch {
	case s.failing:
		s.state, s.reason, s.until = failed, v1alpha1.ReasonUnhealthy, time.Time{}
		s.late = true
		if s.place.TakenOut {
			s.reason = v1alpha1.MemoryTakenOut
		}
	case s.state == moving && s.movable && !s.started:
		// It has the version in part, and not by this rollout: it waits for its turn as others do.
		s.state, s.reason, s.place = waiting, v1alpha1.ReasonWaiting, nil
	case s.state == waiting && s.started:
		s.state, s.reason = moving, v1alpha1.ReasonNextStage
	}
}

// watchAhead follows what this rollout moved in stages after the one that the member is at, as an environment
// before takes part only since then: what fails there goes back.
func (s *standing) watchAhead(r *rules, w *Wave, stage v1alpha1.Stage) {
	for i := range s.member.Places {
		place := &s.member.Places[i]
		stamp := r.stamp(place)
		if stamp == nil || stamp.Wave == "" || place.TakenOut || !IsLater(place.Stage, stage) || !place.at(r.target) ||
			r.isThrough(s.member, place, w) || place.absence().Away {
			continue
		}
		ahead := standing{member: s.member, wave: s.wave}
		r.watch(&ahead, place, w)
		if ahead.failing {
			s.failing, s.unrecorded = true, true
			s.place, s.since, s.deadline, s.flaky = place, ahead.since, ahead.deadline, ahead.flaky
			return
		}
		s.wake(ahead.until)
	}
}

// enter looks at the places of one stage, and says whether the member stays there. It waits for its
// turn where any of them could be moved; where nothing could, for who is absent.
func (r *rules) enter(s *standing, w *Wave, stage v1alpha1.Stage) (stays bool) {
	var absent Excuse
	var where *MemberPlace
	for i := range s.member.Places {
		place := &s.member.Places[i]
		if place.Stage != stage || r.isThrough(s.member, place, w) {
			continue
		}
		stays = true
		switch gone := place.absenceAt(r.target); {
		case gone.Away:
			if where == nil {
				absent, where = gone, place
			}
		case place.at(r.target):
			r.watch(s, place, w)
		default:
			s.movable = true
		}
	}

	switch {
	case !stays || s.state == moving:
	case s.movable:
		s.state, s.reason = waiting, v1alpha1.ReasonWaiting
	case where != nil:
		s.goesAway(absent.Reason, absent.Message, where)
	}
	return stays
}

// isThrough says whether a place keeps its member in its stage no longer: it is verified, or the
// municipality decided against the version there. One that was taken out counts for the stages after it,
// until the version was verified there once, or its wave was done.
func (r *rules) isThrough(m *Member, place *MemberPlace, w *Wave) bool {
	if place.TakenOut && (r.stamp(place) == nil || !place.at(r.target) || place.Installed.ranFor(w.Soak, r.in.Now) ||
		r.past(m.Name, place, w) || !m.follows(place.Stage)) {
		return true
	}
	return place.decided() || (place.at(r.target) && r.placeVerified(m.Name, place, w))
}

// absenceAt is why a place can't be moved to a target, or judged there, for now; zero where it can. Nobody
// will repair what was taken out.
func (p *MemberPlace) absenceAt(target v1alpha1.Release) Excuse {
	if p.at(target) && !p.TakenOut {
		return p.absence()
	}
	return p.Excuse
}

// watch follows a place that has the version and is not verified.
func (r *rules) watch(s *standing, place *MemberPlace, w *Wave) {
	s.state = moving
	i, begun := place.Installed, r.movedAt(place)
	begun = latest(begun, i.Created) //guard:deleted-by-hand-is-no-failure
	begun = latest(begun, i.Applied)
	if !place.TakenOut {
		begun = latest(begun, i.unblocked(r.in.Now))
	}

	switch {
	case place.Leaving: //guard:leaving-has-failed
		s.note(v1alpha1.MemoryTakenOut, place, begun, time.Time{})
		s.failing, s.unrecorded, s.place = true, true, place
		return
	case i.Healthy():
		soaked := i.HealthySince.Add(w.Soak)
		s.note(v1alpha1.ReasonSoaking, place, i.HealthySince, soaked)
		s.wake(soaked)
		return
	case i.Fault.Blame == installation.BlameCatalogue:
		s.note(i.Fault.Code, place, latest(begun, i.UnhealthySince), time.Time{})
		return
	}

	reason, begun, since := r.unhealthySince(s.member, i, begun)
	deadline := r.in.deadline(since, w.ProgressDeadline)
	last := r.in.deadline(begun, 2*(w.ProgressDeadline+w.Soak))
	flaky := i.Current && i.Longest < w.Soak && last.Before(deadline)
	if flaky { //guard:comes-and-goes-has-failed
		deadline = last
	}

	s.note(reason, place, since, deadline)
	s.wake(deadline)
	if !r.in.Now.Before(deadline) { //guard:deadline
		s.failing, s.unrecorded, s.place, s.deadline, s.flaky = true, true, place, deadline, flaky
	}
}

// unhealthySince is since when the version has had its time at a place, and since when the place has
// been unhealthy, or unseen, for which the version is to blame. A spec that was touched while the version
// soaked, a status that was lost, and that its member was away are no failure of the version: its time
// begins when they end.
func (r *rules) unhealthySince(m *Member, i *Installed, moved time.Time) (reason string, begun, since time.Time) {
	if r.in.own {
		return ownUnhealthySince(i, moved, r.in.Now)
	}
	if !i.Current {
		unseen, known := r.remembered(m.Name, v1alpha1.MemoryUnseen)
		if !known {
			unseen = r.in.Now
		}
		return v1alpha1.ReasonInstalling, moved, latest(moved, unseen) //guard:touched-spec-is-no-failure -> v1alpha1.ReasonInstalling, moved, moved
	}
	begun = moved
	if again, known := r.remembered(m.Name, v1alpha1.MemoryUnhealthy); known {
		begun = latest(moved, again)
	} else if r.excusedBefore(m.Name) {
		begun = r.in.Now
	}
	return v1alpha1.ReasonUnhealthy, begun, latest(begun, i.UnhealthySince)
}

// ownUnhealthySince is the same of a municipality's own move, of which there is no memory: what its
// time begins with is read from the status. Nobody has to report a version that was healthy at once when
// its spec is touched; nor does it fail as its status was lost, such as where the cluster was restored.
func ownUnhealthySince(i *Installed, moved, now time.Time) (reason string, begun, since time.Time) {
	switch {
	case i.Current:
		return v1alpha1.ReasonUnhealthy, moved, latest(moved, i.UnhealthySince)
	case !i.HealthyBefore.IsZero() ||
		i.Blank: //guard:own-status-lost-is-no-failure
		return v1alpha1.ReasonInstalling, moved, now
	}
	return v1alpha1.ReasonInstalling, moved, latest(moved, i.UnhealthySince)
}

// mindBrakes keeps back a member that would be moved while it is paused, or outside its own
// windows. One that has to wait longer than its deadline is away: it keeps nobody else waiting.
func (r *rules) mindBrakes(s *standing, w *Wave) {
	if !s.movable || s.state == failed {
		return
	}
	days := s.member.Calendar.Open(r.in.Now)
	s.wake(days.Until)
	if days.Open && !s.member.Paused {
		return
	}
	s.movable = false
	switch watched := s.state == moving && s.reason != v1alpha1.ReasonNextStage; {
	case watched:
	case s.member.Paused:
		s.goesAway(v1alpha1.ReasonPaused, "", nil)
	default:
		s.reason, s.message, s.place = v1alpha1.ReasonWindow, "", nil
		if never := days.Opens.IsZero(); never || days.Opens.Sub(r.in.Now) > w.ProgressDeadline {
			s.state = away
			if !never { // then it is waited for
				s.wake(days.Opens.Add(-w.ProgressDeadline))
			}
		}
	}
}

// mindApprovals keeps back a member on its way whose wave, or one before, needs an approval by now that
// nobody gave: it keeps what it has, and waits for the approval as those do who have not begun.
func (r *rules) mindApprovals(s *standing) {
	if !s.movable || !s.started || s.state == failed ||
		(approvals{r}).wanting(s.wave) < 0 { //guard:approval-of-next-stages -> true
		return
	}
	s.movable = false
	if s.state == moving && s.reason == v1alpha1.ReasonNextStage {
		s.state, s.reason = waiting, v1alpha1.ReasonWaiting
	}
}
