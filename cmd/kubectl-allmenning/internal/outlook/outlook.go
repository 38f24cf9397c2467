// Package outlook foresees a promotion: who would get a version when, and who would not
// and why. It is pure. It asks the same packages as the operator, country and planner,
// and plays their plan forward.
//
//   - outlook.go: the question, and the answer for every group.
//   - play.go: the promotion, made in a copy of the world.
//   - promotion.go: what differs between two folders.
//   - queue.go: a group that carries as many introductions as it may.
//   - walls.go: what opens and closes around the app.
//   - doors.go: which doors to other municipalities do.
//   - text.go: the answer for a terminal.
package outlook

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/progress"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/review"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Question is what is asked.
type Question struct {
	App     string
	Version string
	Channel string
	// Was is the version that the channel pointed at before; empty where it points at it still.
	Was string
	// Network to look at; empty for every group.
	Network string
	// Install is how long a place needs to get healthy.
	Install time.Duration
	// Approved takes approvals as given when they are needed.
	Approved bool
	// Until is how far to look.
	Until time.Time
	Now   time.Time
}

func (q *Question) assumptions() planner.Assumptions {
	return planner.Assumptions{Install: q.Install, Approved: q.Approved}
}

// Outlook is the answer.
type Outlook struct {
	App     string `json:"app"`
	Version string `json:"version"`
	Channel string `json:"channel"`
	// Was is the version that the channel points at before the promotion.
	Was string `json:"was"`
	// At is when it was asked, and the promotion is taken to be made.
	At time.Time `json:"at"`
	// SecurityFix says that the version is one: neither announcement nor soak delays it, and it does
	// not queue.
	SecurityFix bool `json:"securityFix,omitempty"`
	// Faults are what a person must fix in the objects that it rests on: of files in all of them,
	// of a cluster in those that bring the app, as conditions report the others.
	Faults []review.Finding `json:"-"`
	// Notes say what is not known, and what was assumed.
	Notes  []string `json:"notes"`
	Groups []Group  `json:"groups"`
}

// Moves says whether anybody would get the version, or a Rollout would be made.
func (o *Outlook) Moves() bool {
	return slices.ContainsFunc(o.Groups, func(g Group) bool { return g.New || g.begins() != nil })
}

// Group is how it goes in one network, or among those who follow the channel directly.
type Group struct {
	// Name of the network, or "direct".
	Name string `json:"name"`
	// Channel that it follows: where it is another than the one that is promoted to, the
	// group has, or gets, the version anyway.
	Channel string `json:"channel"`
	// Rollout that brings the version; New where it would be made.
	Rollout string `json:"rollout"`
	New     bool   `json:"new"`
	// Over is set where the Rollout was completed before it was asked: CompletedAt is past,
	// and visits are of those who came later.
	Over bool `json:"over,omitempty"`
	// Now says what the rollout would do first, or wait for.
	Now string `json:"now,omitempty"`
	// Queue that the rollout waits in before it begins; nil where it waits in none.
	Queue *Queue `json:"queue,omitempty"`
	// CompletedAt is nil where it is not completed, as far as was looked.
	CompletedAt *time.Time `json:"completedAt,omitempty"`
	// Next is what it waits for in the end, where it is not completed.
	Next      string     `json:"next,omitempty"`
	Waves     []Wave     `json:"waves"`
	Approvals []Approval `json:"approvals,omitempty"`
	Visits    []Visit    `json:"visits"`
	// Walls are changes of what is open around the app, for those who get the version.
	Walls []Walls `json:"walls,omitempty"`
	// Doors are changes of what others are let in to, or it connects to; nil where there are none.
	Doors *Doors `json:"doors,omitempty"`
	// Remarks are what somebody who decides should know besides, such as who stands in for whom.
	Remarks []string `json:"remarks,omitempty"`
	// Elsewhere are members whose app another decides on, and who.
	Elsewhere []Elsewhere `json:"elsewhere,omitempty"`
}

// Elsewhere is a member of a network whose app another decides on.
type Elsewhere struct {
	Municipality string           `json:"municipality"`
	DecidedBy    v1alpha1.Decider `json:"decidedBy"`
}

// Wave sums up the places of one wave.
type Wave struct {
	Name string `json:"name"`
	// First and Last are when the first and the last place are asked to move.
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
	// Municipalities that get the version, in the order in which they do.
	Municipalities []string `json:"municipalities"`
}

