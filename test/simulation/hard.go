package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// hardDeeds are what people seldom do, and should not.
var hardDeeds = []deed{
	{3, deleteRecord}, {2, deleteApp}, {3, promoteAndClock}, {3, requireZone}, {3, moveZone}, {2, observe}, {2, immediately}, {3, networkPriority}, {3, renameWave},
	{2, changeStage}, {2, pauseMunicipality}, {1, pausePlatform}, {3, dropVersion}, {2, refuseWrites},
	{3, giveParameter}, {1, loseReadiness},
}

// hardFaults seldom happen.
var hardFaults = []deed{{3, restartsOften}}

// deleteRecord deletes a Rollout by hand.
func deleteRecord(w *world) string {
	all := truth.Sorted(w.store.Rollouts)
	if len(all) == 0 {
		return ""
	}
	name := pick(w, all...)
	w.ledger.Deleted(w.store.Rollouts[name])
	delete(w.store.Rollouts, name)
	return "rollout " + name + " is deleted by hand"
}

// deleteApp deletes a SharedApp, which is applied again some hours later.
func deleteApp(w *world) string {
	app := w.anyApp()
	delete(w.store.Apps, app.Name)
	w.store.changed()
	w.after(w.minutes(10, 12*60), func() {
		w.store.Apps[app.Name] = app
		w.store.changed()
		w.dirty = true
		w.note("SharedApp %s is applied again", app.Name)
	})
	return "SharedApp " + app.Name + " is deleted"
}

// promoteAndClock promotes, sets the clock back, and promotes another version.
func promoteAndClock(w *world) string {
	first := promote(w)
	w.after(time.Minute, func() {
		w.jump(-pick(w, 2*time.Minute, time.Hour, 3*time.Hour))
		if len(w.store.Apps) == 0 {
			return // somebody deleted the only one
		}
		w.note("the clock goes back; %s", promote(w))
		w.dirty = true
	})
	return first
}

// requireZone lets some versions of an app require a zone for a stage, or no longer.
func requireZone(w *world) string {
	app := w.anyApp()
	zone := pick(w, "", v1alpha1.ZoneOpen, v1alpha1.ZoneClosed, v1alpha1.ZoneClosed)
	stage := pick(w, stages...)
	w.changeApp(app.Name, func(a *v1alpha1.SharedApp) {
		for i := range a.Spec.Versions {
			v := &a.Spec.Versions[i]
			v.Requires = cmp.Or(v.Requires, &v1alpha1.Requirements{})
			v.Requires.Zones = nil
			if zone != "" && w.rng.IntN(3) > 0 { // versions differ in what they require
				v.Requires.Zones = []v1alpha1.RequiredZone{{Stage: stage, Zone: zone}}
			}
		}
	})
	return fmt.Sprintf("%s: versions require zone %q for %s", app.Name, zone, stage)
}

// moveZone switches an environment from one zone to the other.
func moveZone(w *world) string {
	m := w.anyMunicipality()
	if m == nil || len(m.Spec.Environments) == 0 {
		return ""
	}
	at := w.rng.IntN(len(m.Spec.Environments))
	zone := pick(w, v1alpha1.ZoneOpen, v1alpha1.ZoneClosed)
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) { m.Spec.Environments[at].Zone = zone })
	return fmt.Sprintf("%s: environment %s is %s", m.Name, m.Spec.Environments[at].Name, zone)
}

// observe lets a municipality observe a network, or no longer.
func observe(w *world) string {
	m, n := w.anyMunicipality(), w.anyNetwork()
	if m == nil || n == nil {
		return ""
	}
	w.changeNetwork(n.Name, func(n *v1alpha1.Network) {
		if at := slices.Index(n.Spec.Members.Observers, m.Name); at >= 0 {
			n.Spec.Members.Observers = slices.Delete(n.Spec.Members.Observers, at, at+1)
			return
		}
		n.Spec.Members.Observers = append(n.Spec.Members.Observers, m.Name)
	})
	return fmt.Sprintf("%s: observers are edited: %s", n.Name, m.Name)
}

