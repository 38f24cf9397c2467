package truth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Rests holds a world to the promises in which every gate was opened, and in which nothing happened
// for long: each place is at its version, or there is a reason that is so, and that is said.
func (t *Truth) Rests() {
	for _, name := range Sorted(t.Municipalities) {
		m := t.Municipalities[name]
		if m.Spec.Suspend.IsSuspended() || !m.DeletionTimestamp.IsZero() {
			continue
		}
		for _, e := range m.Spec.Environments {
			for _, app := range Sorted(t.Apps) {
				k := Key{name, e.Name, app}
				if what := t.unsettled(k); what != "" {
					t.Broken("end", "%s %s %s: %s", name, app, e.Name, what)
				}
			}
		}
	}
}

// unsettled says why a place is not where it may be; empty if it is.
func (t *Truth) unsettled(k Key) string {
	s := t.Says(k)
	switch {
	case t.Ledger.refused[k], t.numberOf(t.Municipalities[k.Municipality]) != "":
		return ""
	case s.Declined:
		if t.Present(k) != nil {
			return "it was declined, and is there"
		}
		return ""
	case s.Own != "":
		return t.ownUnsettled(k, s.Own)
	case !s.Takes() || s.Unclear:
		return ""
	}
	wanted, ok := t.offered(k.App, s.Channel)
	if !ok || t.at(k, wanted) {
		return ""
	}
	r := t.current(s.Group, k.App, wanted)
	if r == nil {
		return fmt.Sprintf("it should have %s, and there is no Rollout of that", wanted.Version)
	}
	if record := t.record(k, r); record != nil && record.Outcome != "" {
		return ""
	}
	if why := t.reason(r, k); why != "" {
		return ""
	}
	return fmt.Sprintf("it should have %s, and Rollout %s (%s) gives no reason that is so: %q", wanted.Version, r.Name, r.Status.Phase, r.Status.Next)
}

// fits says whether a place is in the zone that a version requires.
func (t *Truth) fits(k Key, version string) bool {
	m := t.Municipalities[k.Municipality]
	zone := requiredZone(t.Apps[k.App], version, m.Spec.StageOf(k.Environment))
	return zone == "" || zone == m.Spec.Environment(k.Environment).Zone
}

// current is the Rollout that brings a release to a group; nil where there is none.
func (t *Truth) current(g Group, app string, wanted v1alpha1.Release) *v1alpha1.Rollout {
	var newest *v1alpha1.Rollout
	for _, name := range Sorted(t.Rollouts) {
		r := t.Rollouts[name]
		if groupOf(r) == g && r.Spec.App == app && r.Spec.Digest == wanted.Digest && !ended(r) && (newest == nil || r.Spec.Attempt > newest.Spec.Attempt) {
			newest = r
		}
	}
	return newest
}

// reason is one that is so, and that is said, why a place is not at its version; empty where there
// is none.
func (t *Truth) reason(r *v1alpha1.Rollout, k Key) string {
	p := t.promise(r)
	if t.halted(r, p) {
		return "halted"
	}
	f, _ := t.member(r, k.Municipality)
	index := t.waveOf(f, r, p)
	if at := t.stand(f, r, p.Waves[index]); at == failed || at == away || at == unclear {
		return at.String() // its notes say so
	}
	for _, place := range f.Places {
		if t.absent(place.Key, r.Spec.Version) != "" {
			return "another of its places can't be moved"
		}
	}
	for i := range index + 1 {
		if c := t.crowd(r, p, i, nil); (c.away > 0 && c.verified == 0 && !t.anybody(r, p, i)) || c.unclear > 0 {
			return "wave " + p.Waves[i].Name + " waits for members that are away"
		}
	}
	return t.waitsForOthers(r, k)
}

// halted says whether a Rollout says that it was halted, and members failed.
func (t *Truth) halted(r *v1alpha1.Rollout, p Promise) bool {
	says := r.Status.Phase == v1alpha1.RolloutHalted || slices.ContainsFunc(r.Status.Waves, func(w v1alpha1.WaveStatus) bool {
		return w.State == v1alpha1.WaveHalted && w.WaitsFor != ""
	})
	if !says {
		return false
	}
	for i := range p.Waves {
		if c := t.crowd(r, p, i, nil); c.failed > 0 || c.unclear > 0 {
			return true
		}
	}
	return t.someFailed(r)
}

// waitsForOthers is the pilot network that a Rollout says it waits for.
func (t *Truth) waitsForOthers(r *v1alpha1.Rollout, k Key) string {
	for _, pilot := range t.Apps[k.App].Spec.PilotNetworks {
		if pilot == r.Spec.Network {
			continue
		}
		says := func(text string) bool { return strings.Contains(text, "pilot network "+pilot) }
		if says(r.Status.Next) || slices.ContainsFunc(r.Status.Waves, func(w v1alpha1.WaveStatus) bool { return says(w.WaitsFor) }) {
			return "pilot network " + pilot
		}
	}
	return ""
}
