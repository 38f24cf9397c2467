package main

import (
	"strings"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/dependency"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// truth is what is so at one moment, whatever a status says and the planner believes. Who
// follows whom it takes from package resolution, which has tests of its own.
type truth struct {
	w *world
	// before is the store as it was before the writes of this turn.
	before   *store
	now      time.Time
	networks *resolution.Networks
	verdicts map[string][]resolution.Verdict
	members  map[subjectKey][]member
	promises map[string]promise
	// crowds of large waves, as they were counted last.
	crowds map[string]counted
}

type subjectKey struct {
	group resolution.Group
	app   string
}

// member is a municipality that follows a group for an app.
type member struct {
	m      *v1alpha1.Municipality
	places []resolution.Verdict
}

// standing is how a member truly stands in a rollout.
type standing int

const (
	waiting standing = iota
	onTheWay
	verified
	failed
	excused
	absentNow
)

func newTruth(w *world) *truth {
	var networks []v1alpha1.Network
	for _, name := range sorted(w.store.networks) {
		networks = append(networks, *w.store.networks[name])
	}
	return &truth{
		w: w, before: w.store.snapshot(), now: w.now(), networks: resolution.NewNetworks(networks, w.now()),
		verdicts: map[string][]resolution.Verdict{}, promises: map[string]promise{},
	}
}

func (t *truth) of(m *v1alpha1.Municipality) []resolution.Verdict {
	known, ok := t.verdicts[m.Name]
	if !ok {
		known = resolution.Resolve(resolution.Input{
			Municipality: m, Networks: t.networks.Of(m), Apps: t.w.store.apps, Installed: t.w.store.installations[m.Name],
			Freeze: ptr.Deref(t.w.store.platform.Spec.Freeze, false), Now: t.now,
		})
		t.verdicts[m.Name] = known
	}
	return known
}

func (t *truth) verdict(k key) (resolution.Verdict, bool) {
	m := t.w.store.municipalities[k.municipality]
	if m == nil {
		return resolution.Verdict{}, false
	}
	for _, v := range t.of(m) {
		if v.Place == k.place() {
			return v, true
		}
	}
	return resolution.Verdict{}, false
}

// followers of all groups, by group and app, sorted by name.
func (t *truth) followers(r *v1alpha1.Rollout) []member {
	if t.members == nil {
		t.members = map[subjectKey][]member{}
		for _, name := range sorted(t.w.store.municipalities) {
			m := t.w.store.municipalities[name]
			if !m.DeletionTimestamp.IsZero() {
				continue
			}
			for _, v := range t.of(m) {
				if v.Group == (resolution.Group{}) {
					continue
				}
				at := subjectKey{v.Group, v.App}
				list := t.members[at]
				if len(list) == 0 || list[len(list)-1].m != m {
					list = append(list, member{m: m})
				}
				list[len(list)-1].places = append(list[len(list)-1].places, v)
				t.members[at] = list
			}
		}
	}
	return t.members[subjectKey{groupOf(r), r.Spec.App}]
}

func groupOf(r *v1alpha1.Rollout) resolution.Group {
	return resolution.Group{Network: r.Spec.Network, Channel: r.Spec.Channel}
}

func (t *truth) follower(r *v1alpha1.Rollout, name string) (member, bool) {
	for _, f := range t.followers(r) {
		if f.m.Name == name {
			return f, true
		}
	}
	return member{}, false
}

// promise of the group of a rollout.
func (t *truth) promise(r *v1alpha1.Rollout) promise {
	p, known := t.promises[r.Spec.Network]
	if !known {
		p = promised(t.w.store, r.Spec.Network)
		t.promises[r.Spec.Network] = p
	}
	if t.urgent(r) {
		return p.urgent()
	}
	return p
}

func (t *truth) urgent(r *v1alpha1.Rollout) bool {
	v := versionOf(t.w.store.apps[r.Spec.App], r.Spec.Version)
	return v != nil && ptr.Deref(v.SecurityFix, false)
}

func versionOf(app *v1alpha1.SharedApp, version string) *v1alpha1.Version {
	if app == nil {
		return nil
	}
	for i := range app.Spec.Versions {
		if app.Spec.Versions[i].Version == version {
			return &app.Spec.Versions[i]
		}
	}
	return nil
}

// usable says whether a release is in the catalogue, available and not withdrawn.
func (t *truth) usable(app string, r v1alpha1.Release) bool {
	a := t.w.store.apps[app]
	v := versionOf(a, r.Version)
	if v == nil || v.State == v1alpha1.VersionWithdrawn {
		return false
	}
	for _, s := range a.Status.Versions {
		if s.Version == r.Version && s.Digest == r.Digest && s.Available {
			return true
		}
	}
	return false
}

func (f member) key(v resolution.Verdict) key {
	return key{f.m.Name, v.Environment, v.App}
}

func (t *truth) at(k key, r v1alpha1.Release) bool {
	i := t.w.store.installation(k)
	return i != nil && i.Spec.State != v1alpha1.InstallationAbsent && i.Spec.Version == r.Version && i.Spec.Digest == r.Digest
}

// stamped is the record of a rollout on a place; nil where another moved it last.
func (t *truth) stamped(k key, r *v1alpha1.Rollout) *rollout.Stamp {
	i := t.w.store.installation(k)
	if i == nil || i.Spec.State == v1alpha1.InstallationAbsent || i.Spec.Move == nil || i.Spec.Move.Rollout != r.Name {
		return nil
	}
	return rollout.StampOf(i)
}

// hasFailed says whether a rollout took a member back, or left it unwell.
func (t *truth) hasFailed(f member, r *v1alpha1.Rollout, soak time.Duration) bool {
	moved := false
	for _, v := range f.places {
		k := f.key(v)
		s := t.stamped(k, r)
		moved = moved || s != nil || t.at(k, target(r))
		if s == nil || s.Outcome == "" {
			continue
		}
		since := t.w.store.installation(k).Status.HealthySince
		unseen := since == nil || since.Add(soak).After(t.now) // or seen anew, after its status was lost
		if s.Outcome == v1alpha1.OutcomeReturned || unseen || !t.w.reality[k].steady(target(r), soak, t.now) {
			return true
		}
	}
	if moved { // it got well after all
		delete(t.w.ledger.of(r.Name).failed, f.m.Name)
	}
	return t.w.ledger.of(r.Name).failed[f.m.Name] // it uninstalled the app afterwards
}

func (t *truth) started(f member, r *v1alpha1.Rollout) bool {
	for _, v := range f.places {
		if s := t.stamped(f.key(v), r); s != nil && s.Wave != "" {
			return true
		}
	}
	return false
}

// takesPart says whether a place takes part. What stands in the way of everybody is no
// excuse of one.
func (t *truth) takesPart(v resolution.Verdict) bool {
	app := t.w.store.apps[v.App]
	held := t.w.store.municipalities[v.DecidedBy.Name] != nil && strings.HasPrefix(v.DecidedBy.Reason, "held at ")
	everybody := !held && (v.Target == (v1alpha1.Release{}) || app == nil || ptr.Deref(app.Spec.Suspend, false))
	return v.Why == "" || (v.Why == resolution.Blocked && everybody)
}

// stand tells how a member stands.
func (t *truth) stand(f member, r *v1alpha1.Rollout, wave promisedWave) standing {
	entry := t.w.ledger.of(r.Name)
	part := false
	for _, v := range f.places {
		part = part || t.takesPart(v)
	}
	switch {
	case t.hasFailed(f, r, wave.soak):
		return failed
	case ptr.Deref(f.m.Spec.Suspend, false) || !part:
		return excused
	case entry.verified[f.m.Name]:
		return verified
	}
	for _, stage := range stages {
		if at, stays := t.stage(f, r, wave, stage); stays {
			return at
		}
	}
	entry.verified[f.m.Name] = true
	return verified
}

var stages = []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}