// immediately names a version for everywhere at once, or holds whatever there is.
func immediately(w *world) string {
	m := w.anyMunicipality()
	if m == nil {
		return ""
	}
	said := v1alpha1.AppDecision{Name: w.anyApp().Name, Decision: v1alpha1.DecisionAdopt}
	if w.chance(50) {
		said.Version, said.Immediate = pick(w, versionNames...), new(true)
	} else {
		said.Hold = &v1alpha1.Hold{Reason: "audit"}
	}
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) {
		m.Spec.Apps = slices.DeleteFunc(m.Spec.Apps, func(d v1alpha1.AppDecision) bool { return d.Name == said.Name })
		m.Spec.Apps = append(m.Spec.Apps, said)
	})
	return fmt.Sprintf("%s: names %q of %s for everywhere at once, hold %v", m.Name, said.Version, said.Name, said.Hold != nil)
}

func pauseMunicipality(w *world) string {
	m := w.anyMunicipality()
	if m == nil {
		return ""
	}
	return w.flip(true, 5, m.Name+" is paused", func(on bool) {
		if w.store.Municipalities[m.Name] != nil {
			w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) { m.Spec.Pause = &on })
		}
	})
}

func pausePlatform(w *world) string {
	return w.flip(true, 3, "the platform is paused", func(on bool) {
		w.changePlatform(func(p *v1alpha1.Platform) { p.Spec.Pause = &on })
	})
}

func networkPriority(w *world) string {
	n := w.anyNetwork()
	if n == nil {
		return ""
	}
	priority := int32(w.rng.IntN(3))
	w.changeNetwork(n.Name, func(n *v1alpha1.Network) { n.Spec.Priority = &priority })
	return fmt.Sprintf("%s: priority %d", n.Name, priority)
}

// renameWave gives a wave another name.
func renameWave(w *world) string {
	n := w.anyNetwork()
	if n == nil || n.Spec.Rollout == nil || len(n.Spec.Rollout.Waves) == 0 {
		return ""
	}
	at, name := w.rng.IntN(len(n.Spec.Rollout.Waves)), fmt.Sprintf("wave-%d", w.rng.IntN(1000))
	if slices.ContainsFunc(n.Spec.Rollout.Waves, func(wave v1alpha1.Wave) bool { return wave.Name == name }) {
		return "" // the API server lets no two waves have one name
	}
	w.changeStrategy(n.Name, func(s *v1alpha1.RolloutStrategy) { s.Waves[at].Name = name })
	return fmt.Sprintf("%s: wave %s is called %s", n.Name, n.Spec.Rollout.Waves[at].Name, name)
}

// changeStage of an environment.
func changeStage(w *world) string {
	m := w.anyMunicipality()
	if m == nil || len(m.Spec.Environments) == 0 {
		return ""
	}
	at, stage := w.rng.IntN(len(m.Spec.Environments)), pick(w, stages...)
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) { m.Spec.Environments[at].Stage = stage })
	return fmt.Sprintf("%s: environment %s is of stage %s", m.Name, m.Spec.Environments[at].Name, stage)
}

// dropVersion takes a version out of the catalogue that no channel points at, or puts it in again.
func dropVersion(w *world) string {
	app, version := w.anyApp(), pick(w, versionNames...)
	points := func(c v1alpha1.Channel) bool { return c.Version == version }
	at := slices.IndexFunc(app.Spec.Versions, func(v v1alpha1.Version) bool { return v.Version == version })
	if at < 0 || slices.ContainsFunc(app.Spec.Channels, points) {
		return ""
	}
	dropped := app.Spec.Versions[at]
	w.changeApp(app.Name, func(a *v1alpha1.SharedApp) {
		a.Spec.Versions = slices.Delete(a.Spec.Versions, at, at+1)
		statusOf(a, version).Available = false // the catalogue remembers its digest
	})
	w.after(time.Duration(1+w.rng.IntN(5*24))*time.Hour, func() {
		if w.store.Apps[app.Name] == nil {
			return
		}
		w.changeApp(app.Name, func(a *v1alpha1.SharedApp) {
			a.Spec.Versions = append(a.Spec.Versions, dropped)
			statusOf(a, version).Available = true
		})
	})
	return fmt.Sprintf("%s: version %s is dropped from the catalogue", app.Name, version)
}

// statusOf is what the catalogue found out about a version that it has looked at.
func statusOf(a *v1alpha1.SharedApp, version string) *v1alpha1.VersionStatus {
	at := slices.IndexFunc(a.Status.Versions, func(v v1alpha1.VersionStatus) bool { return v.Version == version })
	return &a.Status.Versions[at]
}

