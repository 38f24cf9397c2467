package main

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// moved is a move that is about to be written, with what is so at that moment.
type moved struct {
	*truth
	k       key
	m       *v1alpha1.Municipality
	r       *v1alpha1.Rollout
	kind    rollout.Kind
	to      v1alpha1.Release
	stamp   rollout.Stamp
	before  *v1alpha1.AppInstallation
	promise promise
	// returning are members that go back in the same step.
	returning map[string]bool
}

// invariant is a promise about moves. It says what is wrong; nothing where it is kept.
type invariant struct {
	name  string
	check func(*moved) string
}

// ofEveryMove are promises that hold for whatever a rollout writes to an installation.
var ofEveryMove = []invariant{
	{"consent", followsConsent},
	{"suspension", nobodySuspended},
	{"freeze", nothingFrozen},
	{"ended", notEnded},
}

// ofNewSteps are promises that hold for whatever brings a version to anybody.
var ofNewSteps = []invariant{
	{"pause", notPaused},
	{"windows", withinWindows},
	{"catalogue", inCatalogue},
	{"presence", placeIsThere},
	{"stages", stageByStage},
}

// ofAdvances are promises that hold for whatever brings the target.
var ofAdvances = []invariant{
	{"target", bringsTarget},
	{"budget", withinBudget},
	{"failed once", notFailedBefore},
}

// ofBeginnings are promises that hold where a member is moved for the first time.
var ofBeginnings = []invariant{
	{"approval", approved},
	{"announcement", announced},
	{"pilot networks", pilotsCompleted},
	{"introductions", notTooMany},
	{"wave order", wavesBeforeDone},
	{"maxConcurrent", withinLimit},
}

func (m *moved) holds(w *world, all []invariant) {
	for _, i := range all {
		if what := i.check(m); what != "" {
			w.violate(i.name, "%s of %s %s to %s %s by %s: %s", m.kind, m.k.municipality, m.k.environment, m.k.app, m.to.Version, m.r.Name, what)
		}
	}
}

// judgeInstallation holds what is about to be written to the promises.
func (w *world) judgeInstallation(r *write) {
	if r.move == nil {
		w.judgeConsent(r)
		return
	}
	current := r.intro.Course.Current
	m := &moved{
		truth: w.truth, k: r.installed, m: w.store.municipalities[r.installed.municipality], r: current, kind: r.move.Kind, to: r.move.To,
		stamp: r.move.Stamp, before: r.before, promise: w.truth.promise(current), returning: map[string]bool{},
	}
	for _, other := range r.intro.Step.Moves {
		if other.Kind == rollout.Return || other.Kind == rollout.Hold {
			m.returning[other.Municipality] = true
		}
	}
	m.holds(w, ofEveryMove)
	entry := w.ledger.of(current.Name)
	switch m.kind {
	case rollout.Return, rollout.Hold:
		m.holds(w, []invariant{{"return", returnsOnce}, {"watching", wasWatched}, {"healthy", wasUnwell}})
		entry.returned[m.k], entry.failed[m.k.municipality], entry.begun = true, true, true
		return
	case rollout.CatchUp:
		m.holds(w, ofNewSteps)
		m.holds(w, []invariant{{"catch up", catchesUp}})
		return
	case rollout.Advance:
	}
	m.holds(w, ofNewSteps)
	m.holds(w, ofAdvances)
	if f, ok := m.follower(current, m.m.Name); ok && !m.started(f, current) {
		m.holds(w, ofBeginnings)
	}
	entry.begun = true
	entry.started[m.k.municipality] = true
}

// judgeConsent holds to the promises what a municipality decided by itself.
func (w *world) judgeConsent(r *write) {
	if r.after.Spec.State == v1alpha1.InstallationAbsent {
		return
	}
	m := w.store.municipalities[r.installed.municipality]
	to := v1alpha1.Release{Version: r.after.Spec.Version, Digest: r.after.Spec.Digest}
	kept := r.before != nil && r.before.Spec.Version == to.Version && r.before.Spec.Digest == to.Digest
	if why := refuses(m, r.installed, w.truth.now); why == "declined" && !kept {
		w.violate("consent", "%s %s is written to %s, which declined it", r.installed.app, to.Version, r.installed.municipality)
	}
	if !kept && !w.truth.usable(r.installed.app, to) {
		w.violate("catalogue", "%s takes %s %s newly into use, which the catalogue does not have", r.installed.municipality, r.installed.app, to.Version)
	}
}

