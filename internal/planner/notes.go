package planner

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/installation"
)

const (
	// maxNotes keeps a status small, however many members there are.
	maxNotes = 50
	// maxMemory is how many entries the schema lets a Rollout remember: an object has to fit in 1.5 MB.
	maxMemory = 5_000
	// maxNote and maxMessage are the longest texts, in bytes, that the schema allows.
	maxNote    = 256
	maxMessage = 512
)

// noted says how a member is doing.
func (r *reporter) noted(s *standing) v1alpha1.MemberNote {
	n := v1alpha1.MemberNote{Name: s.member.Name, Reason: cmp.Or(s.reason, v1alpha1.ReasonWaiting), Message: condition.Within(r.message(s), maxNote)}
	if !s.since.IsZero() {
		n.Since = new(metav1.NewTime(s.since).Rfc3339Copy())
	}
	return n
}

// notes of the first members that are wanted. Since when a member has been so, where nothing
// else says, is what the notes of before say, else now.
func (r *reporter) notes(before []v1alpha1.MemberNote, wanted func(*standing) bool) []v1alpha1.MemberNote {
	var all []v1alpha1.MemberNote
	known := make(map[string]v1alpha1.MemberNote, len(before))
	for _, note := range before {
		known[note.Name] = note
	}
	for i := range r.members {
		if len(all) == maxNotes {
			break
		}
		if wanted(&r.members[i]) {
			note := r.noted(&r.members[i])
			if was := known[note.Name]; note.Since == nil && was.Reason == note.Reason {
				note.Since = was.Since
			}
			if note.Since == nil {
				note.Since = new(metav1.NewTime(r.in.Now).Rfc3339Copy())
			}
			all = append(all, note)
		}
	}
	return all
}

// failures are the first members that failed, those before all that left afterwards: they are in no
// other list.
func (r *reporter) failures() []v1alpha1.MemberNote {
	var all []v1alpha1.MemberNote
	for i := range r.left {
		if s := &r.left[i]; s.state == failed && len(all) < maxNotes {
			all = append(all, v1alpha1.MemberNote{
				Name: s.member.Name, Wave: r.strategy.Waves[s.wave].Name, Reason: v1alpha1.ReasonLeft, Message: "failed, and left the group afterwards",
			})
		}
	}
	for i := range r.members {
		if len(all) == maxNotes {
			break
		}
		if s := &r.members[i]; s.state == failed {
			note := r.noted(s)
			note.Wave = r.strategy.Waves[s.wave].Name
			all = append(all, note)
		}
	}
	return slices.Clip(all)
}

// remember is what the next plan has to know and can read from nothing else: who failed, as an
// installation may go; since when somebody was not observed, or was away in the first wave, or has
// had a fault that is not the version's; who was verified late; and which waves were done that the
// strategy has no longer.
func (r *reporter) remember() []v1alpha1.MemberMemory {
	all, completed := append(r.rememberWaves(), r.rememberGone()...), r.completedAt()
	for i := range r.left {
		all = append(all, r.memoriesOf(&r.left[i])...)
	}
	each := make([][]v1alpha1.MemberMemory, len(r.members))
	inShares(len(r.members), func(i int) {
		s := &r.members[i]
		if since, late := r.verifiedLate(s, completed); late {
			each[i] = append(each[i], v1alpha1.MemberMemory{Name: s.member.Name, Reason: v1alpha1.MemoryVerified, Since: new(metav1.NewTime(since).Rfc3339Copy())})
		}
		each[i] = append(each[i], r.memoriesOf(s)...)
	})
	all, r.forgotten = fitting(slices.Concat(all, slices.Concat(each...)))
	return all
}

// fitting are the memories that a status has room for, sorted by name. Where there are more, those are
// left out that would be missed least, which is said: what a wave or a member came to stays before how
// long it waits.
func fitting(all []v1alpha1.MemberMemory) (kept []v1alpha1.MemberMemory, forgotten string) {
	byName := func(a, b v1alpha1.MemberMemory) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Reason, b.Reason))
	}
	if len(all) > maxMemory {
		slices.SortStableFunc(all, func(a, b v1alpha1.MemberMemory) int { return cmp.Or(cmp.Compare(weight(a), weight(b)), byName(a, b)) })
		forgotten = fmt.Sprintf("; %d of %d entries did not fit in status.memory", len(all)-maxMemory, len(all))
		all = all[:maxMemory]
	}
	slices.SortStableFunc(all, byName)
	return all, forgotten
}