// requireParameter lets a version of an app require a parameter.
func requireParameter(a *v1alpha1.SharedApp, version, parameter string) {
	for i := range a.Spec.Versions {
		if v := &a.Spec.Versions[i]; v.Version == version {
			schema := fmt.Appendf(nil, `{"type":"object","required":[%q],"properties":{%q:{"type":"string"}}}`, parameter, parameter)
			v.Parameters = &v1alpha1.ParameterSchema{OpenAPIV3Schema: apiextensionsv1.JSON{Raw: schema}}
		}
	}
}

// giveParameter lets a municipality give an app the parameter that some versions require, or no longer.
func giveParameter(w *world) string {
	m, app := w.anyMunicipality(), w.anyApp()
	if m == nil {
		return ""
	}
	w.changeMunicipality(m.Name, func(m *v1alpha1.Municipality) {
		at := slices.IndexFunc(m.Spec.Apps, func(d v1alpha1.AppDecision) bool { return d.Name == app.Name })
		if at < 0 {
			m.Spec.Apps = append(m.Spec.Apps, v1alpha1.AppDecision{Name: app.Name})
			at = len(m.Spec.Apps) - 1
		}
		if said := &m.Spec.Apps[at]; said.Parameters == nil {
			said.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"orgno":"x"}`)}
		} else {
			said.Parameters = nil
		}
	})
	return fmt.Sprintf("%s: gives %s parameter orgno, or no longer", m.Name, app.Name)
}

// loseReadiness lets an environment not be ready for some hours.
func loseReadiness(w *world) string {
	m := w.anyMunicipality()
	if m == nil || len(m.Spec.Environments) == 0 {
		return ""
	}
	unready := pick(w, m.Spec.Environments...).Name
	w.changeMunicipality(m.Name, isPending(unready))
	w.after(w.minutes(10, 20*60), func() {
		if w.store.Municipalities[m.Name] == nil {
			return
		}
		w.changeMunicipality(m.Name, areReady)
		w.note("%s: environment %s is ready", m.Name, unready)
	})
	return fmt.Sprintf("%s: environment %s is not ready", m.Name, unready)
}

// refuseWrites lets the API server refuse whatever is written to one place, for some hours.
func refuseWrites(w *world) string {
	m := w.anyMunicipality()
	if m == nil || len(m.Spec.Environments) == 0 {
		return ""
	}
	k := key{Municipality: m.Name, Environment: pick(w, m.Spec.Environments...).Name, App: w.anyApp().Name}
	w.refuses[k] = true
	w.ledger.Refused(k)
	const noticed = 15 * time.Minute // the operator asks every five, and is down at times
	lifted := w.minutes(60, 36*60)
	w.after(lifted, func() {
		delete(w.refuses, k)
		w.note("%s: the API server takes what is written to %s in %s", k.Municipality, k.App, k.Environment)
	})
	w.after(lifted+noticed, func() { w.ledger.Accepted(k) })
	return fmt.Sprintf("%s: the API server refuses whatever is written to %s in %s", m.Name, k.App, k.Environment)
}

// restartsOften restarts the operator more often than any deadline is long, for some hours, so quickly that it is no
// outage, or so that it is one.
func restartsOften(w *world) string {
	gap := pick(w, time.Second, 2*time.Minute)
	for i := range 12 {
		w.after(time.Duration(i+1)*9*time.Minute, func() { w.down(gap) })
	}
	return "the operator restarts every nine minutes, and is away for " + gap.String()
}

// tenApps gives a world ten apps, of which each requires the one before.
func (w *world) tenApps() {
	var before string
	for i := range 10 {
		name := fmt.Sprintf("app%d", i)
		w.addApp(name)
		if before != "" {
			for i := range w.store.Apps[name].Spec.Versions {
				w.store.Apps[name].Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: before, Version: pick(w, "", ">=1.0")}}}
			}
		}
		before = name
	}
	for _, name := range truth.Sorted(w.store.Networks) {
		w.changeNetwork(name, func(n *v1alpha1.Network) {
			for i := range 10 {
				n.Spec.Apps = append(n.Spec.Apps, w.randomProposal(fmt.Sprintf("app%d", i)))
			}
		})
	}
}
