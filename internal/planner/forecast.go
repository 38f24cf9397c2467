package planner

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// DefaultInstall is how long a forecast takes a place to need, where nobody says.
const DefaultInstall = 5 * time.Minute

// maxPlays bounds a forecast: of a group that goes on for longer that is said.
const maxPlays = 5_000

// ReasonPresent is the reason of a visit to a place that has the version already.
const ReasonPresent = "Present"

// Assumptions are what a forecast takes for granted, besides that all goes well.
type Assumptions struct {
	// Install is how long a place needs from when it is asked to move until it is healthy.
	// Default: DefaultInstall.
	Install time.Duration
	// Approved takes every approval as given when it is needed; ForecastResult lists them all the same.
	Approved bool
}

// ForecastResult is what a forecast comes to.
type ForecastResult struct {
	// Visits are one for each place of each member: first those that have the version, then
	// those that get it, by time, then those that do not; of equals by municipality and
	// environment.
	Visits []Visit
	// Approvals are those that are wanting, in the order of the waves.
	Approvals []Wanting
	// CompletedAt is when the rollout is completed; zero where it is not, as far as was looked.
	CompletedAt time.Time
	// Next is what the rollout says, at the end of what was looked at, that comes next.
	Next string
}

// Visit is the version coming to one place, or not.
type Visit struct {
	Municipality, Environment, Wave string
	// At is when the place is asked to move, or was; zero where it is not, and where another
	// than this rollout brought the version.
	At time.Time
	// Reason is empty where the place gets the version. Else it says why it does not, as notes
	// do, or that it is Present.
	Reason string
	// Message says it in words.
	Message string
}

// Wanting is a wave that waits for an approval which nobody gave.
type Wanting struct {
	Wave string
	// At is when it begins to wait; zero where it does not come to that.
	At time.Time
}

// where is an environment of a member.
type where struct{ municipality, environment string }

// pending is an installation that gets healthy.
type pending struct {
	installed *Installed
	at        time.Time
}

// play is a rollout that is played forward. What it changes are copies.
type play struct {
	in      Input
	install time.Duration
	asked   map[where]time.Time
	// pending are in the order of time, as each needs as long as the others.
	pending []pending
	step    Step
}

// Forecast plays a rollout forward until a point in time. It takes for granted that every
// place that is on its way is healthy after a while, and stays so, and that nobody decides
// anything until then: holds, pauses and memberships are as they are now. What failed has
// failed.
func Forecast(in Input, a Assumptions, until time.Time) ForecastResult {
	began := in.Now
	wanting := in.wanting()
	f := newPlay(in, a)
	for range maxPlays {
		f.step = Plan(f.in)
		f.in.Rollout.Status = f.step.Status
		f.carryOut()
		at := f.nextTime()
		if at.IsZero() || at.After(until) {
			break
		}
		f.in.Now = at
		f.settle()
	}
	return f.outlook(wanting, began)
}

func newPlay(in Input, a Assumptions) *play {
	f := &play{in: in, install: cmp.Or(a.Install, DefaultInstall), asked: map[where]time.Time{}}
	f.in.Rollout = in.Rollout.DeepCopy()
	f.in.Outages = Outages{{Until: in.Now}} // what is on its way has as long as what sets out
	f.in.Strategy.Waves = slices.Clone(in.Strategy.Waves)
	if a.Approved {
		f.in.Strategy = in.Strategy.WithApprovals()
	}
	for i := range f.in.Strategy.Waves {
		w := &f.in.Strategy.Waves[i]
		w.ProgressDeadline = max(w.ProgressDeadline, f.install)
	}
	f.in.Members = slices.Clone(in.Members)
	for i := range f.in.Members {
		m := &f.in.Members[i]
		m.Places = slices.Clone(m.Places)
		for j := range m.Places {
			if there := m.Places[j].Installed; there != nil && !there.Healthy() && (there.Stamp == nil || there.Stamp.Outcome == "") {
				m.Places[j].Installed = f.gets(*there)
			}
		}
	}
	return f
}

// wanting are the waves whose approvals nobody gave.
func (in *Input) wanting() []Wanting {
	var all []Wanting
	for _, w := range in.Strategy.Waves {
		if approved, _ := in.Strategy.approved(in.Rollout.Spec, w.Name); w.RequireApproval && !approved {
			all = append(all, Wanting{Wave: w.Name})
		}
	}
	return all
}

