package country

import (
	"cmp"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/planner"
)

// SetNetwork takes a Network in the place of the one of its name; nil takes that out.
func (m *Model) SetNetwork(name string, n *v1alpha1.Network) {
	was := m.country.networks[name]
	if was != nil && n != nil && n.DeletionTimestamp.IsZero() == was.DeletionTimestamp.IsZero() && sameSpec(was, n, was.Spec, n.Spec) {
		return
	}
	m.country.networks = replaced(m.country.networks, name, n)

	strategies := maps.Clone(m.country.strategies)
	delete(strategies, name)
	if n != nil {
		strategies[name] = compileStrategy(m.country.Platform.Rollout, n)
	}
	m.country.strategies = strategies
	if !equality.Semantic.DeepEqual(wavesOf(was), wavesOf(n)) {
		for s := range m.country.subjectsOf(name) {
			returning{m}.moved(s.key(), func(string) bool { return true })
		}
	}

	m.proposals[name] = true
	m.topology = m.topology || was == nil || n == nil || belongsAnew(was, n)
	m.changed.Networks[name], m.changed.NetworkSpecs[name] = true, true
	m.groups[name] = true
}

// wavesOf are those that a network, which may be nil, says itself.
func wavesOf(n *v1alpha1.Network) []v1alpha1.Wave {
	if n == nil || n.Spec.Rollout == nil {
		return nil
	}
	return n.Spec.Rollout.Waves
}

// belongsAnew says whether two states of a network differ in who belongs to whom.
func belongsAnew(was, n *v1alpha1.Network) bool {
	return was.UID != n.UID || was.DeletionTimestamp.IsZero() != n.DeletionTimestamp.IsZero() || was.Spec.Successor != n.Spec.Successor ||
		!was.Spec.Ends.Equal(n.Spec.Ends) || !equality.Semantic.DeepEqual(was.Spec.Members, n.Spec.Members)
}

// SetApp takes a SharedApp in the place of the one of its name; nil takes that out.
func (m *Model) SetApp(name string, app *v1alpha1.SharedApp) {
	was := m.country.Apps.Of(name).Object
	said := was == nil || app == nil || !sameSpec(was, app, was.Spec, app.Spec)
	if !said && equality.Semantic.DeepEqual(was.Status.Versions, app.Status.Versions) {
		return // who uses it is known from installations, not from its status
	}

	apps := maps.Clone(m.country.Apps)
	delete(apps, name)
	if app != nil {
		apps[name] = m.compiler.App(app)
	}
	before := m.country.Apps.Of(name)
	concerned := append(before.RequiredApps(), apps.Of(name).RequiredApps()...)
	m.country.Apps = apps
	m.related = relatedApps(apps)

	for municipality := range m.takers[name] {
		t := m.touch(municipality)
		t.apps[name] = true
		for _, needed := range concerned {
			t.apps[needed] = true
		}
	}
	for network, n := range m.country.networks {
		if n.Spec.Proposal(name) != nil {
			m.changed.Networks[network] = true
		}
	}
	m.changed.Apps[name] = true
	m.apps[name] = true
	specs{m}.onApp(before, name, said)
}

// sameSpec says whether two states of an object ask for the same, at the same generation: a status says
// of which generation it speaks.
func sameSpec(was, is metav1.Object, before, after any) bool {
	return was.GetUID() == is.GetUID() && was.GetGeneration() == is.GetGeneration() && equality.Semantic.DeepEqual(before, after)
}

// SetRollout takes a Rollout in the place of the one of its name; nil takes that out.
func (m *Model) SetRollout(name string, r *v1alpha1.Rollout) {
	var was *v1alpha1.Rollout
	if key, known := m.records[name]; known {
		was = m.edit(key).setRecord(name, nil)
		delete(m.records, name)
	}
	if r != nil {
		key := keyOf(r)
		m.edit(key).setRecord(name, r)
		m.records[name] = key
	}
	returning{m}.rollout(was, r)
	if was == nil || r == nil || was.Status.Phase != r.Status.Phase || was.Status.Failed != r.Status.Failed || !was.Status.CompletedAt.Equal(r.Status.CompletedAt) {
		m.changed.record(was)
		m.changed.record(r)
	}
	if turn := cmp.Or(r, was); turn != nil && turnOf(was) != turnOf(r) {
		m.turn(keyOf(turn))
	}
}

// turn wakes those whose turn in a rollout may be another now, and those who report its phase.
func (m *Model) turn(key subjectKey) {
	m.turned[key] = true
	m.changed.Apps[key.app] = true
	if key.group.Network != "" {
		m.changed.Networks[key.group.Network] = true
	}
	m.edit(key).members.Scan(func(name string, member *planner.Member) bool {
		m.changed.Municipalities[name] = true
		if slices.ContainsFunc(member.Places, func(p planner.MemberPlace) bool { return p.Leaving }) {
			m.changed.Decisions[name] = true // it may go, when the Rollout remembers it
		}
		return true
	})
}

// turnOf is all of a Rollout's status that says whose turn comes when. Its counts do not: they
// change with every member.
func turnOf(r *v1alpha1.Rollout) string {
	if r == nil {
		return ""
	}
	text := pair(r.Name, string(r.Status.Phase))
	for i := range r.Status.Waves {
		w := &r.Status.Waves[i]
		text = pair(text, pair(w.Name, pair(string(w.State), w.WaitsFor)))
	}
	for _, m := range r.Status.Memory {
		if m.Reason == v1alpha1.MemoryTakenOut {
			text = pair(text, m.Name)
		}
	}
	return text
}

// record notes the group of a Rollout whose course may be another now. The counts in its
// status are what a plan wrote itself: they are no occasion to plan.
func (c Changed) record(r *v1alpha1.Rollout) {
	if r != nil {
		c.course(groupName(keyOf(r).group))
	}
}

// replaced is a map with another value of one key; nil takes the key out.
func replaced[K comparable, V any](all map[K]*V, key K, value *V) map[K]*V {
	next := maps.Clone(all)
	if value == nil {
		delete(next, key)
		return next
	}
	if next == nil {
		next = map[K]*V{}
	}
	next[key] = value
	return next
}

// relatedApps are the apps that each app requires, or that require it.
func relatedApps(apps catalogue.Apps) map[string][]string {
	all := map[string][]string{}
	for name, app := range apps {
		for _, needed := range app.RequiredApps() {
			all[name] = append(all[name], needed)
			all[needed] = append(all[needed], name)
		}
	}
	return all
}