// Approval is one that is wanting.
type Approval struct {
	Wave string `json:"wave"`
	// From is when the wave begins to wait for it.
	From *time.Time `json:"from,omitempty"`
}

// Visit is the version coming to one place, or not.
type Visit struct {
	Municipality string     `json:"municipality"`
	Environment  string     `json:"environment"`
	Wave         string     `json:"wave"`
	At           *time.Time `json:"at,omitempty"`
	// Reason is empty where the place gets the version; else why it does not, or Present.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// Of answers a question. It fails where the app, the version, the channel or the network
// are not there.
func Of(w *world.World, q Question) (Outlook, error) {
	o, err := w.App(q.App)
	if err != nil {
		return Outlook{}, err
	}

	app := catalogue.Compile(o)
	if err := world.Take(app, q.Version); err != nil {
		return Outlook{}, err
	}

	was, fault := app.Points(q.Channel)
	if fault != nil {
		return Outlook{}, fmt.Errorf("%s: name one of these with --channel", fault)
	}

	if q.Network != "" {
		if _, err := w.Network(q.Network); err != nil {
			return Outlook{}, err
		}
	}

	was = cmp.Or(q.Was, was)
	faults, notes := reviewed(w, q)
	answer := Outlook{
		App: q.App, Version: q.Version, Channel: q.Channel, Was: was, At: q.Now.UTC(), SecurityFix: app.IsSecurityFix(q.Version),
		Faults: faults, Notes: slices.Concat(w.Notes, notes, assumptions(w, q)), Groups: []Group{},
	}

	assumed := ""
	if w.Offline && len(w.Installations) == 0 {
		assumed = was
	}
	answer.Groups = foreseen(promoted(w, q), o.Spec.PilotNetworks, q, assumed)
	if q.Network != "" {
		answer.Groups = slices.DeleteFunc(answer.Groups, func(g Group) bool { return g.Name != q.Network })
	}
	return answer, nil
}

// reviewed is what the operator would report of the objects that an answer rests on.
func reviewed(w *world.World, q Question) (faults []review.Finding, notes []string) {
	about := func(kind, name string) bool {
		n, err := w.Network(name)
		switch {
		case w.Offline, kind == "SharedApp" && name == q.App, kind == "Platform":
			return true
		case kind == "Network" && err == nil:
			return n.Spec.Proposal(q.App) != nil
		}
		return false
	}
	wrong, remarks := review.Concerning(review.Of(w, q.Now), about)
	return wrong, review.Lines(remarks)
}

// Faults are those of all objects of files, whichever app is asked about.
func Faults(w *world.World, q Question) []review.Finding {
	faults, _ := reviewed(w, q)
	return faults
}

func assumptions(w *world.World, q Question) []string {
	all := []string{fmt.Sprintf("Taken for granted: an environment is healthy %s after it is asked to move, and nobody decides anything else meanwhile.", q.Install)}
	if q.Approved {
		all = append(all, "Approvals are taken to be given when they are needed.")
	}
	if w.Offline && len(w.Installations) == 0 {
		all = append(all, "The files hold no AppInstallations: nobody is taken to have the app yet, and what it requires is taken to be there.")
	}
	return all
}

// foreseen plays the rollouts of all groups: those of pilot networks first, as the others
// wait for them. Assumed is the version that all are taken to have; empty where that is known.
func foreseen(c *country.Country, pilots []string, q Question, assumed string) []Group {
	var first, rest []string
	for _, group := range c.Groups() {
		if slices.Contains(pilots, group) {
			first = append(first, group)
		} else {
			rest = append(rest, group)
		}
	}
	all := foreseeAll(c, first, time.Time{}, q, assumed)
	all = append(all, foreseeAll(c, rest, piloted(all, pilots), q, assumed)...)
	slices.SortStableFunc(all, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// foreseeAll plays the rollouts of groups.
func foreseeAll(c *country.Country, groups []string, piloted time.Time, q Question, assumed string) []Group {
	all := []Group{}
	for _, group := range groups {
		plan := c.Plan(group).Introductions
		for i := range plan {
			intro := &plan[i]
			if !isAsked(intro, q) {
				continue
			}
			in := whenPiloted(intro.Input, piloted)
			g := foresee(intro, in, q)
			if begins := g.begins(); begins != nil {
				g.Queue = queueAt(c, plan, i, in, *begins, q)
			}
			g.Walls = wallsOf(c, g.Visits, q, assumed)
			g.Doors = doorsOf(c, g.Visits, q, assumed)
			g.Channel, g.Elsewhere = channelOf(c, intro.Group, q.App), elsewhere(c, group, q.App)
			all = append(all, g)
		}
	}
	return all
}

// piloted is when all pilot networks are done; zero where that takes longer than was looked,
// or one waits in a queue, so that the time is unknown.
func piloted(all []Group, pilots []string) time.Time {
	var last time.Time
	for _, pilot := range pilots {
		at := slices.IndexFunc(all, func(g Group) bool { return g.Name == pilot })
		if at < 0 || all[at].CompletedAt == nil || all[at].Queue != nil {
			return time.Time{}
		}
		if all[at].CompletedAt.After(last) {
			last = *all[at].CompletedAt
		}
	}
	return last
}

// isAsked says whether an introduction brings the version to anybody.
func isAsked(intro *country.Introduction, q Question) bool {
	r := intro.Course.Current
	return intro.App == q.App && r != nil && r.Spec.Version == q.Version && len(intro.Input.Members) > 0
}

// whenPiloted lets what waits for pilot networks begin when they are done.
func whenPiloted(in planner.Input, piloted time.Time) planner.Input {
	if in.Gates.Pilots.WaitsFor != "" && piloted.After(in.Now) {
		in.Gates.Pilots, in.Now = planner.Gate{}, piloted
	}
	return in
}

// begins is when the first place is asked to move; nil where none is.
func (g *Group) begins() *time.Time {
	for i := range g.Visits {
		if g.Visits[i].Reason == "" {
			return g.Visits[i].At
		}
	}
	return nil
}

// foresee plays one rollout forward, as if its group carried no other.
func foresee(intro *country.Introduction, in planner.Input, q Question) Group {
	out := planner.Forecast(in, q.assumptions(), q.Until)
	g := Group{
		Name: nameOf(intro.Group), Rollout: in.Rollout.Name, New: in.Rollout.UID == newUID, Now: intro.Step.Next,
		CompletedAt: pointer(out.CompletedAt), Visits: make([]Visit, 0, len(out.Visits)), Waves: []Wave{},
	}

	if g.Over = planner.Completed(in.Rollout); g.Over { // nothing comes next, and no wave waits
		g.Now, out.Next, out.Approvals = "", "", nil
	}
	if g.CompletedAt == nil {
		g.Next = out.Next
	}

	for _, a := range out.Approvals {
		g.Approvals = append(g.Approvals, Approval{Wave: a.Wave, From: pointer(a.At)})
	}

	for _, v := range out.Visits {
		g.Visits = append(g.Visits, Visit{
			Municipality: v.Municipality, Environment: v.Environment, Wave: v.Wave, At: pointer(v.At), Reason: v.Reason, Message: v.Message,
		})
	}

	if !g.Over {
		g.Remarks = progress.StandIns(intro.Step.Status.Waves, in.Strategy)
	}

	for i := range in.Strategy.Waves {
		g.Waves = append(g.Waves, sum(in.Strategy.Waves[i].Name, g.Visits))
	}
	return g
}

// channelOf is the channel that a group follows.
func channelOf(c *country.Country, g resolution.Group, app string) string {
	if p := proposal(c, g.Network, app); p != nil {
		return cmp.Or(p.Channel, v1alpha1.DefaultChannel)
	}
	return g.Channel
}

// proposal of an app by a network; nil where it makes none.
func proposal(c *country.Country, network, app string) *v1alpha1.Proposal {
	n := c.Network(network)
	if n == nil {
		return nil
	}

	return n.Spec.Proposal(app)
}

// elsewhere are the members of a network for which others decide on an app.
func elsewhere(c *country.Country, group, app string) []Elsewhere {
	var all []Elsewhere
	for municipality, by := range c.Adoption(app, group).DecidedElsewhere {
		all = append(all, Elsewhere{municipality, by})
	}
	return all
}

func nameOf(g resolution.Group) string { return cmp.Or(g.Network, country.Direct) }

func pointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// sum sums up the visits of a wave, which are sorted by time.
func sum(wave string, visits []Visit) Wave {
	w := Wave{Name: wave, Municipalities: []string{}}
	for _, v := range visits {
		if v.Wave != wave || v.Reason != "" {
			continue
		}
		if w.First == nil {
			w.First = v.At
		}
		w.Last = v.At
		if !slices.Contains(w.Municipalities, v.Municipality) {
			w.Municipalities = append(w.Municipalities, v.Municipality)
		}
	}
	return w
}