// gets notes that an installation gets healthy.
func (f *play) gets(i Installed) *Installed {
	f.pending = append(f.pending, pending{installed: &i, at: f.in.Now.Add(f.install)})
	return &i
}

// carryOut makes the moves of the step.
func (f *play) carryOut() {
	for _, move := range f.step.Moves {
		at, _ := slices.BinarySearchFunc(f.in.Members, move.Municipality, func(m Member, name string) int { return cmp.Compare(m.Name, name) })
		places := f.in.Members[at].Places
		p := &places[slices.IndexFunc(places, func(p MemberPlace) bool { return p.Environment == move.Environment })]
		switch move.Kind {
		case Hold:
			held := *p.Installed
			held.Stamp = &move.Stamp
			p.Installed = &held
			continue
		case Advance:
			f.asked[where{move.Municipality, move.Environment}] = f.in.Now
		case Return:
			delete(f.asked, where{move.Municipality, move.Environment})
		case CatchUp:
		}
		p.Installed = f.gets(Installed{Release: move.To, Stamp: &move.Stamp})
	}
}

// nextTime is when anything changes by itself; zero if nothing does.
func (f *play) nextTime() time.Time {
	var at time.Time
	if f.step.Again.After(f.in.Now) {
		at = f.step.Again
	}
	if len(f.pending) > 0 {
		at = calendar.Earliest(at, f.pending[0].at)
	}
	return at
}

// settle lets be healthy what is so by now.
func (f *play) settle() {
	for len(f.pending) > 0 && !f.pending[0].at.After(f.in.Now) {
		i := f.pending[0].installed
		i.Current, i.HealthySince, i.UnhealthySince, i.Message = true, f.pending[0].at, time.Time{}, ""
		f.pending = f.pending[1:]
	}
}

func (f *play) outlook(wanting []Wanting, began time.Time) ForecastResult {
	status := f.in.Rollout.Status
	c := newCount(&f.in)
	for i := range wanting {
		wanting[i].At = f.comesTo(wanting[i].Wave, began)
	}
	out := ForecastResult{Approvals: wanting, Next: f.step.Next, CompletedAt: ptr.Deref(status.CompletedAt, metav1.Time{}).Time}
	for i := range c.members {
		s := &c.members[i]
		for j := range s.member.Places {
			if place := &s.member.Places[j]; !place.TakenOut {
				out.Visits = append(out.Visits, f.visit(c, s, place))
			}
		}
	}
	slices.SortStableFunc(out.Visits, func(a, b Visit) int {
		return cmp.Or(
			cmp.Compare(a.rank(), b.rank()), a.At.Compare(b.At),
			cmp.Compare(a.Municipality, b.Municipality), cmp.Compare(a.Environment, b.Environment),
		)
	})
	return out
}

// comesTo is when the waves before one are done.
func (f *play) comesTo(wave string, began time.Time) time.Time {
	at := began
	for _, w := range f.in.Rollout.Status.Waves {
		switch {
		case w.Name == wave:
			return at
		case w.CompletedAt == nil:
			return time.Time{}
		}
		at = latest(at, w.CompletedAt.Time)
	}
	return time.Time{}
}

// rank puts those that have the version first, and those that do not get it last.
func (v Visit) rank() int {
	switch v.Reason {
	case ReasonPresent:
		return 0
	case "":
		return 1
	}
	return 2
}

func (f *play) visit(c *count, s *standing, there *MemberPlace) Visit {
	v := Visit{Municipality: s.member.Name, Environment: there.Environment, Wave: c.strategy.Waves[s.wave].Name}
	if at, asked := f.asked[where{v.Municipality, v.Environment}]; asked {
		v.At = at
		return v
	}
	if there.Installed != nil && there.Installed.Release == c.target {
		v.Reason = ReasonPresent
		if stamp := c.stamp(there); stamp != nil {
			v.At, v.Message = stamp.MovedAt.Time, stamp.Message
		}
		return v
	}
	wait := c.waitsFor(s, there)
	v.Reason, v.Message = cmp.Or(wait.Reason, v1alpha1.ReasonWaiting), wait.Message
	return v
}