// stage tells how a member stands in one stage, and whether it is not through with it.
func (t *truth) stage(f member, r *v1alpha1.Rollout, wave promisedWave, stage v1alpha1.Stage) (at standing, stays bool) {
	gone := false
	for _, v := range f.places {
		e := f.m.Spec.Environment(v.Environment)
		if !t.takesPart(v) || e == nil || e.Stage != stage {
			continue
		}
		k := f.key(v)
		there := t.at(k, target(r))
		if there && t.w.store.installation(k).Status.ObservedGeneration < 0 {
			return excused, true // its status is lost: nobody can tell, and some take it for failed
		}
		if there && (t.w.reality[k].well(target(r), wave.soak, t.now) || t.longAgo(k, r) || t.onceAfter(k, r, wave.soak)) {
			continue
		}
		if there {
			return onTheWay, true
		}
		gone = gone || t.absence(f.m, k) != "" || !t.opensSoon(f.m, wave.deadline)
		stays = true
	}
	switch {
	case gone:
		return absentNow, stays
	case t.started(f, r):
		return onTheWay, stays
	}
	return waiting, stays
}

// longAgo says whether a place was moved before the rollout completed: what becomes of it
// afterwards is not the rollout's any more.
func (t *truth) longAgo(k key, r *v1alpha1.Rollout) bool {
	s, completed := t.stamped(k, r), t.w.ledger.of(r.Name).completed
	return !completed.IsZero() && (s == nil || !s.MovedAt.After(completed))
}

// onceAfter says whether a place that came late soaked after the rollout, or its wave, was done.
func (t *truth) onceAfter(k key, r *v1alpha1.Rollout, soak time.Duration) bool {
	runs, stamp, entry := t.w.reality[k], t.stamped(k, r), t.w.ledger.of(r.Name)
	done := !entry.completed.IsZero() || (stamp != nil && entry.done[stamp.Wave])
	return done && runs != nil && runs.release == target(r) && runs.longest > 0 && runs.longest >= soak
}

// absence says why a place can't be moved now although it takes part; empty if it can.
func (t *truth) absence(m *v1alpha1.Municipality, k key) string {
	if t.w.store.missing[v1alpha1.NamespaceFor(k.municipality, k.environment)] {
		return "its environment is not there"
	}
	if i := t.w.store.installation(k); i != nil && ptr.Deref(i.Spec.Suspend, false) {
		return "its installation is suspended"
	}
	app := t.w.store.apps[k.app]
	if app == nil || app.Spec.Requires == nil {
		return ""
	}
	for _, needed := range app.Spec.Requires.Apps {
		found := t.before.installation(key{m.Name, k.environment, needed.Name})
		if unmet := dependency.Unmet(needed, found); unmet != "" {
			return "it requires " + unmet
		}
	}
	return ""
}

// calendarOf a municipality, which is kept, as its object never changes.
func (w *world) calendarOf(m *v1alpha1.Municipality) *calendar.Calendar {
	if len(m.Spec.Windows) == 0 && len(m.Spec.Freezes) == 0 {
		return nil
	}
	c, known := w.calendars[m]
	if !known {
		c, _ = calendar.New(m.Spec.Windows, m.Spec.Freezes)
		w.calendars[m] = c
	}
	return c
}

// opensSoon says whether a municipality's windows are open, or will be within a time.
func (t *truth) opensSoon(m *v1alpha1.Municipality, within time.Duration) bool {
	c := t.w.calendarOf(m)
	if c == nil {
		return true
	}
	next, found := c.NextOpening(t.now)
	return found && next.Sub(t.now) <= within
}
