package main

import (
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// diary is what people would have read of a world, a line per event.
type diary struct {
	lines []string
	// all has too what is of no interest to people: seconds, and requests refused.
	all bool
}

// note writes a line, with the day and what the clock shows.
func (w *world) note(format string, args ...any) {
	if w.diary == nil {
		return
	}
	clock := "15:04"
	if w.diary.all {
		clock = "15:04:05"
	}
	w.diary.lines = append(w.diary.lines, fmt.Sprintf("day %d %s  %s", w.day(), w.now().UTC().Format(clock), fmt.Sprintf(format, args...)))
}

// noteMove says what a write of an installation means to people.
func (w *world) noteMove(r *write) {
	if w.diary == nil {
		return
	}
	place := fmt.Sprintf("(%s)", r.installed.Environment)
	app := r.installed.App + " "
	if len(w.store.Apps) == 1 {
		app = ""
	}
	if r.kind != "" {
		text := map[string]string{"Advance": "moved to " + app + r.after.Spec.Version, "CatchUp": "gets " + app + r.after.Spec.Version + " until its turn comes"}[string(r.kind)]
		if r.after.Spec.Move.Wave != "" && text != "" {
			text += " in wave " + r.after.Spec.Move.Wave
		}
		if text == "" {
			text = app + r.after.Annotations[v1alpha1.AnnotationFailure]
		}
		w.note("%s: %s %s", r.installed.Municipality, text, place)
		return
	}
	after, failure := r.after.Spec, r.after.Annotations[v1alpha1.AnnotationFailure]
	switch {
	case failure != "" && (r.before == nil || r.before.Annotations[v1alpha1.AnnotationFailure] != failure):
		w.note("%s: %s%s %s", r.installed.Municipality, app, failure, place)
	case after.State == v1alpha1.InstallationAbsent:
		w.note("%s: %s is to be uninstalled %s", r.installed.Municipality, after.App, place)
	case r.before == nil || r.before.Spec.Version != after.Version || r.before.Spec.State == v1alpha1.InstallationAbsent:
		w.note("%s: moved to %s%s by its own decision %s", r.installed.Municipality, app, after.Version, place)
	case r.before.Spec.DecidedBy != after.DecidedBy:
		w.note("%s: %s%s now decided by %s %s: %s %s", r.installed.Municipality, app, after.Version, after.DecidedBy.Level, after.DecidedBy.Name, r.after.Annotations[v1alpha1.AnnotationDecision], place)
	}
}

// noteRecord says what changed in what a Rollout says.
func (w *world) noteRecord(r *write) {
	if w.diary == nil {
		return
	}
	before, after := r.recordBefore.Status, r.recordAfter.Status
	name := "rollout " + r.recordAfter.Name
	for i, wave := range after.Waves {
		was := v1alpha1.WaveStatus{}
		if i < len(before.Waves) && before.Waves[i].Name == wave.Name {
			was = before.Waves[i]
		}
		if was.State != wave.State && wave.State == v1alpha1.WaveDone {
			w.note("%s: wave %s is done", name, wave.Name)
		}
		if was.WaitsFor != wave.WaitsFor && wave.WaitsFor != "" && !strings.Contains(after.Next, wave.WaitsFor) {
			w.note("%s: wave %s waits for %s", name, wave.Name, wave.WaitsFor)
		}
	}
	counts := after.Phase == v1alpha1.RolloutProgressing && before.Phase == after.Phase && strings.HasPrefix(after.Next, "wave ")
	if (before.Phase != after.Phase || before.Next != after.Next) && (w.diary.all || !counts) {
		next := ""
		if after.NextAt != nil {
			next = " [next at " + after.NextAt.UTC().Format("Jan 2 15:04") + "]"
		}
		w.note("%s %s: %s%s", name, after.Phase, after.Next, next)
	}
}

// health says that an installation became healthy, or ceased to be.
func (w *world) health(k key, r *reality) {
	if w.diary == nil {
		return
	}
	how := "is unwell"
	if r.Healthy {
		how = "is healthy"
	}
	w.note("%s: %s %s %s (%s)", k.Municipality, k.App, r.Release.Version, how, k.Environment)
}
