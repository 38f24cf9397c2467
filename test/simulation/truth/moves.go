package truth

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Kind is what a move is for.
type Kind string

// The kinds of moves.
const (
	Advance Kind = "Advance"
	CatchUp Kind = "CatchUp"
	Return  Kind = "Return"
	Hold    Kind = "Hold"
)

// Move is what a Rollout is about to write to an installation.
type Move struct {
	Key
	Kind Kind
	To   v1alpha1.Release
	// Record is what the installation will say of the move.
	Record v1alpha1.Move
	// Rollout that moves, as the operator saw it.
	Rollout *v1alpha1.Rollout
	// Before is the installation as it is; nil where there is none.
	Before *v1alpha1.AppInstallation
	// Returning are members that go back, or are left as they are, in the same step.
	Returning map[string]bool
}

// moved is a move with what is so at that moment.
type moved struct {
	*Truth
	Move
	m       *v1alpha1.Municipality
	member  Member
	belongs bool
	promise Promise
}

// check is a promise about moves. It says what is wrong; nothing where the promise is kept.
type check struct {
	name string
	so   func(*moved) string
}

var (
	// ofEveryMove are promises about whatever a Rollout writes to an installation.
	ofEveryMove = []check{{"consent", followsConsent}, {"suspension", nobodySuspended}, {"freeze", nothingFrozen}, {"ended", notEnded}}
	// ofNewSteps are promises about every move that brings a version.
	ofNewSteps = []check{
		{"pause", notPaused}, {"windows", withinWindows}, {"catalogue", inCatalogue}, {"presence", placeExists}, {"stages", stageByStage},
		{"never lower", neverLower}, {"parameters", givesParameters},
	}
	// ofAdvances are promises about whatever brings the target.
	ofAdvances = []check{
		{"target", bringsTarget}, {"budget", withinBudget}, {"percentages", withinBudgetShare}, {"failed once", notFailedBefore},
		{"approval", approvedItself}, {"approval before", approvedBefore}, {"stages", fromTakenOut},
	}
	// ofBeginnings are promises that hold where a member is moved for the first time.
	ofBeginnings = []check{
		{"announcement", announced}, {"pilot networks", pilotsCompleted},
		{"introductions", notTooMany}, {"wave order", wavesBeforeDone}, {"maxConcurrent", withinLimit}, {"percentages", withinShare},
	}
	// ofReturns are promises about members that go back, or are left as they are.
	ofReturns = []check{
		{"return", returnsOnce}, {"verified release", returnsToVerified}, {"watching", wasWatched}, {"healthy", wasUnhealthy}, {"done stays done", notDoneLongAgo},
	}
)

func (m *moved) holds(all []check) {
	for _, c := range all {
		if what := c.so(m); what != "" {
			m.Broken(c.name, "%s of %s %s to %s %s by %s: %s", m.Kind, m.Municipality, m.Environment, m.App, m.To.Version, m.Rollout.Name, what)
		}
	}
}

// Moves holds a move to the promises, and remembers it.
func (t *Truth) Moves(move Move) {
	m := &moved{Truth: t, Move: move, m: t.Municipalities[move.Municipality], promise: t.promise(move.Rollout)}
	m.member, m.belongs = t.member(move.Rollout, move.Municipality)
	e := t.Ledger.of(move.Rollout.Name)
	if move.Kind == Advance && move.Record.Wave == m.promise.Waves[0].Name {
		e.goesFirst = move.Municipality
		defer func() { e.goesFirst = "" }()
	}
	m.holds(ofEveryMove)
	for name, other := range t.Ledger.rollouts { // what it records takes the place of what another did
		if name != move.Rollout.Name {
			delete(other.past, move.Key)
		}
	}
	switch move.Kind {
	case Return, Hold:
		m.holds(ofReturns)
		e.returned[move.Key], e.failed[move.Municipality] = true, true
		e.wentBack[move.Key] = move.Kind == Return
		delete(e.borne, move.Municipality)
		return
	case CatchUp:
		m.holds(ofNewSteps)
		m.holds([]check{{"catch up", catchesUp}})
		delete(e.past, move.Key) // what was verified there was uninstalled
	case Advance:
		m.holds(ofNewSteps)
		m.holds(ofAdvances)
		if m.belongs && !m.started(m.member, move.Rollout) {
			m.holds(ofBeginnings)
		}
		e.begun = true
		t.Ledger.leaves(move.Rollout)
		delete(e.past, move.Key)
		delete(e.borne, move.Municipality)
	}
	t.leaves(move.Key, move.Before)
	t.Ledger.pending[move.Key] = stretch{rollout: move.Rollout.Name, since: t.Ledger.byTheClock()}
	t.Ledger.moved[move.Key] = stretch{rollout: move.Rollout.Name, since: t.Ledger.watched}
	t.Ledger.brings(move.Key, move.To, groupOf(move.Rollout))
}

