package main

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// storiesOfMembers are about members that leave, that can't be written, and that get more environments.
var storiesOfMembers = []story{
	{name: "leaves-on-its-way", title: "A member leaves while it is on its way to a version that fails there: it returns to what was verified.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "vinje", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "vinje, which goes first and is on its way, leaves the network", func() { members(s, sixOfTelemark[:5]...) })
		s.must(1, "09:25", "nobody stands in before it is known what becomes of the version in vinje", func() bool { return s.has("2.4.0", "test", sixOfTelemark[:5]...) })
		s.must(1, "12:00", "vinje is back at 2.4.0", func() bool { return s.has("2.4.0", "test", "vinje") && s.has("2.4.0", "prod", "vinje") })
		s.must(3, "12:00", "nobody else got the version that has just failed", func() bool { return s.has("2.4.0", "test", sixOfTelemark[:5]...) })
	}},
	{name: "number-of-another", title: "Vinje claims a number that is tokke's: nothing is moved in its name, nor uninstalled, until it claims that no longer.", lasts: 3, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "08:00", "vinje says that tokke's number was once its own, and declines svarut", func() {
			s.changeMunicipality("vinje", func(m *v1alpha1.Municipality) {
				m.Spec.FormerNumbers = []string{s.store.Municipalities["tokke"].Spec.Number}
			})
			s.decide("vinje", v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline, Reason: "another app"})
		})
		s.on(1, "09:00", "it follows the network again, and svarut 2.5.0 is promoted", func() {
			s.undecide("vinje")
			s.promote("2.5.0")
		})
		s.must(2, "09:00", "the others have it, and vinje is away, with what it had", func() bool {
			return s.has("2.5.0", "prod", sixOfTelemark[:5]...) && s.has("2.4.0", "prod", "vinje") && s.has("2.4.0", "test", "vinje") && s.record("2.5.0", 1).Status.Away == 1
		})
		s.on(2, "10:00", "vinje claims it no longer", func() {
			s.changeMunicipality("vinje", func(m *v1alpha1.Municipality) { m.Spec.FormerNumbers = nil })
		})
		s.must(3, "12:00", "everybody has it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "left-and-unseen", title: "A member left while the version soaked in it; hours later its status is lost: it stays, as no status blames the version.", lasts: 3, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.Soak = &metav1.Duration{Duration: 24 * time.Hour} })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "11:00", "vinje leaves the network", func() { members(s, sixOfTelemark[:5]...) })
		s.on(1, "18:00", "the status of its installation is lost", func() { s.lose("vinje", "test") })
		s.must(3, "12:00", "vinje has it", func() bool { return s.has("2.5.0", "test", "vinje") })
	}},
	{name: "leaves-when-it-failed", title: "A member that failed leaves at once: it returns to what was verified, and its failure counts.", lasts: 3, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.MaxConcurrent = new(intstr.FromInt32(1)) })
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:25", "the platform is frozen, so that nobody is taken back", func() {
			s.changePlatform(func(p *v1alpha1.Platform) { p.Spec.Freeze = new(true) })
		})
		s.on(1, "10:00", "fyresdal leaves the network, and the platform is frozen no longer", func() {
			members(s, sixOfTelemark[1:]...)
			s.changePlatform(func(p *v1alpha1.Platform) { p.Spec.Freeze = nil })
		})
		s.must(1, "12:00", "fyresdal is back at 2.4.0", func() bool { return s.has("2.4.0", "test", "fyresdal") })
	}},
	{name: "renamed-as-one-leaves", title: "A wave is done with one of six failed; it is renamed as two healthy members leave, without whom one failure is too many: done stays done.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) {
			w.MaxConcurrent, w.MaxFailures = new(intstr.FromInt32(6)), new(intstr.FromString("17%"))
		})
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted, which is bad for fyresdal", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "tokke and vinje leave the network, and the wave has another name", func() {
			members(s, sixOfTelemark[:4]...)
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves[0].Name = "all" })
		})
		s.on(2, "10:00", "hjartdal joins", func() {
			s.municipality("hjartdal")
			members(s, append([]string{"hjartdal"}, sixOfTelemark[:4]...)...)
		})
		s.must(2, "10:05", "nothing is halted", func() bool { return s.record("2.5.0", 1).Status.Phase == v1alpha1.RolloutProgressing })
		s.must(4, "09:00", "hjartdal has it", func() bool { return s.has("2.5.0", "prod", "hjartdal") })
	}},
	{name: "network-ends-under-way", title: "A network ends while members are on their way to a version that fails: they return to what was verified.", lasts: 2, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "tokke", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "the network ends", func() {
			ends := metav1.NewTime(s.now())
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Ends = &ends })
		})
		s.must(1, "12:00", "tokke is back at 2.4.0, and the others keep what came well", func() bool {
			return s.has("2.4.0", "test", "tokke") && s.has("2.5.0", "test", "fyresdal", "kviteseid", "nissedal", "seljord", "vinje")
		})
	}},
	{name: "refused-in-a-wave", title: "The API server refuses to have one installation written: its wave goes on, and it follows when the API server takes it.", lasts: 4, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(1)) })
		k := key{Municipality: "fyresdal", Environment: "test", App: svarut}
		s.on(1, "08:00", "the API server refuses whatever is written to svarut in fyresdal's test", func() {
			s.refuses[k] = true
			s.ledger.Refused(k)
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(2, "12:00", "the others have it, and fyresdal is named", func() bool {
			return s.has("2.5.0", "prod", "vinje", "kviteseid", "nissedal", "seljord", "tokke") && notes(s.record("2.5.0", 1).Status.OnTheWay, "fyresdal", "the API server refuses it")
		})
		s.on(3, "09:00", "the API server takes it again", func() { delete(s.refuses, k) })
		s.on(3, "09:10", "which the operator has noticed", func() { s.ledger.Accepted(k) })
		s.must(4, "12:00", "fyresdal has it, too", func() bool { return s.has("2.5.0", "prod", "fyresdal") })
	}},
	{name: "two-of-a-stage", title: "Of two environments of one stage the first soaks, and nobody sees the second: the member fails in time.", lasts: 2, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.Soak = &metav1.Duration{Duration: 24 * time.Hour} })
		s.on(1, "07:00", "tokke has a second environment for tests", func() { environment(s, "tokke", "test2", v1alpha1.StageTest) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "11:00", "the status of tokke's installation in test2 is lost", func() { s.lose("tokke", "test2") })
		for i := range 8 {
			s.queue.put(s.prelude+11*time.Hour+time.Duration(i+1)*10*time.Minute, func() { s.dirty = true }) // it looks for other reasons
		}
		s.must(1, "12:00", "tokke is back at 2.4.0", func() bool { return s.has("2.4.0", "test", "tokke") })
	}},
	{name: "one-more-environment", title: "A rollout is completed; its only member gets an environment that does not come up, and others join, of whom some are away: the rest do not wait.", lasts: 5, plot: func(s *script) {
		members(s, "vinje")
		s.oneWave(func(w *v1alpha1.Wave) { w.Name = "pilot" })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "vinje gets an environment that does not come up", func() {
			environment(s, "vinje", "prod2", v1alpha1.StageProduction)
			s.store.Missing[v1alpha1.NamespaceFor("vinje", "prod2")] = true
			s.store.changed()
		})
		s.on(2, "10:00", "the others join, in two waves, and tokke and seljord, the first of these, are in a freeze", func() {
			s.freeze("tokke", 1, 60)
			s.freeze("seljord", 1, 60)
			s.threeWaves(func([]v1alpha1.Wave) {})
			members(s, sixOfTelemark...)
		})
		s.must(4, "12:00", "the rest have it", func() bool { return s.has("2.5.0", "prod", "fyresdal", "kviteseid", "nissedal") })
	}},
	{name: "recovers-and-goes", title: "A member fails, recovers after all, and is deleted: its failure is not counted again as its apps are uninstalled.", lasts: 6, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) { waves[0].Members.Names = []string{"fyresdal", "vinje"} })
		s.store.Apps["kobo"] = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobo", Generation: 1}}
		s.version("kobo", "1.0.0")
		s.certain[certainty{digestOf("kobo", "1.0.0"), "fyresdal"}] = late
		s.changeMunicipality("fyresdal", func(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
		s.on(1, "09:00", "the network takes up kobo", func() {
			s.changeApp("kobo", func(a *v1alpha1.SharedApp) { a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: "1.0.0"}} })
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Apps = append(slices.Clone(n.Spec.Apps), v1alpha1.Proposal{Name: "kobo", Channel: "stable", Obligation: v1alpha1.ObligationMandatory, Stages: stages[2:]})
			})
		})
		s.must(1, "09:45", "it is halted, as kobo has failed in fyresdal", func() bool { return introduces(s, "kobo").Status.Phase == v1alpha1.RolloutHalted })
		s.on(1, "09:50", "the network is paused", func() { s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Pause = new(true) }) })
		s.on(3, "09:00", "fyresdal, which has long recovered, is deleted", func() { s.deleted("fyresdal") })
		s.on(3, "09:20", "while its apps are uninstalled, the network goes on", func() { s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Pause = nil }) })
		s.must(5, "12:00", "the others have kobo", func() bool { return introduces(s, "kobo").Status.Phase == v1alpha1.RolloutCompleted })
	}},
	{name: "unready-while-it-soaks", title: "An environment is not ready any more while the version soaks there: its member is away, and the others go on.", lasts: 6, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[1].Soak, waves[1].MaxConcurrent = &metav1.Duration{Duration: 24 * time.Hour}, new(intstr.FromInt32(1))
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(4, "12:00", "tokke's environment prod is not ready any more", func() { s.changeMunicipality("tokke", isPending("prod")) })
		s.must(5, "09:00", "seljord and the last wave have it", func() bool { return s.has("2.5.0", "prod", "fyresdal", "kviteseid", "nissedal", "seljord") })
		s.on(5, "13:00", "it is ready again", func() { s.changeMunicipality("tokke", areReady) })
		s.must(6, "18:00", "tokke is verified, too", func() bool { return s.record("2.5.0", 1).Status.Verified == 6 })
	}},
}

// members lets the network have members, by name.
func members(s *script, names ...string) {
	s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = names })
}

// introduces is the Rollout of an app to the network; an empty one where there is none.
func introduces(s *script, app string) v1alpha1.Rollout {
	for _, r := range s.store.Rollouts {
		if r.Spec.Network == telemark && r.Spec.App == app {
			return *r
		}
	}
	return v1alpha1.Rollout{}
}

// environment adds one to a municipality.
func environment(s *script, municipality, name string, stage v1alpha1.Stage) {
	s.changeMunicipality(municipality, func(m *v1alpha1.Municipality) {
		m.Spec.Environments = append(m.Spec.Environments, v1alpha1.Environment{Name: name, Stage: stage, Zone: v1alpha1.ZoneOpen})
	})
}
