package truth

import (
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// crowd is a wave as it truly is.
type crowd struct {
	members, failed, excused, onTheWay, away, verified, unclear int
	// found are failures of members that had the version before, and were not moved.
	found int
	// fresh are failures that no wave bore when it was done, by whatever name.
	fresh int
	// gone are those that failed and left: they count as failed, and take part no longer.
	gone int
	// unready are members that are neither verified nor excused, failed or away; firstUnready is the first, in words.
	unready      int
	firstUnready string
}

func (c *crowd) isUnready(name, how string) {
	if c.unready == 0 {
		c.firstUnready = name + how
	}
	c.unready++
}

// takePart are the members that percentages are of: not the excused.
func (c crowd) takePart() int { return c.members - c.excused }

// tries are the members at which the version is tried: not those that had it before, and failed.
func (c crowd) tries() int { return c.takePart() - c.found }

// exceeds says whether more failed than may. Failures that were within the budget when a wave was done halt
// nothing later, also where the wave was renamed or members have left it.
func (c crowd) exceeds(budget int) bool { return c.failed > budget && c.fresh > 0 }

// waveOf is the wave that a member counts in.
func (t *Truth) waveOf(f Member, r *v1alpha1.Rollout, p Promise) int {
	if movedIn(t, f, r, func(wave string) bool { return wave == p.Waves[0].Name }) {
		return 0 // also where it stands in for others
	}
	if e := t.Ledger.of(r.Name); e.stoodIn == f.Municipality.Name || e.goesFirst == f.Municipality.Name {
		return 0
	}
	return t.named(p, f.Municipality)
}

// hadItFirst is the member that stands in for the first wave, done with nobody who takes part in it, as it
// is verified, and was seen to be: the one that the status names, if that is true of it, else the first; empty
// where there is none.
func hadItFirst(t *Truth, r *v1alpha1.Rollout, p Promise) string {
	if c := t.crowd(r, p, 0, nil); len(p.Waves) == 1 || c.verified+c.failed-c.found+c.unready+c.unclear > 0 {
		return ""
	}
	all := t.Followers(r)
	for _, f := range all {
		named := len(r.Status.Waves) > 0 && r.Status.Waves[0].StandIn == f.Municipality.Name
		if at, has := hadIt(t, f, r, p.Waves[0]); named && has && at == verified {
			return f.Municipality.Name // others may have become so since it was chosen
		}
	}
	for _, f := range all {
		switch at, has := hadIt(t, f, r, p.Waves[0]); {
		case has && at == unclear:
			return "" // it may be this one, or the next
		case has && at == verified:
			return f.Municipality.Name
		}
	}
	return ""
}

// hadIt is how a member is doing, and whether it has the version anywhere. One that was verified, and of
// which nothing can be seen at this moment, is neither.
func hadIt(t *Truth, f Member, r *v1alpha1.Rollout, wave Wave) (at standing, has bool) {
	at = t.stand(f, r, wave)
	for _, place := range f.Places {
		if t.at(place.Key, target(r)) {
			has = true
			if !t.seen(place.Key) && at == verified {
				at = waiting
			}
		}
	}
	return at, has
}

// many is how many members make a world large. In one, a wave is counted again at every so many
// writes of a turn, and not at each: small worlds see to what that might miss.
const (
	many  = 1000
	every = 200
)

// counted is a crowd, and how often it was asked for since it was counted.
type counted struct {
	crowd crowd
	asked int
}

// crowd counts a wave. Members that go back in the same step have failed.
func (t *Truth) crowd(r *v1alpha1.Rollout, p Promise, index int, returning map[string]bool) crowd {
	if len(t.Followers(r)) < many {
		return t.count(r, p, index, returning)
	}
	key := fmt.Sprintf("%s %d %d", r.Name, index, len(returning))
	known, ok := t.crowds[key]
	if !ok || known.asked == every {
		known = counted{crowd: t.count(r, p, index, returning)}
	}
	known.asked++
	t.crowds[key] = known
	return known.crowd
}

func (t *Truth) count(r *v1alpha1.Rollout, p Promise, index int, returning map[string]bool) crowd {
	var c crowd
	present := map[string]bool{}
	for _, f := range t.Followers(r) {
		name := f.Municipality.Name
		present[name] = true
		if t.waveOf(f, r, p) != index {
			continue
		}
		c.members++
		at := t.stand(f, r, p.Waves[index])
		if returning[name] {
			at = failed
		}
		switch at {
		case failed:
			c.failed++
			if !t.started(f, r) {
				c.found++
			}
			if returning[name] || !t.Ledger.of(r.Name).borne[name] {
				c.fresh++
			}
		case verified:
			c.verified++
		case away:
			c.away++
		case excused:
			c.excused++
		case unclear:
			c.unclear++
		case onTheWay:
			if t.started(f, r) {
				c.onTheWay++
			}
			c.isUnready(name, " is on the way")
		case waiting:
			c.isUnready(name, " waits")
		}
	}
	for name := range t.leftFailed(r, p, index, present) {
		c.failed++
		c.gone++
		c.members++
		if !t.Ledger.of(r.Name).borne[name] {
			c.fresh++
		}
	}
	return c
}

// leftFailed are municipalities that failed and are not present any longer, whose installations are there.
func (t *Truth) leftFailed(r *v1alpha1.Rollout, p Promise, index int, present map[string]bool) map[string]bool {
	gone, e := map[string]bool{}, t.Ledger.of(r.Name)
	for name := range t.Installations {
		if present[name] {
			continue
		}
		recorded, failedHere := false, false
		for _, i := range t.Installations[name] {
			s := i.Spec.Move
			if s == nil || s.Rollout != r.Name || s.Outcome == "" || s.Wave == "" {
				continue
			}
			at := p.index(s.Wave)
			if at < 0 {
				at = len(p.Waves) - 1
			}
			recovered := s.Outcome == v1alpha1.OutcomeStuck && t.Reality[keyOf(i)].Steady(target(r), p.Waves[at].Soak, t.Now)
			if s.Outcome == v1alpha1.OutcomeStuck && i.Spec.State == v1alpha1.InstallationAbsent {
				was, known := e.failed[name] // by then, as it is uninstalled now; else its record is all that is left
				recovered = known && !was
			}
			recorded, failedHere = true, failedHere || !recovered // one of its places is enough
			if at == index && !recovered {
				gone[name] = true
			}
		}
		if recorded {
			e.failed[name] = failedHere
		}
	}
	return gone
}

// notDone says what is missing of a wave; empty if it is done. The gate of an approval it leaves out.
func (t *Truth) notDone(r *v1alpha1.Rollout, p Promise, index int, returning map[string]bool) string {
	c := t.crowd(r, p, index, returning)
	budget := share(p.Waves[index].Budget, c.members)
	switch {
	case c.exceeds(budget):
		return fmt.Sprintf("%d of %d members failed, and %d may", c.failed, c.members, budget)
	case c.unready > 0:
		return c.firstUnready
	case index == 0 && len(p.Waves) > 1:
		return t.firstMissing(r, p, c)
	case c.away > 0 && c.verified == 0 && c.unclear == 0 && !t.anybody(r, p, index):
		return "nobody is verified, and some are away"
	}
	return ""
}

// anybody says whether a member of a wave before was verified, be it a stand-in that had the
// version before, or one that has left since the Rollout completed.
func (t *Truth) anybody(r *v1alpha1.Rollout, p Promise, index int) bool {
	for before := range index {
		if t.crowd(r, p, before, nil).verified > 0 {
			return true
		}
	}
	return !t.Ledger.of(r.Name).completed.IsZero() || (index > 0 && t.stoodIn(r, p))
}

// someFailed says whether anybody failed, also one who left, or uninstalled the app, since.
func (t *Truth) someFailed(r *v1alpha1.Rollout) bool {
	for _, failed := range t.Ledger.of(r.Name).failed {
		if failed {
			return true
		}
	}
	return false
}

// firstMissing says what is missing of the first of several waves: somebody who tried the version,
// be it one who had it before.
func (t *Truth) firstMissing(r *v1alpha1.Rollout, p Promise, c crowd) string {
	if c.verified > 0 || c.failed > 0 || t.someFailed(r) || t.stoodIn(r, p) || triedAndLeft(t, r, p.Waves[0]) {
		return ""
	}
	return "nobody went first"
}

// triedAndLeft says whether somebody left on the way, in the first wave, and was not healthy in time: the
// version was tried there, although nothing records it where the app is uninstalled, or was deferred.
func triedAndLeft(t *Truth, r *v1alpha1.Rollout, first Wave) bool {
	for name := range t.Installations {
		if _, stays := t.member(r, name); stays {
			continue
		}
		for _, i := range t.Installations[name] {
			s, runs := i.Spec.Move, t.Reality[keyOf(i)]
			if s != nil && s.Rollout == r.Name && s.Wave == first.Name && releaseOf(i) == target(r) && !t.Now.Before(s.MovedAt.Add(first.Deadline)) && (runs == nil || !runs.Healthy) {
				return true
			}
		}
	}
	return false
}

// stoodIn says whether any member is verified, by the measure of the first wave, be it one that could
// not have the version newly now.
func (t *Truth) stoodIn(r *v1alpha1.Rollout, p Promise) bool {
	for _, f := range t.Followers(r) {
		at := t.stand(f, r, p.Waves[0])
		if at == verified || at == unclear || (at == excused && t.excusedAndHealthy(f, r, p.Waves[0].Soak)) {
			return true
		}
	}
	return false
}