// weight sorts first what would be missed most.
func weight(m v1alpha1.MemberMemory) int {
	outcomes := []string{
		v1alpha1.MemoryWaveDone, v1alpha1.MemoryFailed, v1alpha1.MemoryTakenOut, v1alpha1.MemoryPassedOver, v1alpha1.MemoryVerified,
		v1alpha1.MemoryUnhealthy, v1alpha1.MemoryUnseen,
	}
	if i := slices.Index(outcomes, m.Reason); i >= 0 {
		return i
	}
	return len(outcomes)
}

// verifiedLate is when a member of a wave that is done was verified, where its moves do not show that:
// see shown. It is remembered whatever wave the member is in later. False where the moves show it, or
// it was not verified yet. Completed is when the rollout was, with this step at the latest.
func (r *reporter) verifiedLate(s *standing, completed *metav1.Time) (time.Time, bool) {
	since, known := r.remembered(s.member.Name, v1alpha1.MemoryVerified)
	counts := s.state == verified && (completed != nil || r.waves[s.wave].completedAt != nil)
	if !counts && !known {
		return time.Time{}, false
	}

	var last time.Time
	for i := range s.member.Places {
		if place := &s.member.Places[i]; place.at(r.target) && !r.shown(place, s.wave, completed) {
			last = latest(last, r.movedAt(place))
		}
	}
	switch {
	case last.IsZero():
		return time.Time{}, false
	case counts && (!known || last.After(since)):
		return latest(r.in.Now, last), true
	}
	return since, known
}

// shown says whether the move of a place shows that its wave was done after it: not where it was moved
// later or, as clocks are set, seems to have been, where the wave had another name then, or where the
// place had the version before, as its member may be in another wave later.
func (r *reporter) shown(place *MemberPlace, wave int, completed *metav1.Time) bool {
	moved, stamp := r.movedAt(place), r.stamp(place)
	switch {
	case stamp == nil:
		return false
	case completed != nil:
		return !moved.After(completed.Time)
	case stamp.Wave == "":
		return false
	}
	done, known := r.done[stamp.Wave]
	if now := r.waves[wave].completedAt; !known && now != nil && stamp.Wave == r.strategy.Waves[wave].Name {
		done, known = now.Time, true // with this step
	}
	return known && !moved.After(done)
}

// memoriesOf a member, or of one that left: since when it is as it is, and since when its time runs. That
// goes also for one that failed until an installation records it: with nothing remembered it would have its
// whole time again.
func (r *reporter) memoriesOf(s *standing) []v1alpha1.MemberMemory {
	var all []v1alpha1.MemberMemory
	watched := s.underWay() ||
		s.unrecorded //guard:failed-until-recorded
	if watched && (r.startsAnew(s.member.Name) || r.movedElsewhere(s)) { //guard:done-without-it -> watched && r.startsAnew(s.member.Name)
		all = append(all, r.memoryOf(s, v1alpha1.MemoryUnhealthy))
	}
	if watched && s.unseen { //guard:unseen-is-remembered
		all = append(all, r.memoryOf(s, v1alpha1.MemoryUnseen))
	}
	if where := r.passedOver(s); len(where) > 0 {
		m := r.memoryOf(s, v1alpha1.MemoryPassedOver)
		m.Environments = where
		all = append(all, m)
	}
	if s.failedWhereTakenOut() {
		all = append(all, r.memoryOf(s, v1alpha1.MemoryTakenOut))
	}
	if reason := r.reasonToRemember(s); reason != "" {
		all = append(all, r.memoryOf(s, reason))
	}
	return all
}

// failedWhereTakenOut says whether a member failed in an environment that was taken out: what is installed
// there can't say so any longer, or may go.
func (s *standing) failedWhereTakenOut() bool {
	if s.place == nil || !s.place.TakenOut {
		return s.state == failed && s.reason == v1alpha1.MemoryTakenOut
	}
	recorded := s.reason == string(v1alpha1.OutcomeStuck) && !s.place.Leaving

	return s.state == failed && !recorded
}

// movedElsewhere says whether the wave that a member was moved in is done with this step, and done without
// it, as it counts in another wave now: that it was moved before does not show that it was verified.
func (r *reporter) movedElsewhere(s *standing) bool {
	return slices.ContainsFunc(s.member.Places, func(place MemberPlace) bool {
		stamp := r.stamp(&place)
		if stamp == nil || stamp.Wave == "" || stamp.Wave == r.strategy.Waves[s.wave].Name {
			return false
		}
		if _, before := r.done[stamp.Wave]; before {
			return false
		}
		at := slices.IndexFunc(r.strategy.Waves, func(w Wave) bool { return w.Name == stamp.Wave })
		return at >= 0 && r.waves[at].completedAt != nil
	})
}

