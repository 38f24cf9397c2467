package planner

import (
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/installation"
)

// Member is a municipality that a group's rollout counts: one that follows the group, also
// where it is excused now.
type Member struct {
	Name   string
	Labels map[string]string
	// Suspended says that nothing of the municipality may be changed.
	Suspended bool
	// Frozen says that it is suspended so that its people change nothing either, who can't end it.
	Frozen bool
	// Paused says that nothing new may come to the municipality. What is on its way is watched,
	// and returns if it fails.
	Paused bool
	// Calendar of the municipality; nil is always.
	Calendar *calendar.Calendar
	// Places are its environments for the app.
	Places []MemberPlace
}

// MemberPlace is one environment of a member.
type MemberPlace struct {
	Environment string
	Stage       v1alpha1.Stage
	// Excuse says why the place does not take part; zero where it does.
	Excuse Excuse
	// Installed is nil where nothing is.
	Installed *Installed
	// TakenOut says that the environment left the municipality's spec, or follows the group no longer. The rollout
	// writes nothing there; how a version fares that it brought there still counts for the stages after it.
	TakenOut bool
	// Leaving says that what is installed in such an environment is about to be uninstalled.
	Leaving bool
	// Barred are versions other than the target that can't be installed here now, such as for want of an app
	// that they require. They are known only where nothing is installed.
	Barred []string
}

// Excuse is why a place, or a member, does not take part.
type Excuse struct {
	// Reason is the reason in a word, such as Held.
	Reason string
	// Message is the reason in words.
	Message string
	// Away says that it ends by itself, or by somebody else's doing, and that the place then
	// takes part. It keeps the place out for now; it is no decision against the version.
	Away bool
}

// decided says whether the municipality decided against the version here, such as by a hold.
func (p *MemberPlace) decided() bool { return p.Excuse.Reason != "" && !p.Excuse.Away }

// at says whether a place is asked to have a release.
func (p *MemberPlace) at(r v1alpha1.Release) bool {
	return p.Installed != nil && p.Installed.Release == r
}

// absence is what keeps a place that has the version from being held to it: nobody looks at it, or
// it has a fault that is the municipality's own. Zero where nothing does.
func (p *MemberPlace) absence() Excuse {
	switch {
	case p.Excuse.Away && !p.refused():
		return p.Excuse
	case p.Installed.Fault.Blame == installation.BlameMember: //guard:own-fault-is-away
		return Excuse{Reason: p.Installed.Fault.Code, Message: p.Environment + ": " + p.Installed.Fault.Message, Away: true}
	}
	return Excuse{}
}

// refused says whether the API server refuses for good what is to be written here. How what is there
// is doing can be seen all the same; nobody waits for what can't be written.
func (p *MemberPlace) refused() bool {
	return p != nil && p.Excuse.Away && p.Excuse.Reason == v1alpha1.ReasonRefused
}

// order is the way through a member: each stage after the one before has soaked.
var order = []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}

// IsLater says whether a version comes to a stage after another.
func IsLater(stage, than v1alpha1.Stage) bool {
	return slices.Index(order, stage) > slices.Index(order, than)
}

// state of a member in a rollout.
type state uint8

const (
	waiting state = iota
	moving
	verified
	failed
	excused
	away
)

// standing is how a member is doing. There is one for each member: what is small comes together.
type standing struct {
	member *Member
	wave   int
	state  state
	// stage that it is at, as an index of order.
	stage uint8
	// started says that this rollout has moved it.
	started bool
	// movable says that places of its stage would be moved next.
	movable bool
	// catchingUp says that it was brought what the group ran, and may still get healthy in time.
	catchingUp bool
	// failing says that it failed, and that what of it has the version still has to go back.
	failing bool
	// unseen says that a place was not observed yet as it is asked to be.
	unseen bool
	// unrecorded says that no installation records the failure yet.
	unrecorded bool
	// late says that it failed in a wave that is not done by the name it had then, or was done before.
	late bool
	// flaky says that it failed as it was never healthy for long enough.
	flaky bool
	// first is when this rollout moved it first, as far as is known.
	first time.Time
	// reason in a word, and the place that it is about; nil where it is about the member.
	reason string
	place  *MemberPlace
	// message in words, where they are known; else they are made when somebody asks.
	message string
	since   time.Time
	// until is when time alone changes how it is doing; zero if never.
	until time.Time
	// deadline by which it was to be healthy.
	deadline time.Time
}

