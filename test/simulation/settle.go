package main

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// settle opens every gate that people may open, lets time pass in which nothing happens,
// and then asks of each place whether it is where it may be.
func (w *world) settle(patience time.Duration) {
	w.faulty, w.settling = false, true
	w.openGates()
	w.run(w.at + patience)
	w.approveAll() // what was halted may have given way to what nobody approved yet
	w.run(w.at + patience)
	w.so(nil).Rests()
}

// openGates takes out what stops rollouts, and makes them quick.
func (w *world) openGates() {
	w.note("everything settles: gates are opened, and nothing else happens")
	w.changePlatform(func(p *v1alpha1.Platform) {
		p.Spec.Freeze, p.Spec.Suspend, p.Spec.Pause = nil, nil, nil
		if p.Spec.Rollout != nil {
			p.Spec.Rollout.Windows, p.Spec.Rollout.Freezes = nil, nil
			hasten(p.Spec.Rollout.Waves)
		}
	})
	for _, name := range truth.Sorted(w.store.Networks) {
		w.changeNetwork(name, func(n *v1alpha1.Network) {
			n.Spec.Pause, n.Spec.Suspend = nil, nil
			if n.Spec.Rollout != nil {
				n.Spec.Rollout.Windows, n.Spec.Rollout.Freezes = nil, nil
				hasten(n.Spec.Rollout.Waves)
			}
		})
	}
	for _, name := range truth.Sorted(w.store.Apps) {
		w.changeApp(name, func(a *v1alpha1.SharedApp) { a.Spec.Pause, a.Spec.Suspend = nil, nil })
	}
	for _, name := range truth.Sorted(w.store.Municipalities) {
		if m := w.store.Municipalities[name]; m.Spec.Freezes != nil || m.Spec.Pause != nil {
			w.changeMunicipality(name, func(m *v1alpha1.Municipality) { m.Spec.Freezes, m.Spec.Pause = nil, nil })
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
	for _, name := range truth.Sorted(w.store.Rollouts) {
		r := w.store.Rollouts[name]
		if r.Spec.Network == "" || w.store.Networks[r.Spec.Network] != nil {
			w.approve(r, r.Spec.Digest, r.Spec.Attempt)
		}
	}
}