// passedOver are the environments in which a member has the version and is not, or was not, judged: it decided
// otherwise, is suspended, or left, and was not verified before.
func (r *reporter) passedOver(s *standing) []string {
	_, left := slices.BinarySearchFunc(r.in.Left, s.member.Name, func(l Left, name string) int { return cmp.Compare(l.Name, name) })
	w := &r.strategy.Waves[s.wave]
	var all []string
	for i := range s.member.Places {
		place := &s.member.Places[i]
		over := left || s.state == excused || place.decided() || r.wasPassedOver(s.member.Name, place.Environment)
		if over && place.at(r.target) && !r.past(s.member.Name, place, w) && !place.Installed.ranFor(w.Soak, r.in.Now) {
			all = append(all, place.Environment)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// reasonToRemember is why a member has to be remembered; empty where it need not be.
func (r *reporter) reasonToRemember(s *standing) string {
	switch s.state {
	case failed:
		return v1alpha1.MemoryFailed
	case away:
		if (s.wave == 0 && !r.waves[0].done) || s.hasIt(r.target) {
			return s.reason
		}
	case moving:
		if s.place == nil || s.place.Installed == nil {
			return ""
		}
		// With a fault of the version its time goes on.
		if fault := s.place.Installed.Fault; fault.Blame != installation.BlameVersion && s.reason == fault.Code {
			return s.reason
		}
	case waiting, verified, excused:
	}
	return ""
}

// hasIt says whether the place that a member is reported for has a release.
func (s *standing) hasIt(r v1alpha1.Release) bool { return s.place != nil && s.place.at(r) }

// memoryOf a member, since when it was so first. One that its wave waits for is remembered with the wave:
// how long it has been away matters to who stands in, and not to what it has.
func (r *reporter) memoryOf(s *standing, reason string) v1alpha1.MemberMemory {
	since := metav1.NewTime(r.in.Now).Rfc3339Copy()
	if was, known := r.remembered(s.member.Name, reason); known {
		since = metav1.NewTime(was).Rfc3339Copy()
	}
	m := v1alpha1.MemberMemory{Name: s.member.Name, Reason: reason, Since: &since}
	if reason == v1alpha1.MemoryFailed || (s.state == away && !s.hasIt(r.target)) { //guard:absence-is-no-fault -> reason == v1alpha1.MemoryFailed
		m.Wave = r.strategy.Waves[s.wave].Name
	}
	if in := r.failedIn(s.member.Name); reason == v1alpha1.MemoryFailed && r.done.bore(in, since.Time) {
		m.Wave = in // which was done with it, whatever it is called now
	}
	return m
}

// startsAnew says whether the time of a member began when a fault of somebody else ended. It is
// remembered until the member is verified.
func (all memory) startsAnew(name string) bool {
	_, known := all.remembered(name, v1alpha1.MemoryUnhealthy)
	return known || all.excusedBefore(name)
}

// rememberWaves are the waves that were done, and that the strategy has no longer.
func (r *reporter) rememberWaves() []v1alpha1.MemberMemory {
	var all []v1alpha1.MemberMemory
	for name, at := range r.done {
		present := slices.ContainsFunc(r.strategy.Waves, func(w Wave) bool { return w.Name == name })
		if !present {
			all = append(all, v1alpha1.MemberMemory{Name: name, Reason: v1alpha1.MemoryWaveDone, Wave: name, Since: new(metav1.NewTime(at).Rfc3339Copy())})
		}
	}
	return all
}

// rememberGone are those who were verified late, or failed where their environment was taken out, and are
// no members any longer: they may come back.
func (r *reporter) rememberGone() []v1alpha1.MemberMemory {
	var all []v1alpha1.MemberMemory
	for name, known := range r.memory {
		_, stays := slices.BinarySearchFunc(r.in.Members, name, func(m Member, name string) int { return cmp.Compare(m.Name, name) })
		for _, m := range known {
			if !stays && (m.Reason == v1alpha1.MemoryVerified || m.Reason == v1alpha1.MemoryTakenOut) {
				all = append(all, m)
			}
		}
	}
	return all
}

// cut keeps a message within what the schema allows.
func cut(message string) string { return condition.Within(message, maxMessage) }
