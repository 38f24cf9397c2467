package main

import (
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// faults are what goes wrong by itself, besides that the operator is killed and late.
var faults = []deed{
	{5, loseStatuses}, {3, loseRecord}, {2, forward}, {2, backward}, {4, operatorDown}, {12, outage}, {2, operatorRestarts},
}

func (w *world) faultsUntil(end, pause time.Duration) {
	all := slices.Concat(faults, hardFaults)
	total := weigh(all)
	var next func()
	next = func() {
		if w.at >= end {
			return
		}
		w.fault(all, total)
		w.after(w.pause(pause), next)
	}
	w.after(w.pause(pause), next)
}

func (w *world) fault(all []deed, total int) {
	roll := w.rng.IntN(total)
	for _, d := range all {
		if roll >= d.weight {
			roll -= d.weight
			continue
		}
		if what := d.do(w); what != "" {
			w.note("%s", what)
		}
		return
	}
}

// loseStatuses of some installations, or of all. The installer writes them again from what
// it finds.
func loseStatuses(w *world) string {
	all := w.store.Keys()
	percent := pick(w, 10, 50, 100)
	for _, k := range all {
		if !w.chance(percent) {
			continue
		}
		next := w.store.Installation(k).DeepCopy()
		next.Status = v1alpha1.AppInstallationStatus{ObservedGeneration: -1}
		w.store.put(k, next)
		w.ledger.Lost(k)
		w.after(w.minutes(1, 90), func() { w.report(k) })
	}
	w.dirty = true
	return "statuses of installations are lost"
}

func loseRecord(w *world) string {
	all := truth.Sorted(w.store.Rollouts)
	if len(all) == 0 {
		return ""
	}
	name := pick(w, all...)
	w.forget(name)
	return "the status of rollout " + name + " is lost"
}

// forget takes the status of a Rollout away.
func (w *world) forget(rollout string) {
	next := w.store.Rollouts[rollout].DeepCopy()
	next.Status = v1alpha1.RolloutStatus{ObservedGeneration: -1}
	w.store.Rollouts[rollout] = next
	w.so(nil).Forgot(next)
	w.dirty = true
}

// jump sets the clock.
func (w *world) jump(d time.Duration) {
	w.skew += d
	clear(w.wakes) // they named times of the clock as it was
	w.ledger.WentBack(max(-d, 0))
	if w.at >= w.downUntil {
		w.watch = w.watch.At(w.now())
	}
}

func forward(w *world) string {
	d := pick(w, 10*time.Minute, 3*time.Hour, 26*time.Hour, 5*24*time.Hour)
	w.jump(d)
	return "the clock jumps ahead by " + d.String()
}

func backward(w *world) string {
	d := pick(w, 2*time.Minute, 20*time.Minute, 3*time.Hour)
	w.jump(-d)
	return "the clock jumps back by " + d.String()
}

func operatorDown(w *world) string {
	d := w.minutes(5, 10*60)
	w.down(d)
	return "the operator is down for " + d.String()
}

func operatorRestarts(w *world) string {
	w.down(time.Second)
	return "the operator restarts"
}

// outage makes something unwell that was well.
func outage(w *world) string {
	all := w.store.Keys()
	if len(all) == 0 {
		return ""
	}
	k := pick(w, all...)
	r := w.reality[k]
	if r == nil || !r.Healthy {
		return ""
	}
	r.life++
	w.live(k, r.life, []spell{{false, w.minutes(2, 120)}, {true, 0}})
	return k.Municipality + ": " + k.App + " breaks down (" + k.Environment + ")"
}