// takesPart says whether any place of the member does, now or when it is back.
func (m *Member) takesPart() bool {
	return !m.Suspended && slices.ContainsFunc(m.Places, func(p MemberPlace) bool { return !p.decided() && !p.TakenOut })
}

// follows says whether a stage of the member that takes part comes after another.
func (m *Member) follows(stage v1alpha1.Stage) bool {
	return slices.ContainsFunc(m.Places, func(p MemberPlace) bool { return p.comesAfter(stage) })
}

// has says whether any place of the member has a release, of those that were not taken out.
func (m *Member) has(r v1alpha1.Release) bool {
	return slices.ContainsFunc(m.Places, func(p MemberPlace) bool { return p.at(r) && !p.TakenOut })
}

// candidates are the places that are moved next, of a member that may be moved.
func (s *standing) candidates(target v1alpha1.Release) []*MemberPlace {
	var all []*MemberPlace
	for i := range s.member.Places {
		p := &s.member.Places[i]
		if p.Stage == order[s.stage] && p.Excuse.Reason == "" && !p.TakenOut && !p.at(target) {
			all = append(all, p)
		}
	}
	return all
}

// missing are the places of the first stage that has nothing installed, and where a release can be, where what
// the stages before have is healthy.
func (m *Member) missing(r v1alpha1.Release) []*MemberPlace {
	for _, stage := range order {
		var empty []*MemberPlace
		healthy := true
		for i := range m.Places {
			place := &m.Places[i]
			if place.Stage != stage || place.decided() {
				continue
			}
			if place.Installed == nil && !place.Excuse.Away &&
				!slices.Contains(place.Barred, r.Version) { //guard:catch-up-minds-what-fits
				empty = append(empty, place)
			}
			healthy = healthy && place.Installed.Healthy()
		}
		if !healthy {
			return empty
		}
	}
	return nil
}

// underWay says whether this rollout has moved a member that is not through, also where it waits for an
// approval that its wave needs by now.
func (s *standing) underWay() bool { return s.state == moving || (s.state == waiting && s.started) }

// comesAfter says whether a place takes part, in a stage after another.
func (p *MemberPlace) comesAfter(stage v1alpha1.Stage) bool {
	return !p.decided() && !p.TakenOut && IsLater(p.Stage, stage)
}

// wake notes that time alone changes how the member is doing.
func (s *standing) wake(at time.Time) { s.until = calendar.Earliest(s.until, at) }

// note says what a member on its way is doing at a place.
func (s *standing) note(reason string, place *MemberPlace, since, deadline time.Time) {
	s.unseen = s.unseen || reason == v1alpha1.ReasonInstalling
	if urgency(reason) > urgency(s.reason) {
		s.reason, s.place, s.since, s.deadline = reason, place, since, deadline
	}
}

// urgency orders what a member on its way is reported for: first what may fail it soonest.
func urgency(reason string) int {
	switch reason {
	case "":
		return 0
	case v1alpha1.ReasonSoaking:
		return 1
	case v1alpha1.ReasonInstalling:
		return 2
	case v1alpha1.ReasonUnhealthy:
		return 4
	}
	return 3 // a fault that is not the version's
}

// goesAway notes that a member can't be moved for now.
func (s *standing) goesAway(reason, message string, place *MemberPlace) {
	s.state, s.reason, s.message, s.place = away, reason, message, place
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
