package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// Member is a municipality that a group's rollout counts: one that follows the group, also
// where it is excused now.
type Member struct {
	Name   string
	Labels map[string]string
	// Suspended says that nothing of the municipality may be changed.
	Suspended bool
	// Calendar of the municipality; nil is always.
	Calendar *calendar.Calendar
	// Places are its environments for the app.
	Places []Place
}

// Place is one environment of a member.
type Place struct {
	Environment string
	Stage       v1alpha1.Stage
	// Excuse says why the place does not take part; zero where it does.
	Excuse Excuse
	// Installed is nil where nothing is.
	Installed *Installed
}

// Excuse is why a place, or a member, does not take part.
type Excuse struct {
	// Reason is the reason in a word, such as Held.
	Reason string
	// Message tells it in words.
	Message string
	// Away says that it ends by itself, or by somebody else's doing, and that the place then
	// takes part. It keeps the place out for now; it is no decision against the version.
	Away bool
}

// decided says whether the municipality decided against the version here, such as by a hold.
func (p *Place) decided() bool { return p.Excuse.Reason != "" && !p.Excuse.Away }

// The codes of notes, besides those of package resolution.
const (
	ReasonSuspended  = "Suspended"
	ReasonWindow     = "Window"
	ReasonWaiting    = "Waiting"
	ReasonInstalling = "Installing"
	ReasonUnhealthy  = "Unhealthy"
	ReasonSoaking    = "Soaking"
	ReasonNextStage  = "NextStage"
)

// order is the way through a member: each stage after the one before has soaked.
var order = []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}

// state of a member in a rollout.
type state int

const (
	waiting state = iota
	moving
	verified
	failed
	excused
	away
)

// standing is how a member stands.
type standing struct {
	member *Member
	wave   int
	state  state
	// started says that this rollout has moved it.
	started bool
	// candidates are the places that would be moved next.
	candidates []int
	// failing is what is wrong with a member that failed. It is acted upon place by place: an
	// operator that was killed after the first goes on with the next.
	failing string
	reason  string
	message string
	since   time.Time
	// until is when time alone changes how it stands; zero if never.
	until time.Time
}

// takesPart says whether any place of the member does, now or when it is back.
func (m *Member) takesPart() bool {
	return !m.Suspended && slices.ContainsFunc(m.Places, func(p Place) bool { return p.Excuse.Reason == "" || p.Excuse.Away })
}

// mayMove says whether a place of the member could be moved now.
func (m *Member) mayMove(now time.Time) bool {
	return !m.Suspended && m.Calendar.Open(now).Open &&
		slices.ContainsFunc(m.Places, func(p Place) bool { return p.Excuse.Reason == "" })
}

// has says whether any place of the member has a release.
func (m *Member) has(r v1alpha1.Release) bool {
	return slices.ContainsFunc(m.Places, func(p Place) bool { return p.Installed != nil && p.Installed.Release == r })
}

// stamp of this rollout on a place; nil where another moved it last.
func (p *planner) stamp(place *Place) *Stamp {
	if place.Installed == nil || place.Installed.Stamp == nil || place.Installed.Stamp.Name != p.in.Rollout.Name {
		return nil
	}
	return place.Installed.Stamp
}

// stand finds how a member stands. Its failure comes first: nobody gets out of the count
// by holding the app afterwards.
func (p *planner) stand(m *Member, wave int) standing {
	s := standing{member: m, wave: wave}
	w := &p.strategy.Waves[wave]
	p.readStamps(&s, w)
	switch {
	case s.state == failed:
		return s
	case m.Suspended:
		s.state, s.reason, s.message = excused, ReasonSuspended, "the Municipality is suspended (spec.suspend)"
		return s
	case !m.takesPart():
		s.state = excused
		if len(m.Places) > 0 {
			s.reason, s.message = m.Places[0].Excuse.Reason, m.Places[0].Excuse.Message
		}
		return s
	}
	p.walk(&s, w)
	p.mindCalendar(&s, w)
	return s
}

