package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// settle opens every gate that people may open, lets time pass in which nothing happens,
// and then asks of each place whether it is where it may be.
func (w *world) settle(patience time.Duration) {
	w.faulty, w.settling = false, true
	w.openGates()
	w.run(w.at + patience)
	w.approveAll() // what was halted may have given way to what nobody approved yet
	w.run(w.at + patience)
	w.truth = newTruth(w)
	for _, name := range sorted(w.store.municipalities) {
		m := w.store.municipalities[name]
		for _, v := range w.truth.of(m) {
			if what := w.unsettled(m, v); what != "" {
				w.violate("end", "%s %s %s: %s", name, v.App, v.Environment, what)
			}
		}
	}
}

// openGates takes out what stops rollouts, and makes them quick.
func (w *world) openGates() {
	w.note("everything settles: gates are opened, and nothing else happens")
	w.changePlatform(func(p *v1alpha1.Platform) {
		p.Spec.Freeze, p.Spec.Suspend = nil, nil
		if p.Spec.Rollout != nil {
			p.Spec.Rollout.Windows, p.Spec.Rollout.Freezes = nil, nil
			hasten(p.Spec.Rollout.Waves)
		}
	})
	for _, name := range sorted(w.store.networks) {
		w.changeNetwork(name, func(n *v1alpha1.Network) {
			n.Spec.Pause, n.Spec.Suspend = nil, nil
			if n.Spec.Rollout != nil {
				n.Spec.Rollout.Windows, n.Spec.Rollout.Freezes = nil, nil
				hasten(n.Spec.Rollout.Waves)
			}
		})
	}
	for _, name := range sorted(w.store.apps) {
		w.changeApp(name, func(a *v1alpha1.SharedApp) { a.Spec.Pause, a.Spec.Suspend = nil, nil })
	}
	for _, name := range sorted(w.store.municipalities) {
		if w.store.municipalities[name].Spec.Freezes != nil {
			w.changeMunicipality(name, func(m *v1alpha1.Municipality) { m.Spec.Freezes = nil })
		}
	}
	w.approveAll()
}

func hasten(waves []v1alpha1.Wave) {
	for i := range waves {
		waves[i].Soak = &metav1.Duration{Duration: 10 * time.Minute}
		waves[i].RequireApproval = nil
	}
}

// approveAll lets every wave of every group begin.
func (w *world) approveAll() {
	for _, name := range sorted(w.store.rollouts) {
		r := w.store.rollouts[name]
		if r.Spec.Network == "" || w.store.networks[r.Spec.Network] != nil {
			w.approve(r, r.Spec.Digest, r.Spec.Attempt)
		}
	}
}

// unsettled says why a place is not where it may be; empty if it is.
func (w *world) unsettled(m *v1alpha1.Municipality, v resolution.Verdict) string {
	k := key{m.Name, v.Environment, v.App}
	if v.Why != "" || v.Action != resolution.Install || ptr.Deref(m.Spec.Suspend, false) || !m.DeletionTimestamp.IsZero() {
		return ""
	}
	if w.truth.at(k, wanted(v)) {
		return w.undecided(k, v)
	}
	if v.Group == (resolution.Group{}) {
		return fmt.Sprintf("it named %s, and does not have it", v.Version)
	}
	r := w.current(v)
	if r == nil {
		return fmt.Sprintf("it should have %s, and there is no rollout of that", v.Version)
	}
	if s := w.truth.stamped(k, r); s != nil && s.Outcome != "" {
		return ""
	}
	if w.stated(r, k) {
		return ""
	}
	return fmt.Sprintf("it should have %s, and rollout %s (%s) gives no reason that is so: %q", v.Version, r.Name, r.Status.Phase, r.Status.Next)
}

func wanted(v resolution.Verdict) v1alpha1.Release {
	return v1alpha1.Release{Version: v.Version, Digest: v.Digest}
}