func followsConsent(m *moved) string {
	if m.m == nil || !m.m.DeletionTimestamp.IsZero() {
		return "there is no such municipality any longer"
	}
	if why := refuses(m.m, m.k, m.now); why != "" {
		return "the app is " + why
	}
	v, ok := m.verdict(m.k)
	if !ok || v.Group != groupOf(m.r) {
		return fmt.Sprintf("it does not follow the group, but %s", v.Group)
	}
	back := m.kind == rollout.Return || m.kind == rollout.Hold // also where the version can't be had any longer
	if !m.takesPart(v) && (v.Why != resolution.Blocked || !back) {
		return fmt.Sprintf("it is %s", v.Why)
	}
	return ""
}

func nobodySuspended(m *moved) string {
	n, app := m.w.store.networks[m.r.Spec.Network], m.w.store.apps[m.k.app]
	switch {
	case m.m != nil && ptr.Deref(m.m.Spec.Suspend, false):
		return "the municipality is suspended"
	case n != nil && ptr.Deref(n.Spec.Suspend, false):
		return "the network is suspended"
	case app != nil && ptr.Deref(app.Spec.Suspend, false):
		return "the app is suspended"
	case ptr.Deref(m.w.store.platform.Spec.Suspend, false):
		return "the platform is suspended"
	}
	return ""
}

func nothingFrozen(m *moved) string {
	if ptr.Deref(m.w.store.platform.Spec.Freeze, false) {
		return "the platform is frozen"
	}
	return ""
}

func notEnded(m *moved) string {
	if live := m.w.store.rollouts[m.r.Name]; live != nil && rollout.Ended(live) {
		return "the rollout has ended: " + string(live.Status.Phase)
	}
	return ""
}

func notPaused(m *moved) string {
	n, app := m.w.store.networks[m.r.Spec.Network], m.w.store.apps[m.k.app]
	switch {
	case n != nil && ptr.Deref(n.Spec.Pause, false):
		return "the network is paused"
	case app != nil && ptr.Deref(app.Spec.Pause, false):
		return "the app is paused"
	}
	return ""
}

func withinWindows(m *moved) string {
	if s := m.promise.calendar.Open(m.now); !s.Open {
		return "the network is " + s.Reason
	}
	if s := m.w.calendarOf(m.m).Open(m.now); !s.Open {
		return "the municipality is " + s.Reason
	}
	return ""
}

func inCatalogue(m *moved) string {
	if !m.usable(m.k.app, m.to) {
		return "the catalogue does not have the version, or has withdrawn it"
	}
	return ""
}

func placeIsThere(m *moved) string {
	if m.before != nil && m.before.Spec.Digest == m.to.Digest {
		return ""
	}
	return m.absence(m.m, m.k)
}

// stageByStage says whether a stage before is not well at what is brought.
func stageByStage(m *moved) string {
	e := m.m.Spec.Environment(m.k.environment)
	f, ok := m.follower(m.r, m.m.Name)
	if !ok || e == nil {
		return "it is no member"
	}
	_, wave := m.wave()
	for _, v := range f.places {
		other := m.m.Spec.Environment(v.Environment)
		if other == nil || !m.takesPart(v) || slices.Index(stages, other.Stage) >= slices.Index(stages, e.Stage) {
			continue
		}
		k := f.key(v)
		if m.kind == rollout.CatchUp {
			if r := m.w.reality[k]; r == nil || !r.healthy {
				return other.Name + " has nothing that is well"
			}
			continue
		}
		done := m.w.ledger.of(m.r.Name).done[wave.name] || m.w.ledger.of(m.r.Name).verified[m.m.Name]
		if !m.at(k, m.to) || (!done && !m.w.reality[k].well(m.to, wave.soak, m.now)) {
			return other.Name + " was not verified before"
		}
	}
	return ""
}

func bringsTarget(m *moved) string {
	if m.to != target(m.r) {
		return "the rollout brings " + m.r.Spec.Version
	}
	return ""
}

func notFailedBefore(m *moved) string {
	if m.w.ledger.of(m.r.Name).returned[m.k] && m.before != nil && m.before.Spec.Move != nil && m.before.Spec.Move.Rollout == m.r.Name {
		return "it failed in this rollout, and holds"
	}
	return ""
}

func catchesUp(m *moved) string {
	last := m.r.Spec.Completed
	switch {
	case last == nil || *last != m.to:
		return "it is not what was completed last"
	case m.before != nil && m.before.Spec.State != v1alpha1.InstallationAbsent:
		return "something is installed"
	case !m.w.ledger.completed[subject(m.r)][m.to]:
		return "the group never completed it"
	}
	return catchUpLimit(m)
}

