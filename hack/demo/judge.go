package main

import (
	"fmt"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// groupsAt counts the groups that brought an app to a version: networks, and direct adopters.
// They are those that a promotion of their channel concerns.
func groupsAt(seen snapshot, app, version string) int {
	count := 0
	for _, r := range seen.rollouts {
		if r.Spec.App == app && r.Spec.Version == version && r.Status.Phase == v1alpha1.RolloutCompleted {
			count++
		}
	}
	return count
}

// rolloutsOf are the Rollouts that bring an app to a version.
func rolloutsOf(seen snapshot, app, version string) []v1alpha1.Rollout {
	var found []v1alpha1.Rollout
	for _, r := range seen.rollouts {
		if r.Spec.App == app && r.Spec.Version == version {
			found = append(found, r)
		}
	}
	return found
}

// judgeStop says how far a bad version has been stopped: that many groups have halted, and
// every installation of the app is well at the version that it had before.
func judgeStop(seen, before snapshot, what promotion, groups int) (line string, missing []string) {
	halted := 0
	for _, r := range rolloutsOf(seen, what.app, what.to) {
		if r.Status.Phase == v1alpha1.RolloutHalted {
			halted++
			continue
		}
		missing = append(missing, fmt.Sprintf("Rollout %s is %s: %s", r.Name, r.Status.Phase, r.Status.Next))
	}
	if halted < groups {
		missing = append(missing, fmt.Sprintf("%d of %d groups have halted %s", halted, groups, what.to))
	}
	away := 0
	versions := versionsOf(before, what.app)
	for _, i := range seen.installations {
		if i.Spec.App != what.app {
			continue
		}
		if i.Spec.Version == what.to {
			away++
		}
		if !runs(i, versions[i.Namespace]) {
			missing = append(missing, fmt.Sprintf("%s in %s is at %s", what.app, i.Namespace, i.Status.AppliedVersion))
		}
	}
	return fmt.Sprintf("%s %s: tried in %d environments, halted in %d/%d groups", what.app, what.to, away, halted, groups), missing
}

// versionsOf are the versions of an app by namespace.
func versionsOf(seen snapshot, app string) map[string]string {
	versions := map[string]string{}
	for _, i := range seen.installations {
		if i.Spec.App == app {
			versions[i.Namespace] = i.Spec.Version
		}
	}
	return versions
}

// halted is an error where a good version has halted: waiting does not change that.
func halted(seen snapshot, what promotion) error {
	for _, r := range rolloutsOf(seen, what.app, what.to) {
		if r.Status.Phase == v1alpha1.RolloutHalted {
			return fmt.Errorf("rollout %s has halted: %s", r.Name, r.Status.Next)
		}
	}
	return nil
}

// reach counts the installations of an app that were asked to change since an earlier
// look: every change of a spec makes another generation.
type reach struct {
	// all there are, those touched, and those of these in Production.
	all, touched, production int
}

func reachOf(seen, before snapshot, app string) reach {
	generations := map[string]int64{}
	for _, i := range before.installations {
		if i.Spec.App == app {
			generations[i.Namespace] = i.Generation
		}
	}
	var r reach
	for _, i := range seen.installations {
		if i.Spec.App != app {
			continue
		}
		r.all++
		if generations[i.Namespace] == i.Generation {
			continue
		}
		r.touched++
		if i.Spec.Tenant.Stage == v1alpha1.StageProduction {
			r.production++
		}
	}
	return r
}

// judgeGate says how far a rollout has come on its way to a wave that waits for a person.
func judgeGate(seen snapshot, name, wave string) (line string, missing []string) {
	for _, r := range seen.rollouts {
		if r.Name != name {
			continue
		}
		for i, w := range r.Status.Waves {
			if w.Name == wave && w.State == v1alpha1.WaveWaiting && i > 0 && r.Status.Waves[i-1].State == v1alpha1.WaveDone {
				return name + ": pilots done", nil
			}
		}
		line = fmt.Sprintf("%s: wave %s, %s verified, %d on the way", name, r.Status.Wave, r.Status.Progress, r.Status.Moving)
		return line, []string{fmt.Sprintf("Rollout %s, for its wave %s to be the next: %s", name, wave, r.Status.Next)}
	}
	return name + " is being made", []string{"Rollout " + name}
}

// judgeMove counts the installations at the new version, and those that should be. Nothing
// is missing only once the statuses speak of the promoted generation, and that many groups
// have completed their rollouts.
func judgeMove(seen snapshot, what promotion, promoted int64, groups int, now time.Time) (m move, missing []string) {
	byName := map[string]v1alpha1.Municipality{}
	for _, m := range seen.municipalities {
		byName[m.Name] = m
	}
	for _, i := range seen.installations {
		if i.Spec.App != what.app {
			continue
		}
		if stays(byName[i.Spec.Tenant.Municipality], i.Spec.Tenant.Environment, what.app, now) {
			m.stayed++
			continue
		}
		m.wanted++
		if runs(i, what.to) {
			m.moved++
			continue
		}
		missing = append(missing, fmt.Sprintf("%s in %s is at %s", what.app, i.Namespace, i.Status.AppliedVersion))
	}
	if done := groupsAt(seen, what.app, what.to); done < groups {
		missing = append(missing, fmt.Sprintf("%d of %d groups have completed %s", done, groups, what.to))
	}
	for _, a := range seen.apps {
		if a.Name != what.app {
			continue
		}
		if a.Generation < promoted {
			missing = append(missing, "the promotion has not been seen yet")
		}
		var t tally
		t.require("app "+a.Name, a.Generation, a.Status.Conditions, v1alpha1.ConditionReady, v1alpha1.ConditionAppsReady)
		missing = append(missing, t.missing...)
	}
	return m, missing
}
