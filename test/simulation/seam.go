package main

import (
	"maps"
	"reflect"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// direct is the group of those who follow a channel by their own decision.
const direct = country.Direct

// watch is what the operator notes of when it looked.
type watch = planner.Watch

// operator is the real operator's view of a world at one moment: what its controllers plan with.
// This file alone knows that package.
type operator struct {
	country *country.Country
	// plans are what it planned for each group before: what nothing has changed is not planned again.
	plans map[string]planned
}

// planned is a plan of a group, and what it comes to.
type planned struct {
	country.GroupPlan
	courses []course
}

// course is what the operator does about one app of one group, in plain objects.
type course struct {
	// ends are Rollouts with the status that they end with, and makes is a new one; nil for none.
	ends  []*v1alpha1.Rollout
	makes *v1alpha1.Rollout
	// goesOn is the Rollout that is worked on, and says the same with its next status; nil for none.
	goesOn, says *v1alpha1.Rollout
	// saysSo is whether it says that already.
	saysSo bool
	moves  []move
	// stale are records to be deleted.
	stale []*v1alpha1.Rollout
	again time.Time
}

// move is an installation that a Rollout wants, and what the move is for.
type move struct {
	kind truth.Kind
	want *v1alpha1.AppInstallation
}

// operator looks at the objects that it sees.
func (w *world) operator(seen *store) operator {
	if w.model.Model == nil { // it was started
		w.model = model{Model: country.NewModel(), given: truth.NewObjects(), plans: map[string]planned{}}
	}
	w.model.look(&seen.Objects, w.watch.All())
	w.model.Settle(w.now())
	return operator{w.model.Country(), w.model.plans}
}

// another is a second operator, which has planned nothing before.
func (o operator) another() operator { return operator{o.country, map[string]planned{}} }

// model is what an operator knows from its start to its end, and the objects that it was given.
type model struct {
	*country.Model
	given   truth.Objects
	outages planner.Outages
	plans   map[string]planned
}

// look gives the model what changed, as watches do.
func (m *model) look(seen *truth.Objects, outages planner.Outages) {
	was := m.given
	m.given = *seen
	if !m.outages.Equal(outages) {
		m.outages = outages
		m.SetOutages(outages)
	}
	if was.Platform != seen.Platform {
		m.SetPlatform(seen.Platform.Spec)
	}
	changes(was.Apps, seen.Apps, m.SetApp)
	changes(was.Networks, seen.Networks, m.SetNetwork)
	changes(was.Rollouts, seen.Rollouts, m.SetRollout)
	changes(was.Municipalities, seen.Municipalities, m.SetMunicipality)
	all := !maps.Equal(was.Missing, seen.Missing)
	for name, is := range seen.Municipalities {
		if all || was.Municipalities[name] != is {
			for _, e := range is.Spec.Environments {
				m.SetMissing(name, e.Name, seen.Missing[v1alpha1.NamespaceFor(name, e.Name)])
			}
		}
	}
	for name, installed := range seen.Installations {
		if before := was.Installations[name]; reflect.ValueOf(before).Pointer() != reflect.ValueOf(installed).Pointer() { // else nothing in it changed
			changes(before, installed, func(at truth.Place, i *v1alpha1.AppInstallation) {
				m.SetInstallation(name, resolution.Place{App: at.App, Environment: at.Environment}, i)
			})
		}
	}
}

// changes are the objects that another has taken the place of; nil where none has.
func changes[K comparable, V any](was, is map[K]*V, set func(K, *V)) {
	for name, object := range is {
		if was[name] != object {
			set(name, object)
		}
	}
	for name := range was {
		if is[name] == nil {
			set(name, nil)
		}
	}
}

// decisions are what the operator does as a municipality decides it.
type decisions struct {
	write, remove []*v1alpha1.AppInstallation
	// ask are refused writes of which the API server is asked whether it takes them now.
	ask []*v1alpha1.AppInstallation
	// again is when it looks again by itself.
	again time.Time
}

func (o operator) consent(name string) decisions {
	t := o.country.Tenant(name)
	todo := o.country.Consent(t)
	d := decisions{write: todo.Write, remove: todo.Remove, again: earliest(todo.Again, earliest(t.Until, o.country.Networks.NextChange()))}
	for _, r := range todo.Ask {
		d.ask = append(d.ask, r.Want)
	}
	return d
}

// stays says whether what is installed in an environment that was taken out is not uninstalled yet.
func (o operator) stays(k key) bool {
	t := o.country.Tenant(k.Municipality)
	return o.country.Own(t).MustStay(o.country, t, placeOf(k)) != ""
}

// refused notes that the API server refused a write that the operator had decided upon.
func (m *model) refused(o operator, want *v1alpha1.AppInstallation) {
	k := keyOf(want)
	m.SetRefused(k.Municipality, placeOf(k), o.country.Refused(want, "the API server refuses it"))
}

// taken notes that the API server takes what is written to a place.
func (m *model) taken(k key) { m.SetRefused(k.Municipality, placeOf(k), nil) }

func placeOf(k key) resolution.Place {
	return resolution.Place{App: k.App, Environment: k.Environment}
}

// plan is what the operator does about a group, and when it looks again by itself.
func (o operator) plan(group string) ([]course, time.Time) {
	before := o.plans[group]
	plan := o.country.Replan(group, before.GroupPlan)
	again := earliest(plan.Again, o.country.Next)
	if all := plan.Introductions; len(all) == len(before.Introductions) && len(all) > 0 && &all[0] == &before.Introductions[0] {
		return before.courses, again
	}
	all := make([]course, 0, len(plan.Introductions))
	for i := range plan.Introductions {
		all = append(all, o.course(&plan.Introductions[i]))
	}
	o.plans[group] = planned{plan, all}
	return all, again
}

func (o operator) course(intro *country.Introduction) course {
	c := course{stale: intro.Stale, again: intro.Step.Again}
	for _, end := range intro.Course.End {
		after := end.Rollout.DeepCopy()
		after.Status = planner.End(end)
		c.ends = append(c.ends, after)
	}
	if spec := intro.Course.Create; spec != nil {
		c.makes = &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: planner.Name(*spec), Generation: 1}, Spec: *spec.DeepCopy()}
	}
	for _, m := range intro.Step.Moves {
		if want := o.country.Installation(*intro, m); want != nil {
			c.moves = append(c.moves, move{truth.Kind(m.Kind), want})
		}
	}
	if r := intro.Course.Current; r != nil {
		c.goesOn, c.says = r, &v1alpha1.Rollout{TypeMeta: r.TypeMeta, ObjectMeta: *r.ObjectMeta.DeepCopy(), Spec: *r.Spec.DeepCopy()}
		c.says.Status = *intro.Step.Status.DeepCopy()
		c.saysSo = sameStatus(&r.Status, &c.says.Status)
	}
	return c
}