// readStamps reads what this rollout did to the member, and what came of it.
func (p *planner) readStamps(s *standing, w *Wave) {
	if gone, ok := p.failedAndGone(s.member); ok {
		s.state, s.reason, s.message = failed, gone.Reason, gone.Message
		return
	}
	for i := range s.member.Places {
		place := &s.member.Places[i]
		stamp := p.stamp(place)
		if stamp == nil {
			continue
		}
		s.started = s.started || stamp.Wave != ""
		held := stamp.Outcome == v1alpha1.OutcomeStuck && !place.Installed.healthyFor(w.Soak, p.in.Now)
		if held && place.Installed.healthy() { // it has recovered, when it has soaked
			s.wake(place.Installed.HealthySince.Add(w.Soak))
		}
		if stamp.Outcome == v1alpha1.OutcomeReturned || held { //guard:failed-holds
			s.state, s.reason, s.message, s.since = failed, string(stamp.Outcome), stamp.Message, stamp.MovedAt.Time
			s.failing = place.Environment + " failed before"
		}
	}
}

// failedAndGone says whether a member failed of which no installation tells: it is not there any
// longer, or goes, as the member declined the app. That does not undo its failure.
func (p *planner) failedAndGone(m *Member) (v1alpha1.MemberNote, bool) {
	note, failedBefore := p.failedBefore[m.Name]
	there := m.has(p.target) && m.takesPart()
	return note, failedBefore && !there && !p.wasMoved(m) //guard:failed-and-declined-counts -> note, false
}

// walk goes through the stages up to the first that is not verified.
func (p *planner) walk(s *standing, w *Wave) {
	s.state = verified
	for _, stage := range order {
		if p.enter(s, w, stage) { //guard:stages-in-order -> p.enter(s, w, stage) && false
			break
		}
	}
	switch {
	case s.failing != "":
		s.state, s.reason, s.message, s.until = failed, ReasonUnhealthy, s.failing, time.Time{}
	case s.state == moving && len(s.candidates) > 0 && !s.started:
		// It has the version in part, and not by this rollout: it waits for its turn as others do.
		s.state, s.reason = waiting, ReasonWaiting
	case s.state == waiting && s.started:
		s.state, s.reason = moving, ReasonNextStage
	}
}

// enter looks at the places of one stage, and says whether the member stays there.
func (p *planner) enter(s *standing, w *Wave, stage v1alpha1.Stage) (stays bool) {
	var absent *Excuse
	for i := range s.member.Places {
		place := &s.member.Places[i]
		if place.Stage != stage || place.decided() {
			continue
		}
		there := place.Installed != nil && place.Installed.Release == p.target
		switch {
		case there && p.placeVerified(place, w):
			continue
		case there:
			p.watch(s, place, w)
		case place.Excuse.Away:
			absent = &place.Excuse
		default:
			s.candidates = append(s.candidates, i)
		}
		stays = true
	}
	if stays && s.state != moving {
		s.rest(absent)
	}
	return stays
}

// rest is how a member stands at a stage where nothing moves: it waits for its turn or, where
// nothing of it could be moved, for who is absent.
func (s *standing) rest(absent *Excuse) {
	switch {
	case len(s.candidates) > 0:
		s.state, s.reason = waiting, ReasonWaiting
	case absent != nil:
		s.state, s.reason, s.message = away, absent.Reason, absent.Message
	}
}

// placeVerified says whether a place was healthy at the target for the soak. When its wave
// was done it was so, or the wave's budget bore it: what becomes of it later is not the
// rollout's any more.
func (p *planner) placeVerified(place *Place, w *Wave) bool {
	if place.Installed.soaked(w.Soak, p.in.Now) {
		return true
	}
	done, stamp := p.in.Rollout.Status.CompletedAt, p.stamp(place)
	if known := p.known[w.Name]; done == nil && (stamp == nil || stamp.Wave == w.Name) {
		done = known.CompletedAt
	}
	if done == nil {
		return false
	}
	late := p.movedAt(place).After(done.Time)
	return !late || (place.Installed.Longest > 0 && place.Installed.Longest >= w.Soak)
}

