package main

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

func promote(w *world) string {
	app := w.anyApp()
	channel := w.rng.IntN(len(app.Spec.Channels))
	version := pick(w, versionNames...)
	w.changeApp(app.Name, func(a *v1alpha1.SharedApp) { a.Spec.Channels[channel].Version = version })
	return fmt.Sprintf("%s: channel %s points at %s", app.Name, app.Spec.Channels[channel].Name, version)
}

// withdraw a version, or take that back.
func withdraw(w *world) string {
	app := w.anyApp()
	at := w.rng.IntN(len(app.Spec.Versions))
	if w.chance(60) { // rather one that is on its way
		version := pick(w, app.Spec.Channels...).Version
		at = slices.IndexFunc(app.Spec.Versions, func(v v1alpha1.Version) bool { return v.Version == version })
	}
	if at < 0 {
		return ""
	}
	next := v1alpha1.VersionWithdrawn
	if app.Spec.Versions[at].State == next {
		next = v1alpha1.VersionActive
	}
	w.changeApp(app.Name, func(a *v1alpha1.SharedApp) { a.Spec.Versions[at].State = next })
	return fmt.Sprintf("%s: version %s is %s", app.Name, app.Spec.Versions[at].Version, next)
}

func unavailable(w *world) string {
	app := w.anyApp()
	version := pick(w, app.Status.Versions...).Version
	return w.flip(true, 3, fmt.Sprintf("%s: version %s can't be fetched", app.Name, version), func(on bool) {
		w.changeApp(app.Name, func(a *v1alpha1.SharedApp) {
			for i := range a.Status.Versions {
				if a.Status.Versions[i].Version == version {
					a.Status.Versions[i].Available = !on
				}
			}
		})
	})
}

func pauseApp(w *world) string {
	app := w.anyApp()
	return w.flip(true, 5, app.Name+" is paused", func(on bool) {
		w.changeApp(app.Name, func(a *v1alpha1.SharedApp) { a.Spec.Pause = &on })
	})
}

func suspendApp(w *world) string {
	app := w.anyApp()
	return w.flip(true, 3, app.Name+" is suspended", func(on bool) {
		w.changeApp(app.Name, func(a *v1alpha1.SharedApp) { a.Spec.Suspend = &on })
	})
}

func freezePlatform(w *world) string {
	return w.flip(true, 5, "the platform is frozen", func(on bool) {
		w.changePlatform(func(p *v1alpha1.Platform) { p.Spec.Freeze = &on })
	})
}

func pilotNetwork(w *world) string {
	n := w.anyNetwork()
	if n == nil {
		return ""
	}
	app := w.anyApp()
	pilots := []string{n.Name}
	if len(app.Spec.PilotNetworks) > 0 {
		pilots = nil
	}
	w.changeApp(app.Name, func(a *v1alpha1.SharedApp) { a.Spec.PilotNetworks = pilots })
	return fmt.Sprintf("%s: pilot networks %v", app.Name, pilots)
}

func pauseNetwork(w *world) string {
	n := w.anyNetwork()
	if n == nil {
		return ""
	}
	return w.flip(true, 5, n.Name+" is paused", func(on bool) { w.ifNetwork(n.Name, func(n *v1alpha1.Network) { n.Spec.Pause = &on }) })
}

func suspendNetwork(w *world) string {
	n := w.anyNetwork()
	if n == nil {
		return ""
	}
	return w.flip(true, 3, n.Name+" is suspended", func(on bool) { w.ifNetwork(n.Name, func(n *v1alpha1.Network) { n.Spec.Suspend = &on }) })
}

func (w *world) ifNetwork(name string, change func(*v1alpha1.Network)) {
	if w.store.Networks[name] != nil {
		w.changeNetwork(name, change)
	}
}

// anyRollout that has not ended; nil where there is none.
func (w *world) anyRollout() *v1alpha1.Rollout {
	var all []*v1alpha1.Rollout
	for _, name := range truth.Sorted(w.store.Rollouts) {
		r := w.store.Rollouts[name]
		if r.Spec.Network == "" || w.store.Networks[r.Spec.Network] != nil {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b *v1alpha1.Rollout) int { return b.CreationTimestamp.Compare(a.CreationTimestamp.Time) })
	return all[min(w.rng.IntN(len(all)), w.rng.IntN(len(all)))]
}

func approveWave(w *world) string {
	r := w.anyRollout()
	if r == nil {
		return ""
	}
	return w.approve(r, r.Spec.Digest, r.Spec.Attempt)
}

