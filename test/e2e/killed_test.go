package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const (
	kills = 26
	// atSeam says how often the operator is killed between applying and noting it: at every
	// third death.
	atSeam = 3
	seed   = 4036
	// rounds is how often everybody changes a parameter in the end, to keep it at work.
	rounds = 12
)

func greeting(text string) *apiextensionsv1.JSON {
	return &apiextensionsv1.JSON{Raw: []byte(`{"greeting":"` + text + `"}`)}
}

// changes are what people do to the country, in this order, while the operator lives and
// dies. At the end 20 municipalities x 2 environments x 2 apps are there, less one app
// that one of them declines.
func changes(t *testing.T, c country, number int) []func() {
	t.Helper()
	all := []func(){
		func() { c.offers(t) },
		func() { c.populate(t, number, 0, 12) },
		func() { c.unite(t) },
		func() { c.say(t, 3, v1alpha1.AppDecision{Name: "portal", Parameters: greeting("god dag")}) },
		func() { c.promote(t, "gateway", "1.1.0") },
		func() { c.populate(t, number, 12, c.size) },
		func() { c.say(t, 5, v1alpha1.AppDecision{Name: "portal", Decision: v1alpha1.DecisionDecline}) },
		func() { c.say(t, 9, v1alpha1.AppDecision{Name: "portal", Decision: v1alpha1.DecisionDecline}) },
		func() { c.promote(t, "portal", "1.1.0") },
		func() { c.say(t, 3, v1alpha1.AppDecision{Name: "portal", Parameters: greeting("morna")}) },
		func() { c.say(t, 9, v1alpha1.AppDecision{Name: "portal", Decision: v1alpha1.DecisionAdopt}) },
		func() {
			edit(t, c.admin, &v1alpha1.Municipality{}, c.name(2), func(m *v1alpha1.Municipality) { m.Spec.Environments[1].Zone = v1alpha1.ZoneClosed })
		},
		func() {
			edit(t, c.admin, &v1alpha1.Municipality{}, c.name(6), func(m *v1alpha1.Municipality) {
				m.Spec.Environments[0].Quota = &v1alpha1.Quota{Memory: new(resource.MustParse("5Gi"))}
				m.Spec.Access = nil
			})
		},
	}
	for round := range rounds {
		all = append(all, func() {
			for i := range c.size {
				c.say(t, i, v1alpha1.AppDecision{Name: "gateway", Parameters: greeting(fmt.Sprint("round ", round))})
			}
		})
	}
	return all
}

// The operator is killed at random, also between applying and noting it, while the world
// changes. In the end everything is as it is where nobody was killed.
func TestKilledAtAnyPointItComesToTheSameEnd(t *testing.T) {
	w := newWorld(t)
	calm := country{world: w, prefix: "calm", size: 20}
	undisturbed := w.start(t, "")
	for _, change := range changes(t, calm, 1000) {
		change()
	}
	calm.settled(t, 4*calm.size-2)
	undisturbed.Kill()
	want := calm.snapshot(t)

	wild := country{world: w, prefix: "wild", size: 20}
	killAround(t, w, changes(t, wild, 2000))
	w.start(t, "")
	wild.settled(t, 4*wild.size-2)
	calm.settled(t, 4*calm.size-2)
	if diff := cmp.Diff(want, wild.snapshot(t)); diff != "" {
		t.Errorf("it came to another end than without kills (-undisturbed +killed):\n%.4000s", diff)
	}
	if diff := cmp.Diff(want, calm.snapshot(t)); diff != "" {
		t.Errorf("what was settled before has changed:\n%.4000s", diff)
	}
	wild.nothingTwice(t)
}

// killAround makes the changes one by one, each while a new operator has just started, and
// kills that operator.
func killAround(t *testing.T, w *world, changes []func()) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, seed))
	g := newGate(t, w)
	atWork, seams := 0, 0
	for life := range kills {
		g.holding.Store(life%atSeam == atSeam-1)
		written, held := g.written.Load(), g.held.Load()
		o := w.start(t, g.kubeconfig)
		if life < len(changes) {
			changes[life]()
		}
		if g.holding.Load() {
			await(t, 5*time.Second, func() bool { return g.held.Load() > held })
		} else {
			await(t, 3*time.Second, func() bool { return g.written.Load() > written })
		}
		// The moment of death is what is tested: here time passes, and nothing is waited for.
		<-time.After(time.Duration(50+random.IntN(1450)) * time.Millisecond)
		o.Kill()
		if g.written.Load() > written {
			atWork++
		}
		if g.held.Load() > held {
			seams++
		}
	}
	t.Logf("of %d kills %d met it at work, %d of them between applying and noting it", kills, atWork, seams)
	if atWork < 20 || seams < 5 {
		t.Errorf("too few of the kills mattered: %d of %d met it at work, %d between applying and noting it", atWork, kills, seams)
	}
}

// await waits until something is so, at most that long: there may be nothing left to do.
func await(t *testing.T, limit time.Duration, so func() bool) {
	t.Helper()
	_ = wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, limit, true, func(context.Context) (bool, error) { return so(), nil })
}
