package main

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// storiesOfBrokenWorlds are random worlds that broke a promise, in few words, as storiesOfWorlds are.
var storiesOfBrokenWorlds = []story{
	{name: "named-and-needed", title: "A municipality names a version that another app, in test, does not go with: test stays, and production gets it.", lasts: 3, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.store.Apps["kobo"] = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobo", Generation: 1}}
		s.version("kobo", "1.0.0")
		s.changeApp("kobo", func(a *v1alpha1.SharedApp) {
			a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: "1.0.0"}}
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: svarut, Version: "<2.6"}}}
			}
		})
		s.on(1, "09:00", "the network takes kobo up, for tests, which requires svarut below 2.6", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Apps = append(slices.Clone(n.Spec.Apps), v1alpha1.Proposal{Name: "kobo", Channel: "stable", Obligation: v1alpha1.ObligationMandatory, Stages: stages[1:2]})
			})
		})
		s.on(2, "09:00", "fyresdal names svarut 2.6.0", func() { s.pin("fyresdal", "2.6.0") })
		s.must(3, "09:00", "test stays at 2.4.0, and production has 2.6.0", func() bool {
			return s.has("2.4.0", "test", "fyresdal") && s.has("2.6.0", "prod", "fyresdal")
		})
	}}, {name: "in-another-wave-later", title: "Tokke was verified in a wave that had another name when it began; it is in a later wave by now, and its status is lost: it stays.", lasts: 3, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) { waves[2].RequireApproval = new(true) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:50", "wave second is called early from now on", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves[1].Name = "early" })
		})
		comesToTheLastWave(s, "tokke is in it no longer, but in the last wave")
	}},
	{name: "had-it-and-another-wave", title: "The same of a member that had the version before.", lasts: 3, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) { waves[2].RequireApproval = new(true) })
		s.on(1, "07:00", "tokke names 2.5.0 itself, for everywhere at once", func() {
			s.decide("tokke", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0", Immediate: new(true)})
		})
		s.on(1, "08:30", "and follows the network again", func() { s.undecide("tokke") })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		comesToTheLastWave(s, "tokke is in wave second no longer, but in the last")
	}},
	{name: "pinned-and-restored", title: "A version that a municipality named long ago; the statuses of its installations are lost, as in a restore: it stays.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "fyresdal names 2.5.0", func() { s.pin("fyresdal", "2.5.0") })
		s.on(3, "09:00", "the statuses of fyresdal's installations are lost", func() {
			s.lose("fyresdal", "test")
			s.lose("fyresdal", "prod")
		})
		s.must(4, "09:00", "fyresdal has 2.5.0, and nothing failed", func() bool {
			i := s.store.Installation(key{Municipality: "fyresdal", Environment: "prod", App: svarut})
			return s.has("2.5.0", "prod", "fyresdal") && s.has("2.5.0", "test", "fyresdal") && i.Spec.Move.Outcome == ""
		})
	}},
	{name: "joiner-comes-back", title: "A joiner was verified after the Rollout had completed; it leaves, its status is lost, and it comes back: it counts as verified.", lasts: 5, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "hjartdal joins", func() {
			s.municipality("hjartdal")
			members(s, append(sixOfTelemark[:6:6], "hjartdal")...)
		})
		s.on(3, "09:00", "hjartdal leaves", func() { members(s, sixOfTelemark...) })
		s.on(4, "09:00", "the status of hjartdal's installation in test is lost", func() { s.lose("hjartdal", "test") })
		s.on(5, "09:00", "hjartdal is back", func() { members(s, append(sixOfTelemark[:6:6], "hjartdal")...) })
		s.must(5, "09:00", "hjartdal is counted as verified", func() bool {
			r := s.record("2.5.0", 1)
			return r.Status.Phase == v1alpha1.RolloutCompleted && r.Status.Verified == 7 && r.Status.Failed == 0
		})
	}},
	{name: "touched-and-required", title: "Kobo requires svarut, which runs; the operator moves kobo before it has seen its own write to svarut's spec.", lasts: 2, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.store.Apps["kobo"] = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobo", Generation: 1}}
		s.version("kobo", "1.0.0")
		s.changeApp("kobo", func(a *v1alpha1.SharedApp) {
			a.Spec.Channels, a.Spec.Pause = []v1alpha1.Channel{{Name: "stable", Version: "1.0.0"}}, new(true)
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: svarut}}}
			}
		})
		s.on(1, "09:00", "the network takes kobo up, for tests, which is paused", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Apps = append(slices.Clone(n.Spec.Apps), v1alpha1.Proposal{Name: "kobo", Channel: "stable", Obligation: v1alpha1.ObligationMandatory, Stages: stages[1:2]})
			})
		})
		s.on(1, "10:00", "kobo is paused no longer, and svarut's spec in fyresdal is written in the same moment", func() {
			s.changeApp("kobo", func(a *v1alpha1.SharedApp) { a.Spec.Pause = nil })
			seen := s.store.snapshot()
			k := key{Municipality: "fyresdal", Environment: "test", App: svarut}
			touched := s.store.Installation(k).DeepCopy()
			touched.Generation++
			s.store.put(k, touched)
			s.asked(k)
			s.reconcile(seen)
		})
		s.must(2, "09:00", "everybody has kobo", func() bool { return introduces(s, "kobo").Status.Verified == 6 })
	}},
	{name: "who-stood-in-stays-named", title: "Nobody is in wave pilot: kviteseid goes first, and is paused; fyresdal, which had the version, stands in, and goes on doing so.", lasts: 3, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[0].Members.Names, waves[2].MaxConcurrent = []string{"misspelt"}, new(intstr.FromInt32(1))
		})
		s.on(1, "08:00", "fyresdal names 2.5.0", func() { s.pin("fyresdal", "2.5.0") })
		s.on(2, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:05", "kviteseid is paused", func() {
			s.changeMunicipality("kviteseid", func(m *v1alpha1.Municipality) { m.Spec.Pause = new(true) })
		})
		s.on(2, "09:30", "fyresdal follows its network again", func() { s.undecide("fyresdal") })
		s.must(3, "12:00", "fyresdal stands in, and it and kviteseid are in wave pilot", func() bool {
			first := s.record("2.5.0", 1).Status.Waves[0]
			return first.StandIn == "fyresdal" && first.Members == 2 && s.has("2.5.0", "prod", "fyresdal", "tokke", "vinje") && s.has("2.4.0", "prod", "kviteseid")
		})
	}},
	{name: "first-wave-was-done", title: "Nobody is in wave pilot, fyresdal went first, and is suspended; the Rollout's status is lost while wave second soaks: that waits for its own soak.", lasts: 3, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[0].Members.Names, waves[1].Members.Names = []string{"misspelt"}, []string{"tokke"}
			waves[1].Soak = &metav1.Duration{Duration: 12 * time.Hour}
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "08:00", "fyresdal is suspended", func() {
			s.changeMunicipality("fyresdal", func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionOperator })
		})
		s.on(2, "09:00", "the status of its Rollout is lost", func() { s.forget(s.record("2.5.0", 1).Name) })
		s.must(2, "09:30", "wave second is not done, and nobody of the last wave has the version", func() bool {
			return s.record("2.5.0", 1).Status.Waves[1].State != v1alpha1.WaveDone && s.has("2.4.0", "test", "kviteseid", "nissedal", "vinje")
		})
		s.must(3, "09:00", "it goes on", func() bool { return s.has("2.5.0", "prod", "kviteseid", "nissedal", "seljord", "tokke", "vinje") })
	}},
	{name: "tried-where-nobody-asks", title: "Nobody is in wave pilot, and fyresdal went first: it stays unwell in its test, which is taken out; it recovers, and its status is lost. It went first all the same.", lasts: 2, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) { waves[0].Members.Names = []string{"misspelt"} })
		s.turnsOut("2.5.0", "fyresdal", late)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:20", "2.4.0 is withdrawn", func() {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].State = v1alpha1.VersionWithdrawn })
		})
		s.on(1, "09:40", "the network is paused", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Pause = new(true) })
		})
		s.on(1, "10:00", "fyresdal takes its test out", func() { takesTestOut(s, "fyresdal", v1alpha1.DeletionRetain) })
		s.must(1, "23:00", "fyresdal has recovered", func() bool { return s.record("2.5.0", 1).Status.Failed == 0 })
		s.on(2, "09:00", "one may fail in wave pilot, and the status of fyresdal's test is lost", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves[0].MaxFailures = new(intstr.FromInt32(1)) })
			s.lose("fyresdal", "test")
		})
		s.must(2, "12:00", "wave pilot is done", func() bool { return s.record("2.5.0", 1).Status.Waves[0].State == v1alpha1.WaveDone })
	}},
	{name: "ends-while-test-stays", title: "A version that vinje names fails in its test, which is taken out, and stays; then the network ends, which is the end of what it decided on kobo.", lasts: 2, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.store.Apps["kobo"] = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobo", Generation: 1}}
		s.version("kobo", "1.0.0")
		s.changeApp("kobo", func(a *v1alpha1.SharedApp) { a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: "1.0.0"}} })
		s.turnsOut("2.5.0", "vinje", bad)
		s.on(1, "07:00", "the network takes kobo up, in production", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Apps = append(slices.Clone(n.Spec.Apps), v1alpha1.Proposal{Name: "kobo", Channel: "stable", Obligation: v1alpha1.ObligationMandatory, Stages: stages[2:]})
			})
		})
		s.on(1, "09:00", "vinje names 2.5.0", func() { s.pin("vinje", "2.5.0") })
		s.on(1, "09:20", "vinje takes its test out, which is to be deleted", func() { takesTestOut(s, "vinje", v1alpha1.DeletionDelete) })
		s.on(2, "09:00", "the network ends at noon", func() {
			noon := metav1.NewTime(s.now().Add(3 * time.Hour))
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Ends = &noon })
		})
		s.must(2, "12:01", "the network decides on kobo in vinje no longer", func() bool {
			return s.store.Installation(key{Municipality: "vinje", Environment: "prod", App: "kobo"}).Spec.DecidedBy == v1alpha1.Decider{}
		})
	}},
	{name: "first-wave-was-done-and-deleted", title: "Nobody is in wave pilot, fyresdal went first, and declines; the Rollout is deleted by hand while wave second soaks: it goes on there.", lasts: 3, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[0].Members.Names, waves[1].Members.Names = []string{"misspelt"}, []string{"tokke"}
			waves[1].Soak = &metav1.Duration{Duration: 12 * time.Hour}
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "12:00", "fyresdal declines svarut", func() {
			s.decide("fyresdal", v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline})
		})
		s.on(1, "13:00", "its Rollout is deleted by hand", func() {
			r := s.record("2.5.0", 1)
			s.ledger.Deleted(&r)
			delete(s.store.Rollouts, r.Name)
		})
		s.must(1, "23:00", "wave second is not done, and nobody of the last wave has the version", func() bool {
			return s.record("2.5.0", 1).Status.Waves[1].State != v1alpha1.WaveDone && s.has("2.4.0", "test", "kviteseid", "nissedal", "vinje")
		})
		s.must(3, "09:00", "it goes on", func() bool { return s.has("2.5.0", "prod", "kviteseid", "nissedal", "seljord", "tokke", "vinje") })
	}},
	{name: "first-wave-came-later", title: "Vinje is on its way in wave pilot when a wave of nobody is put before that, and the Rollout's status is lost: the new wave is not done before the version was tried by its measure.", lasts: 4, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) {
			pilot.Members.Names, pilot.Soak, pilot.MaxConcurrent = []string{"vinje", "tokke"}, &metav1.Duration{Duration: 10 * time.Minute}, new(intstr.FromInt32(1))
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:05", "wave canary is put first, with a soak of 12 hours and a name that is misspelt, and the status of its Rollout is lost", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
				canary := v1alpha1.Wave{Name: "canary", Members: &v1alpha1.WaveMembers{Names: []string{"misspelt"}}, Soak: &metav1.Duration{Duration: 12 * time.Hour}}
				st.Waves = append([]v1alpha1.Wave{canary}, st.Waves...)
			})
			s.forget(s.record("2.5.0", 1).Name)
		})
		s.must(1, "20:00", "wave canary is not done, and nobody but the one that goes first has the version", func() bool {
			return s.record("2.5.0", 1).Status.Waves[0].State != v1alpha1.WaveDone && s.has("2.5.0", "test", "tokke") && s.has("2.4.0", "test", "fyresdal", "kviteseid", "nissedal", "seljord", "vinje")
		})
		s.must(4, "12:00", "everybody has it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "stand-in-has-recovered", title: "Vinje could not return, recovers, and wave pilot is done; then a wave of nobody with a long soak is put first: vinje goes first there when it has recovered by that soak.", lasts: 6, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[1].Members.Names, waves[1].Soak = []string{"tokke"}, &metav1.Duration{Duration: 24 * time.Hour}
		})
		s.turnsOut("2.5.0", "vinje", late)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "2.4.0 is withdrawn", func() {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].State = v1alpha1.VersionWithdrawn })
		})
		s.on(2, "09:00", "wave canary is put first, with a soak of 24 hours and a name that is misspelt", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
				canary := v1alpha1.Wave{Name: "canary", Members: &v1alpha1.WaveMembers{Names: []string{"misspelt"}}, Soak: &metav1.Duration{Duration: 24 * time.Hour}}
				st.Waves = append([]v1alpha1.Wave{canary}, st.Waves...)
			})
		})
		s.must(2, "09:30", "tokke is on its way, and wave canary is not done", func() bool {
			return s.has("2.5.0", "test", "tokke") && s.record("2.5.0", 1).Status.Waves[0].State != v1alpha1.WaveDone
		})
		s.must(6, "12:00", "everybody has it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "failed-late-and-lost", title: "A joiner fails after its wave was done; the status of the Rollout is lost, and the wave is done again, within its budget: that bears the failure.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.MaxFailures = new(intstr.FromInt32(1)) })
		s.turnsOut("2.5.0", "hjartdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "hjartdal joins", func() {
			s.municipality("hjartdal")
			members(s, append(sixOfTelemark[:6:6], "hjartdal")...)
		})
		s.on(2, "12:00", "the status of the Rollout is lost", func() { s.forget(s.record("2.5.0", 1).Name) })
		s.on(3, "09:00", "the wave is called all from now on, needs an approval, and nobody may fail", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
				st.Waves[0].Name, st.Waves[0].RequireApproval, st.Waves[0].MaxFailures = "all", new(true), nil
			})
		})
		s.on(3, "10:00", "siljan joins", func() {
			s.municipality("siljan")
			members(s, append(sixOfTelemark[:6:6], "hjartdal", "siljan")...)
		})
		s.on(3, "11:00", "wave all is approved", func() { s.approval("2.5.0", "all", 1) })
		s.must(4, "09:00", "siljan has 2.5.0, and hjartdal is counted as failed", func() bool {
			return s.has("2.5.0", "prod", "siljan") && s.record("2.5.0", 1).Status.Failed == 1
		})
	}},
	{name: "failed-where-nobody-asks", title: "A version fails in fyresdal's test; the network asks for it in tests no longer, and the Rollout is deleted by hand: it does not come to production.", lasts: 2, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.Members.Names = []string{"fyresdal"} })
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "12:00", "the network asks for svarut in production alone", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Apps = slices.Clone(n.Spec.Apps)
				n.Spec.Apps[0].Stages = stages[2:]
			})
		})
		s.on(1, "13:00", "its Rollout is deleted by hand", func() {
			r := s.record("2.5.0", 1)
			s.ledger.Deleted(&r)
			delete(s.store.Rollouts, r.Name)
		})
		s.must(2, "12:00", "it is made again, and halted, and nobody has the version", func() bool {
			return s.has("2.4.0", "prod", sixOfTelemark...) && s.record("2.5.0", 1).Status.Phase == v1alpha1.RolloutHalted
		})
	}},
	{name: "joiner-lacks-an-app", title: "What the network runs requires an app that a joiner lacks, and what is to come does not: the joiner waits for that.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.RequireApproval = new(true) })
		s.changeApp(svarut, func(a *v1alpha1.SharedApp) {
			a.Spec.Versions[0].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "kobo"}}}
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "hjartdal joins", func() {
			s.municipality("hjartdal")
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = append(sixOfTelemark[:6:6], "hjartdal") })
		})
		s.must(2, "18:00", "hjartdal has nothing", func() bool {
			return s.store.Installation(key{Municipality: "hjartdal", Environment: "test", App: svarut}) == nil
		})
		s.on(2, "19:00", "wave everyone is approved", func() { s.approval("2.5.0", "everyone", 1) })
		s.must(3, "23:00", "all have 2.5.0", func() bool { return s.has("2.5.0", "prod", append(sixOfTelemark[:6:6], "hjartdal")...) })
	}},
}

// comesToTheLastWave moves tokke, which is verified, to the last wave, and loses its status: it stays.
func comesToTheLastWave(s *script, what string) {
	s.on(2, "09:00", what, func() {
		s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
			st.Waves[1].Members = &v1alpha1.WaveMembers{Names: []string{"seljord"}}
		})
	})
	s.on(2, "10:00", "the status of tokke's installation in test is lost", func() { s.lose("tokke", "test") })
	s.must(3, "09:00", "tokke is counted as verified, and stays at 2.5.0", func() bool {
		r := s.record("2.5.0", 1)
		return s.has("2.5.0", "test", "tokke") && r.Status.Verified == 3 && r.Status.Failed == 0
	})
}