// leaves notes that a place ran a release for so long that nobody can doubt it was verified, as
// the operator could see too.
func (t *Truth) leaves(k Key, before *v1alpha1.AppInstallation) {
	if before == nil || before.Spec.State == v1alpha1.InstallationAbsent {
		return
	}
	const surely = 24 * time.Hour // no wave soaks longer
	was, since := releaseOf(before), before.Status.HealthySince
	seen := since != nil && before.Status.ObservedGeneration == before.Generation && !since.Add(surely).After(t.Now)
	if !seen || !t.Reality[k].Steady(was, surely, t.Now) {
		t.Ledger.mayBeVerified(k, was)
		return
	}
	delete(t.Ledger.maybe, k)
	t.Ledger.verified[k] = append(slices.DeleteFunc(t.Ledger.verified[k], func(r v1alpha1.Release) bool { return r == was }), was)
}

func followsConsent(m *moved) string {
	if m.m == nil || !m.m.DeletionTimestamp.IsZero() {
		return "there is no such municipality any longer"
	}
	s := m.Says(m.Key)
	back := m.Kind == Return || m.Kind == Hold // also where it could not have the version newly now
	switch {
	case s.Group != groupOf(m.Rollout):
		return fmt.Sprintf("it does not follow the group, but %s", s.Group)
	case s.Excuse == "" || (back && requiredZone(m.Apps[m.App], m.To.Version, m.m.Spec.StageOf(m.Environment)) != ""):
		return ""
	}
	return "it is " + s.Excuse
}

func nobodySuspended(m *moved) string {
	n, app := m.Networks[m.Rollout.Spec.Network], m.Apps[m.App]
	switch {
	case m.m != nil && m.m.Spec.Suspend.IsSuspended():
		return "the municipality is suspended"
	case n != nil && ptr.Deref(n.Spec.Suspend, false):
		return "the network is suspended"
	case app != nil && ptr.Deref(app.Spec.Suspend, false):
		return "the app is suspended"
	case ptr.Deref(m.Platform.Spec.Suspend, false):
		return "the platform is suspended"
	}
	return ""
}

func nothingFrozen(m *moved) string {
	if ptr.Deref(m.Platform.Spec.Freeze, false) {
		return "the platform is frozen"
	}
	return ""
}

func notEnded(m *moved) string {
	if live := m.Rollouts[m.Rollout.Name]; live != nil && ended(live) {
		return "the Rollout has ended: " + string(live.Status.Phase)
	}
	return ""
}

func notPaused(m *moved) string {
	n, app := m.Networks[m.Rollout.Spec.Network], m.Apps[m.App]
	switch {
	case ptr.Deref(m.Platform.Spec.Pause, false):
		return "the platform is paused"
	case m.m != nil && ptr.Deref(m.m.Spec.Pause, false):
		return "the municipality is paused"
	case n != nil && ptr.Deref(n.Spec.Pause, false):
		return "the network is paused"
	case app != nil && ptr.Deref(app.Spec.Pause, false):
		return "the app is paused"
	}
	return ""
}

