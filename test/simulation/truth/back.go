package truth

import (
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func returnsOnce(m *moved) string {
	b := m.Move.Before
	switch {
	case m.Kind == Return && m.Ledger.of(m.Rollout.Name).returned[m.Key] && b.Spec.Move != nil && b.Spec.Move.Outcome != "":
		return "it went back in this Rollout before"
	case b == nil || b.Spec.Version != m.Rollout.Spec.Version:
		return "it does not have the version of the Rollout"
	case m.Kind == Hold && m.To != target(m.Rollout):
		return "it is left as it is, and the version changes"
	case m.Kind == Return && !m.usable(m.App, m.To):
		return "the version it goes back to is withdrawn, or the catalogue does not have it"
	case m.Kind == Return && !m.Ledger.healthy[m.Key][m.To]:
		return "it never was healthy at the version that it goes back to"
	}
	return ""
}

// returnsToVerified says whether a member is left as it is, although the release that was verified
// there last can be had, or will be again.
func returnsToVerified(m *moved) string {
	if m.Kind != Hold {
		return ""
	}
	if other := m.verifiedBefore(m.Key, target(m.Rollout)); other != "" {
		return "it is left as it is, and " + other + " was verified there before"
	}
	return ""
}

// verifiedBefore is the version that a place surely was verified at last, and that can be had, or will
// be again; empty where there may be none, or where it is the one that failed: the place left it,
// verified, or so that it may have been, and went back to it. What ran there since may have been as well.
func (t *Truth) verifiedBefore(k Key, failed v1alpha1.Release) string {
	all := t.Ledger.verified[k]
	if len(all) == 0 || all[len(all)-1] == failed || t.Ledger.maybe[k][failed] {
		return ""
	}
	last := all[len(all)-1]
	for _, r := range slices.Backward(t.Ledger.ran[k]) {
		v := versionOf(t.Apps[k.App], r.Version)
		gone := v == nil || v.State == v1alpha1.VersionWithdrawn
		switch {
		case r == failed:
		case gone:
			return "" // it may be what was verified last
		case r == last:
			return r.Version
		}
	}
	return ""
}

// wasWatched says whether somebody looked for as long as a member has time: what nobody looked at
// has not failed.
func wasWatched(m *moved) string {
	if m.Kind == Hold || m.Ledger.of(m.Rollout.Name).failed[m.Municipality] {
		return "" // the operator was killed before it had taken back all of its places
	}
	for _, place := range m.member.Places {
		if record := m.record(place.Key, m.Rollout); record != nil && record.Outcome != "" {
			return "" // another of its places failed before, and follows the group again
		}
	}
	wave := slices.MinFunc(m.promise.Waves, func(a, b Wave) int { return int(a.Deadline - b.Deadline) })
	most, known := time.Duration(0), false
	for _, place := range m.member.Places { // they go back together, for the one that fails
		if p, moved := m.Ledger.moved[place.Key]; moved && p.rollout == m.Rollout.Name {
			most, known = max(most, m.Ledger.watched-p.since), true
		} else if runs := m.Reality[place.Key]; m.at(place.Key, target(m.Rollout)) && runs != nil && !runs.Healthy && !m.Now.Before(runs.Since.Add(wave.Deadline)) {
			return "" // it had the version before, and was unhealthy for as long
		}
	}
	if known && most < wave.Deadline-wave.Deadline/10 { // a short restart is no outage
		return "the operator has looked for " + most.String() + " only"
	}
	return ""
}

// seen says whether the status of a place speaks of what it is asked for now.
func (t *Truth) seen(k Key) bool {
	i := t.Installation(k)
	return i != nil && i.Status.ObservedGeneration == i.Generation
}

// wasUnhealthy says whether a member goes back that has been healthy all the time: a spec that was
// touched is no failure of a version.
func wasUnhealthy(m *moved) string {
	if !m.belongs || m.Kind != Return || m.hasFailed(m.member, m.Rollout, 0) {
		return ""
	}
	for _, place := range m.member.Places {
		k := place.Key
		r := m.Reality[k]
		unseen := m.Now.Sub(m.Ledger.touched[k]) >= 10*time.Minute && !m.seen(k) // the shortest deadline
		if m.at(k, target(m.Rollout)) && (unseen || m.Ledger.lost[k] || r == nil || !r.Healthy || m.Ledger.shaky[k] || r.Release != target(m.Rollout)) {
			return ""
		}
	}
	return "all of its places have been healthy since they came up"
}

// notDoneLongAgo says whether a place is taken back for a fault of today that was verified when its
// wave was done, whatever the wave is called by now.
func notDoneLongAgo(m *moved) string {
	if m.Ledger.of(m.Rollout.Name).past[m.Key] {
		return "it was verified, and its wave was done"
	}
	return ""
}
