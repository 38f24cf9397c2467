package main

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// reality is how an installation truly is, and what the installer knows of it.
type reality struct {
	truth.Reality
	// asked is the generation that the installer has seen, and life counts what it began.
	asked int64
	life  int
}

// real makes the reality of a place.
func (w *world) real(k key) *reality {
	r := &reality{}
	w.reality[k], w.runs[k] = r, &r.Reality
	return r
}

// gone forgets a place whose installation was deleted.
func (w *world) gone(k key) {
	delete(w.reality, k)
	delete(w.runs, k)
	w.ledger.Gone(k)
}

// minutes is a random while between two numbers of minutes, in seconds, and in a large
// world in steps of its grain.
func (w *world) minutes(from, to int) time.Duration {
	if w.scripted { // a story goes as people expect
		return time.Duration(from+to) * time.Minute / 2
	}
	d := time.Duration(from*60+w.rng.IntN((to-from)*60+1)) * time.Second
	if w.grain > 0 {
		d = (w.at + d).Truncate(w.grain) + w.grain - w.at
	}
	return d
}

// asked begins what follows a write of an installation: the installer looks at it in a while.
func (w *world) asked(k key) {
	w.ledger.Touched(k, w.now())
	slow := w.faulty && w.rng.IntN(60) == 0
	if slow {
		w.after(w.minutes(20, 90), func() { w.install(k) })
		return
	}
	w.after(w.minutes(0, 6), func() { w.install(k) })
}

// install looks at an installation, and does what it asks for.
func (w *world) install(k key) {
	i := w.store.Installation(k)
	if i == nil {
		delete(w.reality, k)
		delete(w.runs, k)
		return
	}
	r := w.reality[k]
	if r == nil {
		r = w.real(k)
	}
	if r.asked == i.Generation || (i.Spec.Suspend != nil && *i.Spec.Suspend) {
		return
	}
	r.asked = i.Generation
	if i.Spec.State == v1alpha1.InstallationAbsent {
		r.life++
		r.Reality = truth.Reality{}
		w.report(k)
		return
	}
	asked := v1alpha1.Release{Version: i.Spec.Version, Digest: i.Spec.Digest}
	if r.Release == asked {
		w.report(k)
		return
	}
	r.Release, r.Healthy, r.Since, r.Longest = asked, false, w.now(), 0
	r.life++
	w.report(k)
	w.live(k, r.life, w.life(k, asked.Digest))
}

// life is what lies before an installation.
func (w *world) life(k key, digest string) []spell {
	start := spell{false, w.minutes(1, 15)}
	switch w.fateOf(digest, k) {
	case bad:
		return nil
	case flapping:
		life := []spell{start}
		for range 15 {
			life = append(life, spell{true, w.minutes(3, 25)}, spell{false, w.minutes(1, 14)})
		}
		return append(life, spell{true, 0})
	case late:
		return []spell{{false, w.minutes(45, 600)}, {true, 0}}
	case breaks:
		return []spell{start, {true, w.minutes(5, 50)}, {false, w.minutes(10, 600)}, {true, 0}}
	case hiccups:
		return []spell{start, {true, w.minutes(5, 50)}, {false, w.minutes(1, 10)}, {true, w.minutes(10, 900)}, {false, w.minutes(1, 10)}, {true, 0}}
	case good:
	}
	return []spell{start, {true, 0}}
}

// live goes through the spells of a life, unless another has begun.
func (w *world) live(k key, life int, spells []spell) {
	if len(spells) == 0 {
		return
	}
	r := w.reality[k]
	if r == nil || r.life != life {
		return
	}
	if r.Healthy != spells[0].healthy {
		if r.Healthy { // as the status has it, to the second
			r.Longest = max(r.Longest, w.now().Truncate(time.Second).Sub(r.Since.Truncate(time.Second)))
		}
		r.Healthy, r.Since = spells[0].healthy, w.now()
		if r.Healthy {
			w.ledger.Healthy(k, r.Release)
		} else {
			w.ledger.Unhealthy(k)
		}
		w.health(k, r)
		w.report(k)
	}
	if spells[0].lasts > 0 {
		w.after(spells[0].lasts, func() { w.live(k, life, spells[1:]) })
	}
}

// report writes the status of an installation from what is true, as the appinstallation
// controller does.
func (w *world) report(k key) {
	i, r := w.store.Installation(k), w.reality[k]
	if i == nil || r == nil || r.asked == 0 {
		return
	}
	next := i.DeepCopy()
	now := metav1.NewTime(w.now()).Rfc3339Copy()
	s := &next.Status
	same := s.AppliedDigest == r.Release.Digest && s.AppliedVersion == r.Release.Version
	s.ObservedGeneration, s.AppliedVersion, s.AppliedDigest = r.asked, r.Release.Version, r.Release.Digest
	ready := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: "Progressing", ObservedGeneration: r.asked, LastTransitionTime: now,
		Message: "Deployment/" + k.App + ": 0 of 1 replicas are ready"}
	absent := i.Spec.State == v1alpha1.InstallationAbsent
	if r.Healthy || absent {
		ready.Status, ready.Reason, ready.Message = metav1.ConditionTrue, "Ready", "all objects are applied and healthy"
	}
	if !same {
		s.LongestHealthy = nil
		s.History = append([]v1alpha1.InstalledVersion{{Version: r.Release.Version, Digest: r.Release.Digest, AppliedAt: now}}, s.History...)
		s.History = s.History[:min(len(s.History), 10)]
	}
	switch {
	case !r.Healthy || absent:
		if s.HealthySince != nil && same {
			lasted := now.Sub(s.HealthySince.Time)
			if s.LongestHealthy != nil {
				lasted = max(lasted, s.LongestHealthy.Duration)
			}
			s.LongestHealthy = &metav1.Duration{Duration: lasted}
		}
		s.HealthySince = nil
	case s.HealthySince == nil || !same:
		s.HealthySince = &now
		if r.Since.After(now.Time) { // the clock went back, and what was reported before is lost
			r.Since = now.Time
		}
	}
	meta.SetStatusCondition(&s.Conditions, ready)
	w.store.put(k, next)
	w.dirty = true
}
