package main

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// storiesOfStanding are about what stays so of a member, whatever comes after it.
var storiesOfStanding = []story{
	{name: "had-it-and-renamed", title: "In a second attempt those who have the version are verified at once; their wave gets another name, and one breaks down: it stays.", lasts: 4, plot: func(s *script) {
		s.threeWaves(func([]v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted, and fails in fyresdal", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "a second attempt is asked for, which fails there as well", func() { s.retry("2.5.0", 2) })
		s.on(3, "09:00", "wave second is called early from now on", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves[1].Name = "early" })
		})
		s.on(3, "10:00", "tokke's installation in production breaks down for two hours", func() { breaksDown(s, "tokke", "prod", 2*time.Hour) })
		s.must(4, "12:00", "tokke keeps 2.5.0", func() bool { return s.has("2.5.0", "prod", "tokke") && s.record("2.5.0", 2).Status.Failed == 1 })
	}},
	{name: "away-after-it-was-done", title: "A rollout has completed; a member gets one more environment while it is in a freeze of its own, where the version fails: what it had stays.", lasts: 6, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "10:00", "tokke, which is in a freeze until day 4, gets an environment in which 2.5.0 does not get healthy", func() {
			s.freeze("tokke", 1, 4)
			environment(s, "tokke", "test2", v1alpha1.StageTest)
			s.turnsOut("2.5.0", "tokke", bad)
		})
		s.on(2, "11:00", "the waves are edited, and tokke is to go first", func() {
			s.threeWaves(func(waves []v1alpha1.Wave) {
				waves[0].Members.Names, waves[1].Members.Names = []string{"tokke"}, []string{"vinje"}
			})
		})
		s.must(6, "12:00", "tokke has 2.5.0 where it had it", func() bool { return s.has("2.5.0", "prod", "tokke") && s.has("2.5.0", "test", "tokke") })
	}},
	{name: "moved-to-another-wave", title: "Tokke soaks in test when the waves are edited: its wave is done without it, and it goes on when it has soaked.", lasts: 2, plot: func(s *script) {
		second := func(names ...string) { s.threeWaves(func(waves []v1alpha1.Wave) { waves[1].Members.Names = names }) }
		second("tokke")
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:56", "the waves are edited: tokke belongs to everyone", func() { second("tinn") })
		s.must(1, "10:00", "tokke has 2.5.0 in test, and not in production", func() bool { return s.has("2.5.0", "test", "tokke") && s.has("2.4.0", "prod", "tokke") })
		s.must(2, "12:00", "everybody has it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "stood-in-and-had-it", title: "Nobody is in the first wave; fyresdal, which named the version before, stands in: it stays there, and holds no place among everyone.", lasts: 3, plot: func(s *script) {
		s.waves(func(pilot, everyone *v1alpha1.Wave) {
			pilot.Members.Names, pilot.Soak = []string{"tinn"}, &metav1.Duration{Duration: 10 * time.Minute}
			everyone.MaxConcurrent, everyone.Soak = new(intstr.FromInt32(1)), &metav1.Duration{Duration: 24 * time.Hour}
		})
		s.on(1, "06:00", "fyresdal names 2.5.0", func() { s.pin("fyresdal", "2.5.0") })
		s.on(1, "08:30", "fyresdal follows the network again, and keeps 2.5.0", func() { s.undecide("fyresdal") })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(1, "10:00", "kviteseid has begun", func() bool {
			return s.has("2.5.0", "test", "kviteseid") && s.record("2.5.0", 1).Status.Waves[0].Verified == 1
		})
	}},
	{name: "had-it-and-failed-first", title: "Vinje, alone in the first wave, named the version before, and fails at it: that one may, and somebody else tries it first.", lasts: 3, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) { waves[0].MaxFailures = new(intstr.FromInt32(1)) })
		s.turnsOut("2.5.0", "vinje", bad)
		s.on(1, "08:20", "vinje names 2.5.0 itself, for everywhere at once", func() {
			s.decide("vinje", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0", Immediate: new(true)})
		})
		s.on(1, "08:30", "and follows the network again", func() { s.undecide("vinje") })
		s.on(1, "08:31", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(3, "12:00", "the others have it, fyresdal first, and vinje went back", func() bool {
			r := s.record("2.5.0", 1)
			return s.has("2.5.0", "prod", "fyresdal", "kviteseid", "nissedal", "seljord", "tokke") && s.has("2.4.0", "prod", "vinje") &&
				r.Status.Waves[0].StandIn == "fyresdal" && r.Status.Waves[0].Failed == 1
		})
	}},
	{name: "found-is-not-brought", title: "Network b finds 2.5.0 in fyresdal, which fails there; it stays, and is none of b's, which does not lower it.", lasts: 5, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.version(svarut, "2.4.5")
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(3, "08:00", "2.4.0 is withdrawn, so that nobody can return to it", func() {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].State = v1alpha1.VersionWithdrawn })
		})
		s.on(3, "08:50", "fyresdal's installations break down for some hours", func() {
			breaksDown(s, "fyresdal", "test", 3*time.Hour)
			breaksDown(s, "fyresdal", "prod", 3*time.Hour)
		})
		s.on(3, "09:00", "network b, of a greater priority, takes fyresdal, and offers 2.5.0 as well", func() {
			b := s.store.Networks[telemark].DeepCopy()
			b.Name, b.Spec.Priority, b.Spec.Members.Names, b.Spec.Rollout = "b", new(int32(10)), []string{"fyresdal"}, nil
			b.Spec.Apps[0].Channel = "next"
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) {
				a.Spec.Channels = append(a.Spec.Channels, v1alpha1.Channel{Name: "next", Version: "2.5.0"})
			})
			s.store.Networks["b"] = b
			s.store.changed()
		})
		s.on(4, "09:00", "b offers 2.4.5", func() { s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Channels[1].Version = "2.4.5" }) })
		s.must(5, "12:00", "fyresdal keeps 2.5.0", func() bool { return s.has("2.5.0", "test", "fyresdal") && s.has("2.5.0", "prod", "fyresdal") })
		s.on(5, "13:00", "its network goes back to 2.4.5, and b is no more", func() {
			s.promote("2.4.5")
			delete(s.store.Networks, "b")
			s.store.changed()
		})
		s.must(5, "23:00", "fyresdal follows the network that brought what it had", func() bool { return s.has("2.4.5", "prod", "fyresdal") })
	}},
	{name: "into-a-done-wave", title: "In a second attempt a member that has the version, and never was healthy with it, comes to a wave that is done: it fails.", lasts: 2, plot: func(s *script) {
		s.threeWaves(func([]v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "2.4.0 is withdrawn, so that nobody can return to it", func() {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].State = v1alpha1.VersionWithdrawn })
		})
		s.on(2, "09:00", "a second attempt is asked for", func() { s.retry("2.5.0", 2) })
		s.on(2, "09:10", "the waves are edited: fyresdal belongs to second", func() {
			s.threeWaves(func(waves []v1alpha1.Wave) { waves[1].Members.Names = []string{"fyresdal", "tokke", "seljord"} })
		})
		s.must(2, "09:20", "it does not come to production there", func() bool { return s.has("2.4.0", "prod", "fyresdal") })
		s.must(2, "12:00", "fyresdal has failed", func() bool {
			return s.record("2.5.0", 2).Status.Failed == 1 && s.record("2.5.0", 2).Status.Verified == 5
		})
	}},
	{name: "held-on-its-way", title: "Fyresdal, the only member, holds on its way to a version that does not get healthy there: it keeps it, and its time is not up.", lasts: 5, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.Members.Names = []string{"fyresdal"} })
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "08:00", "all others leave", func() { members(s, "fyresdal") })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "fyresdal holds what it has", func() {
			s.decide("fyresdal", v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Reason: "election"}})
		})
		pause := func(on *bool) { s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Pause = on }) }
		s.on(2, "09:00", "the network is paused", func() { pause(new(true)) })
		s.on(3, "09:00", "the network is paused no longer", func() { pause(nil) })
		s.must(5, "09:00", "fyresdal has what it held", func() bool { return s.has("2.5.0", "test", "fyresdal") && s.has("2.4.0", "prod", "fyresdal") })
	}},
	{name: "held-until-it-completed", title: "Fyresdal holds on its way to a version that does not get healthy there, and the others complete it; when the hold ends it is no more verified than before, and returns.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "fyresdal holds what it has", func() {
			s.decide("fyresdal", v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Reason: "election"}})
		})
		s.must(2, "09:00", "the rollout has completed, without fyresdal", func() bool {
			r := s.record("2.5.0", 1)
			return r.Status.Phase == v1alpha1.RolloutCompleted && r.Status.Excused == 1
		})
		s.on(3, "09:00", "the hold is taken back", func() { s.undecide("fyresdal") })
		s.must(3, "10:00", "fyresdal has failed, and is back at 2.4.0", func() bool {
			return s.has("2.4.0", "test", "fyresdal") && s.record("2.5.0", 1).Status.Failed == 1
		})
	}},
	{name: "came-with-it-unhealthy", title: "A rollout has completed; hjartdal, which named the version itself and is unhealthy with it, joins: it is not verified by that.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "hjartdal", late)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(3, "09:00", "hjartdal names 2.5.0, for everywhere at once", func() {
			s.municipality("hjartdal")
			s.decide("hjartdal", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0", Immediate: new(true)})
		})
		s.on(3, "09:20", "it joins, and follows the network", func() {
			members(s, append(sixOfTelemark[:6:6], "hjartdal")...)
			s.undecide("hjartdal")
		})
		s.must(3, "09:30", "it is on its way", func() bool {
			r := s.record("2.5.0", 1)
			return r.Status.Phase == v1alpha1.RolloutProgressing && r.Status.Verified == 6
		})
	}},
}

// breaksDown lets an installation of svarut be unhealthy for a while.
func breaksDown(s *script, municipality, environment string, lasts time.Duration) {
	r := s.reality[key{Municipality: municipality, Environment: environment, App: svarut}]
	r.life++
	s.live(key{Municipality: municipality, Environment: environment, App: svarut}, r.life, []spell{{false, lasts}, {true, 0}})
}
