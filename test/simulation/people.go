package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// deed is something that people do. It says what it was, or nothing where it found nothing to do.
type deed struct {
	weight int
	do     func(*world) string
}

// deeds are all that people do, in the catalogue, in networks and in municipalities.
var deeds = []deed{
	{16, promote}, {4, withdraw}, {2, unavailable}, {3, pauseApp}, {1, suspendApp}, {3, freezePlatform}, {2, pilotNetwork},
	{3, pauseNetwork}, {1, suspendNetwork}, {10, approveWave}, {3, approveWrongly}, {6, retry}, {4, editWaves}, {3, editLimits},
	{2, editIntroductions}, {2, editWindows}, {1, endNetwork}, {2, nestNetwork}, {2, editProposals}, {1, announce},
	{5, join}, {5, leave}, {3, found}, {2, deleteMunicipality}, {2, merge}, {3, suspendMunicipality}, {10, decide}, {3, undecide},
	{3, municipalWindows}, {2, addEnvironment}, {1, dropEnvironment}, {2, suspendInstallation}, {2, relabel},
}

// live lets people do things until a time, every now and then.
func (w *world) peopleUntil(end, pause time.Duration) {
	all := slices.Concat(deeds, hardDeeds)
	total := weigh(all)
	var next func()
	next = func() {
		if w.at >= end {
			return
		}
		w.deed(all, total)
		w.after(w.pause(pause), next)
	}
	w.after(w.pause(pause), next)
}

// pause is a random while: often several things happen within an hour.
func (w *world) pause(mean time.Duration) time.Duration {
	if w.chance(25) {
		return time.Duration(w.rng.IntN(3600)) * time.Second
	}
	return time.Duration(w.rng.Int64N(int64(2 * mean)))
}

// weigh is the weight of all deeds together.
func weigh(all []deed) (total int) {
	for _, d := range all {
		total += d.weight
	}
	return total
}

func (w *world) deed(all []deed, total int) {
	roll := w.rng.IntN(total)
	if len(w.store.Apps) == 0 {
		return // somebody deleted the only one, for now
	}
	for _, d := range all {
		if roll >= d.weight {
			roll -= d.weight
			continue
		}
		if what := d.do(w); what != "" {
			w.note("%s", what)
			w.dirty = true
		}
		return
	}
}

// anyMunicipality that is not on its way out; nil where there is none.
func (w *world) anyMunicipality() *v1alpha1.Municipality {
	all := truth.Sorted(w.store.Municipalities)
	all = slices.DeleteFunc(all, func(name string) bool { return !w.store.Municipalities[name].DeletionTimestamp.IsZero() })
	if len(all) == 0 {
		return nil
	}
	return w.store.Municipalities[pick(w, all...)]
}

func (w *world) anyNetwork() *v1alpha1.Network {
	all := truth.Sorted(w.store.Networks)
	if len(all) == 0 {
		return nil
	}
	return w.store.Networks[pick(w, all...)]
}

func (w *world) anyApp() *v1alpha1.SharedApp {
	return w.store.Apps[pick(w, truth.Sorted(w.store.Apps)...)]
}

// Changes replace what is stored.

func (w *world) changeMunicipality(name string, change func(*v1alpha1.Municipality)) {
	next := w.store.Municipalities[name].DeepCopy()
	change(next)
	next.Generation++
	w.store.Municipalities[name] = next
	w.dirty = true
}

func (w *world) changeNetwork(name string, change func(*v1alpha1.Network)) {
	next := w.store.Networks[name].DeepCopy()
	change(next)
	next.Generation++
	w.store.Networks[name] = next
	w.store.changed()
	w.dirty = true
}

func (w *world) changeApp(name string, change func(*v1alpha1.SharedApp)) {
	if w.store.Apps[name] == nil {
		return // somebody deleted it
	}
	next := w.store.Apps[name].DeepCopy()
	change(next)
	next.Generation++
	w.store.Apps[name] = next
	w.store.changed()
	w.dirty = true
}

func (w *world) changePlatform(change func(*v1alpha1.Platform)) {
	next := w.store.Platform.DeepCopy()
	change(next)
	w.store.Platform = next
	w.store.changed()
	w.dirty = true
}

// changeStrategy of a network, or of the platform where the name is empty.
func (w *world) changeStrategy(network string, change func(*v1alpha1.RolloutStrategy)) {
	repair := func(s *v1alpha1.RolloutStrategy) *v1alpha1.RolloutStrategy {
		if s == nil {
			s = &v1alpha1.RolloutStrategy{}
		}
		change(s)
		return s
	}
	if network == "" {
		w.changePlatform(func(p *v1alpha1.Platform) { p.Spec.Rollout = repair(p.Spec.Rollout) })
		return
	}
	w.changeNetwork(network, func(n *v1alpha1.Network) { n.Spec.Rollout = repair(n.Spec.Rollout) })
}

// flip turns a switch on, and mostly off again after some days.
func (w *world) flip(on bool, days int, what string, change func(on bool)) string {
	change(on)
	if on {
		w.after(time.Duration(1+w.rng.IntN(days*24))*time.Hour, func() {
			change(false)
			w.note("%s: no longer", what)
			w.dirty = true
		})
		return what
	}
	return fmt.Sprintf("%s: no longer", what)
}

// sometime is a time to come, within some days.
func (w *world) sometime(days int) time.Time {
	return w.now().Add(time.Duration(1+w.rng.IntN(days*24*60)) * time.Minute).Truncate(time.Second)
}