// catchUpLimit counts those of a wave that were brought what was completed last, and that
// neither got well yet nor had their time.
func catchUpLimit(m *moved) string {
	all := m.followers(m.r)
	self, ok := m.follower(m.r, m.m.Name)
	if !ok || len(all) >= many {
		return ""
	}
	index := m.waveOf(self, m.r, m.promise)
	wave, members, comes := m.promise.waves[index], 0, 0
	for _, f := range all {
		if m.waveOf(f, m.r, m.promise) != index {
			continue
		}
		members++
		if f.m.Name != m.m.Name && m.comesUp(f, wave.deadline) {
			comes++
		}
	}
	limit := max(1, share(wave.limit, members))
	if index > 0 {
		limit++ // one of them may be who stands in, in the first wave
	}
	if comes >= limit {
		return fmt.Sprintf("%d of %d members of wave %s catch up already, and %d may at once", comes, members, wave.name, limit)
	}
	return ""
}

func (m *moved) comesUp(f member, deadline time.Duration) bool {
	for _, v := range f.places {
		k := f.key(v)
		s, runs := m.stamped(k, m.r), m.w.reality[k]
		well := runs != nil && (runs.healthy || runs.longest > 0)
		if s != nil && s.Wave == "" && !well && m.now.Before(s.MovedAt.Add(deadline)) {
			return true
		}
	}
	return false
}

func returnsOnce(m *moved) string {
	switch {
	case m.kind == rollout.Return && m.w.ledger.of(m.r.Name).returned[m.k] && m.before.Spec.Move != nil && m.before.Spec.Move.Outcome != "":
		return "it went back in this rollout before"
	case m.before == nil || m.before.Spec.Version != m.r.Spec.Version:
		return "it does not have the version of the rollout"
	case m.kind == rollout.Hold && m.to != target(m.r):
		return "a hold changes the version"
	case m.kind == rollout.Return && !m.usable(m.k.app, m.to):
		return "the version it goes back to is withdrawn, or the catalogue does not have it"
	case m.kind == rollout.Return && !m.w.ledger.well[m.k][m.to]:
		return "it never was well at the version that it goes back to"
	}
	return ""
}

// wasWatched says whether somebody looked for as long as a member has time: what nobody
// looked at can't have failed.
func wasWatched(m *moved) string {
	if m.kind == rollout.Hold || m.w.ledger.of(m.r.Name).failed[m.m.Name] {
		return "" // the operator was killed before it had taken back all of its places
	}
	wave := m.promise.waves[len(m.promise.waves)-1]
	for i := range m.promise.waves {
		if m.promise.waves[i].deadline < wave.deadline {
			wave = m.promise.waves[i]
		}
	}
	if m.now.Before(m.w.watching.Add(wave.deadline)) {
		return "the operator has looked since " + m.w.watching.UTC().Format(time.RFC3339) + " only"
	}
	return ""
}

// seen says whether the status of a place speaks of what it is asked for now.
func (t *truth) seen(k key) bool {
	i := t.w.store.installation(k)
	return i != nil && i.Status.ObservedGeneration == i.Generation
}

// wasUnwell says whether a member goes back that has been well all the time: a spec that was
// touched is no failure of a version.
func wasUnwell(m *moved) string {
	f, ok := m.follower(m.r, m.m.Name)
	if !ok || m.kind != rollout.Return || m.hasFailed(f, m.r, 0) {
		return ""
	}
	for _, v := range f.places {
		k := f.key(v)
		r := m.w.reality[k]
		unseen := m.now.Sub(m.w.ledger.touched[k]) >= 10*time.Minute && !m.seen(k) // the shortest deadline
		if m.at(k, target(m.r)) && (unseen || m.w.ledger.lost[k] || r == nil || !r.healthy || m.w.ledger.shaky[k] || r.release != target(m.r)) {
			return ""
		}
	}
	return "all of its places have been well since they came up"
}

// judgeIntroduction says whether a group that does nothing says why. How far each of its
// rollouts is by now it notes, as what is written first may rest on what is written last.
func (w *world) judgeIntroduction(intro *country.Introduction) {
	for _, end := range intro.Course.End {
		w.planned[end.Rollout.Name] = end.Phase
	}
	if intro.Course.Current == nil {
		return
	}
	w.planned[intro.Course.Current.Name] = intro.Step.Status.Phase
	if len(intro.Step.Moves) > 0 || !intro.Step.Again.IsZero() {
		return
	}
	if intro.Step.Status.Next == "" {
		w.violate("progress", "rollout %s does nothing, waits for no time, and says nothing", intro.Course.Current.Name)
	}
}