// undecided says that a member is on its way for longer than it may be.
func (w *world) undecided(k key, v resolution.Verdict) string {
	r := w.current(v)
	if r == nil {
		return ""
	}
	p := w.truth.promise(r)
	f, ok := w.truth.follower(r, k.municipality)
	if !ok {
		return ""
	}
	wave := p.waves[w.truth.waveOf(f, r, p)]
	i := w.store.installation(k)
	if s := w.truth.stamped(k, r); s == nil || w.ledger.of(r.Name).done[wave.name] || ptr.Deref(i.Spec.Suspend, false) {
		return ""
	}
	since := w.reality[k]
	well := since.well(wanted(v), wave.soak, w.now())
	if w.truth.stand(f, r, wave) == onTheWay && !well && since != nil && w.now().Sub(since.since) > 24*time.Hour+2*(wave.deadline+wave.soak) {
		return fmt.Sprintf("rollout %s (%s) takes it for neither verified nor failed", r.Name, r.Status.Phase)
	}
	return ""
}

// current is the rollout that brings a verdict's version; nil where there is none.
func (w *world) current(v resolution.Verdict) *v1alpha1.Rollout {
	var newest *v1alpha1.Rollout
	for _, name := range sorted(w.store.rollouts) {
		r := w.store.rollouts[name]
		if groupOf(r) == v.Group && r.Spec.App == v.App && r.Spec.Digest == v.Digest &&
			r.Status.Phase != v1alpha1.RolloutSuperseded && r.Status.Phase != v1alpha1.RolloutWithdrawn &&
			(newest == nil || r.Spec.Attempt > newest.Spec.Attempt) {
			newest = r
		}
	}
	return newest
}

// stated says whether a rollout tells a reason that is so why a place is not at its version.
func (w *world) stated(r *v1alpha1.Rollout, k key) bool {
	t := w.truth
	halted := func(wave v1alpha1.WaveStatus) bool { return wave.State == v1alpha1.WaveHalted && wave.WaitsFor != "" }
	if r.Status.Phase == v1alpha1.RolloutHalted || slices.ContainsFunc(r.Status.Waves, halted) {
		return true
	}
	m := w.store.municipalities[k.municipality]
	f, _ := t.follower(r, k.municipality)
	p := t.promise(r)
	wave := p.waves[t.waveOf(f, r, p)]
	switch t.stand(f, r, wave) {
	case failed, absentNow:
		return true // its notes tell about it
	case waiting, onTheWay, verified, excused:
	}
	for _, place := range f.places {
		if t.absence(m, f.key(place)) != "" {
			return true
		}
	}
	if t.wavesAway(r, p, t.waveOf(f, r, p)) {
		return true
	}
	app := w.store.apps[k.app]
	for _, pilot := range app.Spec.PilotNetworks {
		if pilot != r.Spec.Network && strings.Contains(r.Status.Next, "pilot network") {
			return true
		}
	}
	for _, wave := range r.Status.Waves {
		if strings.Contains(wave.WaitsFor, "pilot network") && len(app.Spec.PilotNetworks) > 0 {
			return true
		}
	}
	return strings.Contains(r.Status.Next, "carries") && w.carries(r) >= p.atOnce
}

// wavesAway says whether a wave before this one waits for somebody who is away.
func (t *truth) wavesAway(r *v1alpha1.Rollout, p promise, index int) bool {
	for i := range index + 1 {
		if c := t.crowd(r, p, i, nil); c.absent > 0 && c.verified == 0 {
			return true
		}
	}
	return false
}

// carries counts the introductions of a group that are under way besides one.
func (w *world) carries(r *v1alpha1.Rollout) int {
	count := 0
	for _, name := range sorted(w.store.rollouts) {
		other := w.store.rollouts[name]
		if name != r.Name && other.Spec.Network == r.Spec.Network && slices.Contains([]v1alpha1.RolloutPhase{v1alpha1.RolloutProgressing}, other.Status.Phase) {
			count++
		}
	}
	return count
}