// approveWrongly approves another digest, or another attempt.
func approveWrongly(w *world) string {
	r := w.anyRollout()
	if r == nil {
		return ""
	}
	if w.chance(50) {
		return w.approve(r, r.Spec.Digest, r.Spec.Attempt+1)
	}
	return w.approve(r, digestOf(r.Spec.App, pick(w, versionNames...)), r.Spec.Attempt)
}

func (w *world) approve(r *v1alpha1.Rollout, digest string, attempt int32) string {
	for _, wave := range truth.Promised(&w.store.Objects, r.Spec.Network).Waves {
		if !wave.Approval {
			continue
		}
		a := v1alpha1.Approval{App: r.Spec.App, Digest: digest, Wave: wave.Name, Attempt: attempt, Channel: r.Spec.Channel}
		w.changeStrategy(r.Spec.Network, func(s *v1alpha1.RolloutStrategy) {
			if !slices.Contains(s.Approvals, a) {
				s.Approvals = append(s.Approvals, a)
			}
		})
		if w.chance(50) {
			return fmt.Sprintf("%s: wave %s of %s is approved, attempt %d", r.Spec.Network, wave.Name, r.Spec.App, attempt)
		}
	}
	return ""
}

func retry(w *world) string {
	r := w.anyRollout()
	if r == nil {
		return ""
	}
	again := v1alpha1.Retry{App: r.Spec.App, Channel: r.Spec.Channel, Digest: r.Spec.Digest, Attempt: r.Spec.Attempt + 1}
	w.changeStrategy(r.Spec.Network, func(s *v1alpha1.RolloutStrategy) {
		s.Retries = slices.DeleteFunc(s.Retries, func(other v1alpha1.Retry) bool {
			return other.App == again.App && other.Channel == again.Channel && other.Digest == again.Digest
		})
		s.Retries = append(s.Retries, again)
	})
	if w.chance(60) {
		w.fates[r.Spec.Digest] = [6]int{} // somebody fixed what was wrong around it
	}
	return fmt.Sprintf("%s: attempt %d of %s %s is asked for", r.Spec.Network, again.Attempt, r.Spec.App, r.Spec.Version)
}

func editWaves(w *world) string {
	n := w.anyNetwork()
	if n == nil {
		return ""
	}
	var waves []v1alpha1.Wave
	if w.chance(85) {
		waves = w.randomWaves()
	}
	w.changeStrategy(n.Name, func(s *v1alpha1.RolloutStrategy) { s.Waves = waves })
	return n.Name + ": waves are edited"
}

func editLimits(w *world) string {
	n := w.anyNetwork()
	if n == nil || n.Spec.Rollout == nil || len(n.Spec.Rollout.Waves) == 0 {
		return ""
	}
	at := w.rng.IntN(len(n.Spec.Rollout.Waves))
	w.changeStrategy(n.Name, func(s *v1alpha1.RolloutStrategy) {
		s.Waves[at].MaxConcurrent = new(pick(w, intstr.FromInt32(1), intstr.FromInt32(3), intstr.FromString("50%")))
		s.Waves[at].MaxFailures = new(pick(w, intstr.FromInt32(0), intstr.FromInt32(1), intstr.FromString("20%")))
	})
	return n.Name + ": limits are edited"
}

func editIntroductions(w *world) string {
	n := w.anyNetwork()
	if n == nil {
		return ""
	}
	limit := int32(1 + w.rng.IntN(3))
	w.changeStrategy(n.Name, func(s *v1alpha1.RolloutStrategy) { s.MaxIntroductions = &limit })
	return fmt.Sprintf("%s: %d introductions at once", n.Name, limit)
}

func announce(w *world) string {
	n := w.anyNetwork()
	if n == nil {
		return ""
	}
	d := metav1.Duration{Duration: w.pause(48 * 3600 * 1e9)}
	w.changeStrategy(n.Name, func(s *v1alpha1.RolloutStrategy) { s.Announcement = &d })
	return fmt.Sprintf("%s: announcement %s", n.Name, d.Duration)
}

func editWindows(w *world) string {
	n := w.anyNetwork()
	if n == nil {
		return ""
	}
	var windows []v1alpha1.Window
	var freezes []v1alpha1.FreezePeriod
	if w.chance(50) {
		windows = w.randomWindows()
	}
	if w.chance(50) {
		freezes = w.randomFreezes()
	}
	w.changeStrategy(n.Name, func(s *v1alpha1.RolloutStrategy) { s.Windows, s.Freezes = windows, freezes })
	return n.Name + ": windows are edited"
}

func (w *world) randomFreezes() []v1alpha1.FreezePeriod {
	from := w.sometime(4)
	return []v1alpha1.FreezePeriod{{From: metav1.NewTime(from), Until: metav1.NewTime(from.Add(w.minutes(60, 4*24*60))), Reason: "year-end closing"}}
}
