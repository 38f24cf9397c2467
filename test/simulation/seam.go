package main

import (
	"reflect"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// direct is the group of those who follow a channel by their own decision.
const direct = country.Direct

// watch is what the operator notes of when it looked.
type watch = rollout.Watch

// operator is the real operator's view of a world at one moment: what its controllers plan with.
// This file alone knows that package.
type operator struct{ country *country.Country }

// course is what the operator does about one app of one group, in plain objects.
type course struct {
	// ends are Rollouts with the status that they end with, and makes is a new one; nil for none.
	ends  []*v1alpha1.Rollout
	makes *v1alpha1.Rollout
	// goesOn is the Rollout that is worked on, and says the same with its next status; nil for none.
	goesOn, says *v1alpha1.Rollout
	moves        []move
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
	o := country.Objects{
		Platform: seen.Platform.Spec, Apps: seen.Apps, Missing: seen.Missing, Outages: w.watch.All(),
		Installations:  make(map[string]map[resolution.Place]*v1alpha1.AppInstallation, len(seen.Installations)),
		Municipalities: make([]*v1alpha1.Municipality, 0, len(seen.Municipalities)),
		Networks:       make([]v1alpha1.Network, 0, len(seen.Networks)),
		Rollouts:       make([]*v1alpha1.Rollout, 0, len(seen.Rollouts)),
	}
	for name, installed := range seen.Installations {
		o.Installations[name] = w.places.of(name, installed)
	}
	for _, name := range truth.Sorted(seen.Municipalities) {
		o.Municipalities = append(o.Municipalities, seen.Municipalities[name])
	}
	for _, name := range truth.Sorted(seen.Networks) {
		o.Networks = append(o.Networks, *seen.Networks[name])
	}
	for _, name := range truth.Sorted(seen.Rollouts) {
		o.Rollouts = append(o.Rollouts, seen.Rollouts[name])
	}
	return operator{country.Compile(o, w.now())}
}

// places are the installations of municipalities by the operator's own kind of place, which are
// made anew only where they changed.
type places map[string]struct {
	of   map[truth.Place]*v1alpha1.AppInstallation
	made map[resolution.Place]*v1alpha1.AppInstallation
}

func (p places) of(name string, installed map[truth.Place]*v1alpha1.AppInstallation) map[resolution.Place]*v1alpha1.AppInstallation {
	known := p[name]
	if known.made != nil && reflect.ValueOf(known.of).Pointer() == reflect.ValueOf(installed).Pointer() {
		return known.made
	}
	known.of, known.made = installed, make(map[resolution.Place]*v1alpha1.AppInstallation, len(installed))
	for at, i := range installed {
		known.made[resolution.Place{App: at.App, Environment: at.Environment}] = i
	}
	p[name] = known
	return known.made
}

// consent is what the operator writes, and deletes, as a municipality decides it, and when it looks
// again by itself.
func (o operator) consent(name string) (write, remove []*v1alpha1.AppInstallation, again time.Time) {
	t := o.country.Tenant(name)
	todo := o.country.Consent(t)
	return todo.Write, todo.Remove, earliest(todo.Again, t.Until)
}

// plan is what the operator does about a group, and when it looks again by itself.
func (o operator) plan(group string) ([]course, time.Time) {
	plan := o.country.Plan(group)
	all := make([]course, 0, len(plan.Introductions))
	for i := range plan.Introductions {
		all = append(all, o.course(&plan.Introductions[i]))
	}
	return all, earliest(plan.Again, o.country.Next)
}

func (o operator) course(intro *country.Introduction) course {
	c := course{stale: intro.Stale, again: intro.Step.Again}
	for _, end := range intro.Course.End {
		after := end.Rollout.DeepCopy()
		after.Status = rollout.End(end)
		c.ends = append(c.ends, after)
	}
	if spec := intro.Course.Create; spec != nil {
		c.makes = &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: rollout.Name(*spec), Generation: 1}, Spec: *spec.DeepCopy()}
	}
	for _, m := range intro.Step.Moves {
		if want := o.country.Installation(*intro, m); want != nil {
			c.moves = append(c.moves, move{truth.Kind(m.Kind), want})
		}
	}
	if r := intro.Course.Current; r != nil {
		c.goesOn, c.says = r, r.DeepCopy()
		c.says.Status = *intro.Step.Status.DeepCopy()
	}
	return c
}