func withinWindows(m *moved) string {
	switch {
	case !m.mayStart(m.promise.Windows, m.promise.Freezes, m.Now):
		return "the network is outside its windows, or frozen"
	case !m.mayStart(m.m.Spec.Windows, m.m.Spec.Freezes, m.Now):
		return "the municipality is outside its windows, or frozen"
	}
	return ""
}

func inCatalogue(m *moved) string {
	if !m.usable(m.App, m.To) {
		return "the catalogue does not have the version, or has withdrawn it"
	}
	return ""
}

func placeExists(m *moved) string {
	if m.Move.Before != nil && m.Move.Before.Spec.Digest == m.To.Digest {
		return ""
	}
	return m.absent(m.Key, m.To.Version)
}

// neverLower says whether a version is lowered by a group that did not bring it.
func neverLower(m *moved) string {
	if was, known := m.Ledger.removed[m.Key]; m.Move.Before == nil && known && lower(m.To.Version, was.Version) {
		return fmt.Sprintf("it had %s until somebody deleted its AppInstallation", was.Version)
	}
	if m.Move.Before == nil || m.Move.Before.Spec.State == v1alpha1.InstallationAbsent || !lower(m.To.Version, m.Move.Before.Spec.Version) {
		return ""
	}
	if m.mayLower(m.Key, m.Move.Before, groupOf(m.Rollout)) == no {
		return fmt.Sprintf("it has %s, which another brought", m.Move.Before.Spec.Version)
	}
	return ""
}

// stageByStage says whether a stage before is not healthy at what is brought.
func stageByStage(m *moved) string {
	if !m.belongs {
		return "it is no member"
	}
	own := slices.Index(stages, m.m.Spec.StageOf(m.Environment))
	_, wave := m.wave()
	e := m.Ledger.of(m.Rollout.Name)
	for _, other := range m.member.Places {
		if !other.Takes() || other.Unclear || slices.Index(stages, other.Stage) >= own {
			continue
		}
		if m.Kind == CatchUp {
			if r := m.Reality[other.Key]; r == nil || !r.Healthy {
				return other.Environment + " has nothing that is healthy"
			}
			continue
		}
		done := e.isDone(wave.Name) || e.verified[m.Municipality]
		if !m.at(other.Key, m.To) || (!done && !m.Reality[other.Key].Soaked(m.To, wave.Soak, m.Now)) {
			return other.Environment + " was not verified before"
		}
	}
	return ""
}

func bringsTarget(m *moved) string {
	if m.To != target(m.Rollout) {
		return "the Rollout brings " + m.Rollout.Spec.Version
	}
	return ""
}

func notFailedBefore(m *moved) string {
	b := m.Move.Before
	if m.Ledger.of(m.Rollout.Name).returned[m.Key] && b != nil && b.Spec.Move != nil && b.Spec.Move.Rollout == m.Rollout.Name {
		return "it failed in this Rollout, and is not tried again"
	}
	return ""
}

// withinBudget counts the failures of each wave that is not done.
func withinBudget(m *moved) string { return m.failures(func(c crowd) int { return c.members }) }

// withinBudgetShare is the same where maxFailures is a percentage: of those who take part.
func withinBudgetShare(m *moved) string { return m.failures(crowd.takePart) }

func (m *moved) failures(of func(crowd) int) string {
	e := m.Ledger.of(m.Rollout.Name)
	for i, wave := range m.promise.Waves {
		if e.isDone(wave.Name) {
			continue // who joins it later, and fails, stops nobody
		}
		c := m.crowd(m.Rollout, m.promise, i, m.Returning)
		if budget := share(wave.Budget, of(c)); c.exceeds(budget) {
			return fmt.Sprintf("%d of %d members of wave %s failed, and %d may", c.failed, of(c), wave.Name, budget)
		}
	}
	return ""
}

// wave that the move is recorded in.
func (m *moved) wave() (int, Wave) {
	i := m.promise.index(m.Record.Wave)
	if i < 0 {
		i = len(m.promise.Waves) - 1
	}
	return i, m.promise.Waves[i]
}