// movedAt is when this rollout moved a place; one that had the version before is minded
// from the beginning.
func (p *planner) movedAt(place *Place) time.Time {
	if stamp := p.stamp(place); stamp != nil {
		return stamp.MovedAt.Time
	}
	return p.in.Rollout.CreationTimestamp.Time
}

// watch follows a place that has the version and is not verified.
func (p *planner) watch(s *standing, place *Place, w *Wave) {
	s.state = moving
	i := place.Installed
	begun := latest(p.movedAt(place), p.in.Watching) //guard:nobody-looked-is-no-failure -> p.movedAt(place)
	last := begun.Add(2 * (w.ProgressDeadline + w.Soak))
	if i.healthy() {
		s.note(ReasonSoaking, fmt.Sprintf("%s is healthy, and soaks until %s", place.Environment, stampOf(i.HealthySince.Add(w.Soak))), i.HealthySince)
		s.wake(i.HealthySince.Add(w.Soak))
		return
	}
	reason, told := ReasonUnhealthy, i.Message
	since := latest(begun, i.UnhealthySince)
	if place.Excuse.Reason == ReasonSuspended { // nobody looks at it, so it can't have failed
		s.note(ReasonSuspended, place.Environment+": "+place.Excuse.Message, since)
		return
	}
	if !i.Current {
		reason, told = ReasonInstalling, "not observed yet"
		since = latest(begun, p.unseenSince(s.member.Name)) //guard:touched-spec-is-no-failure
	}
	deadline := since.Add(w.ProgressDeadline)
	s.note(reason, fmt.Sprintf("%s: %s", place.Environment, told), since)
	if i.Current && i.Longest < w.Soak && last.Before(deadline) {
		s.wake(last)
		if !p.in.Now.Before(last) { //guard:comes-and-goes-has-failed
			s.failing = fmt.Sprintf("%s comes and goes: it was not healthy for %s on end since %s: %s", place.Environment, w.Soak, stampOf(begun), told)
		}
		return
	}
	s.wake(deadline)
	if !p.in.Now.Before(deadline) { //guard:deadline
		s.failing = fmt.Sprintf("%s was not healthy by %s: %s", place.Environment, stampOf(deadline), told)
	}
}

// unseenSince is since when nobody has observed a place of a member, as the notes of the
// Rollout tell; where they don't, that is news: a spec that was touched while the version
// soaked, or a status that was lost, is no failure of the version.
func (p *planner) unseenSince(member string) time.Time {
	for _, note := range p.in.Rollout.Status.OnTheWay {
		if note.Name == member && note.Reason == ReasonInstalling && note.Since != nil {
			return note.Since.Time
		}
	}
	return p.in.Now
}

// mindCalendar keeps a member that would be moved outside its own windows. One that has to
// wait longer than its deadline is away: it keeps nobody else waiting.
func (p *planner) mindCalendar(s *standing, w *Wave) {
	if len(s.candidates) == 0 || s.state == failed {
		return
	}
	days := s.member.Calendar.Open(p.in.Now)
	if days.Open {
		return
	}
	soaking := s.state == moving && s.reason != ReasonNextStage
	s.candidates = nil
	s.wake(days.Until)
	if soaking {
		return
	}
	s.reason, s.message = ReasonWindow, "Municipality "+s.member.Name+": "+days.Reason
	if next, ok := s.member.Calendar.NextOpening(p.in.Now); !ok || next.Sub(p.in.Now) > w.ProgressDeadline {
		s.state = away
	}
}

func (s *standing) note(reason, message string, since time.Time) {
	if s.reason == "" || reason == ReasonUnhealthy {
		s.reason, s.message, s.since = reason, message, since
	}
}

// wake notes that time alone changes how the member stands.
func (s *standing) wake(at time.Time) { s.until = earliest(s.until, at) }

// earliest of two times, of which zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func stampOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }
