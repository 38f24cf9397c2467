package main

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// storiesThatEndedWrong once ended wrong. Each says what must be so.
var storiesThatEndedWrong = []story{
	{name: "gate-of-the-away", title: "Everybody in a wave that needs an approval is away: the gate stays closed all the same, and is named.", lasts: 4, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) { waves[1].RequireApproval = new(true) })
		s.freeze("tokke", 1, 60)
		s.freeze("seljord", 1, 60)
		s.on(1, "09:00", "svarut 2.5.0 is promoted; tokke and seljord are in a freeze of their own", func() { s.promote("2.5.0") })
		s.must(2, "12:00", "the others wait for the approval of wave second", func() bool {
			r := s.record("2.5.0", 1)
			return s.has("2.4.0", "test", "fyresdal", "kviteseid", "nissedal") && r.Status.Phase != v1alpha1.RolloutCompleted && says(r, "approval of wave second")
		})
		s.on(3, "09:00", "wave second is approved", func() { s.approval("2.5.0", "second", 1) })
		s.must(4, "12:00", "the others have it", func() bool { return s.has("2.5.0", "prod", "fyresdal", "kviteseid", "nissedal") })
	}},
	{name: "gate-of-the-excused", title: "Everybody in a wave that needs an approval holds: the gate stays closed all the same.", lasts: 4, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) { waves[1].RequireApproval = new(true) })
		for _, name := range []string{"tokke", "seljord"} {
			s.decide(name, v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Hold: &v1alpha1.Hold{Version: "2.4.0", Reason: "election"}})
		}
		s.on(1, "09:00", "svarut 2.5.0 is promoted; tokke and seljord hold", func() { s.promote("2.5.0") })
		s.must(2, "12:00", "the others wait for the approval of wave second", func() bool {
			return s.has("2.4.0", "test", "fyresdal", "kviteseid", "nissedal") && says(s.record("2.5.0", 1), "approval of wave second")
		})
		s.on(3, "09:00", "wave second is approved", func() { s.approval("2.5.0", "second", 1) })
		s.must(4, "12:00", "the others have it", func() bool { return s.has("2.5.0", "prod", "fyresdal", "kviteseid", "nissedal") })
	}},
	{name: "gate-of-the-newcomer", title: "A municipality is onboarded into a wave that needs an approval, and that nobody was in.", lasts: 4, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[2].Name, waves[1].Members.Names, waves[2].RequireApproval = "rest", []string{"tokke", "seljord", "fyresdal", "kviteseid", "nissedal"}, new(true)
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "hjartdal joins, into the wave that needs an approval", func() {
			s.municipality("hjartdal")
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = append(sixOfTelemark[:6:6], "hjartdal") })
		})
		s.must(2, "18:00", "the missing approval is named", func() bool {
			return !s.has("2.5.0", "test", "hjartdal") && says(s.record("2.5.0", 1), "approval of wave rest")
		})
		s.on(3, "09:00", "the wave is approved", func() { s.approval("2.5.0", "rest", 1) })
		s.must(4, "12:00", "hjartdal has it", func() bool { return s.has("2.5.0", "prod", "hjartdal") })
	}},
	{name: "had-it-before", title: "A member that has the version already is unhealthy when the Rollout is made: the announcement goes on.", lasts: 5, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) { waves[2].MaxFailures = new(intstr.FromInt32(1)) })
		s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Announcement = &metav1.Duration{Duration: 72 * time.Hour} })
		s.turnsOut("2.5.0", "nissedal", breaks)
		s.on(1, "08:20", "nissedal names 2.5.0 itself, for everywhere at once", func() {
			s.decide("nissedal", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0", Immediate: new(true)})
		})
		s.on(1, "08:50", "and follows the network again", func() { s.undecide("nissedal") })
		s.on(1, "08:55", "svarut 2.5.0 is promoted, and announced for three days", func() { s.promote("2.5.0") })
		s.must(4, "08:50", "nobody was moved", func() bool { return s.has("2.4.0", "test", "vinje", "tokke", "seljord", "fyresdal", "kviteseid") })
		s.must(4, "12:00", "the pilot is moved now", func() bool { return s.has("2.5.0", "test", "vinje") })
	}},
	{name: "hold-and-back", title: "Seljord holds 2.5.0, its own network goes back to 2.4.0, and the hold ends: seljord follows.", lasts: 6, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		until := metav1.NewTime(s.begin.Add(s.prelude + 4*24*time.Hour))
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "seljord holds 2.5.0 until day 5", func() {
			s.decide("seljord", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Hold: &v1alpha1.Hold{Version: "2.5.0", Reason: "audit", Until: &until}})
		})
		s.on(3, "09:00", "the channel is moved back to 2.4.0", func() { s.promote("2.4.0") })
		s.must(6, "12:00", "seljord follows to 2.4.0", func() bool { return s.has("2.4.0", "prod", sixOfTelemark...) })
	}},
	{name: "second-attempt", title: "In the second attempt a member breaks that came through the first: it returns to what was verified before that.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) {
			w.MaxConcurrent, w.Soak = new(intstr.FromInt32(2)), &metav1.Duration{Duration: 2 * time.Hour}
		})
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.turnsOut("2.5.0", "kviteseid", breaks)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:20", "a second attempt is asked for", func() { s.retry("2.5.0", 2) })
		s.must(4, "12:00", "both are back at 2.4.0", func() bool { return s.has("2.4.0", "test", "fyresdal", "kviteseid") })
	}},
	{name: "network-made-anew", title: "The network is deleted and made again in the middle: who fails returns to what was verified before.", lasts: 3, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.MaxConcurrent = new(intstr.FromInt32(1)) })
		s.turnsOut("2.5.0", "fyresdal", bad)
		var network *v1alpha1.Network
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:15", "the network is deleted", func() {
			network = s.store.Networks[telemark]
			delete(s.store.Networks, telemark)
			s.store.changed()
		})
		s.on(1, "09:20", "and made again", func() {
			s.store.Networks[telemark] = network
			s.store.changed()
		})
		s.must(3, "12:00", "fyresdal is back at 2.4.0", func() bool { return s.has("2.4.0", "test", "fyresdal") })
	}},
	{name: "after-a-pin", title: "Fyresdal ran a version that it named itself; when the network's version fails, it returns to that.", lasts: 6, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.turnsOut("2.6.0", "fyresdal", bad)
		s.on(1, "09:00", "fyresdal names 2.5.0", func() { s.pin("fyresdal", "2.5.0") })
		s.on(4, "08:00", "fyresdal follows the network again", func() { s.undecide("fyresdal") })
		s.on(4, "09:00", "svarut 2.6.0 is promoted", func() { s.promote("2.6.0") })
		s.must(6, "12:00", "fyresdal is back at 2.5.0", func() bool { return s.has("2.5.0", "test", "fyresdal") })
	}},
	{name: "restarts", title: "The operator restarts every 25 minutes, and a member has 30: it fails in time all the same.", lasts: 1, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		for i := range 20 {
			s.queue.put(s.prelude+9*time.Hour+time.Duration(i+1)*25*time.Minute, func() { s.down(time.Second) })
		}
		s.must(1, "11:00", "vinje is back at 2.4.0", func() bool { return s.has("2.4.0", "test", "vinje") })
	}},
	{name: "clock-back", title: "Two promotions, and the clock goes back an hour in between: one Rollout for each.", lasts: 3, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:20", "the clock goes back by an hour", func() { s.jump(-time.Hour) })
		s.on(1, "09:21", "svarut 2.6.0 is promoted", func() { s.promote("2.6.0") })
		s.must(3, "12:00", "all have 2.6.0, in one attempt", func() bool { return s.has("2.6.0", "prod", sixOfTelemark...) && s.record("2.6.0", 2).Name == "" })
	}},
	{name: "suspended-there", title: "An installation is suspended at the new version: it is away, and its wave goes on.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(1)) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "11:30", "fyresdal's installation in test is suspended, before it is healthy", func() { s.suspend("fyresdal", "test", true) })
		s.must(3, "12:00", "the others have it", func() bool { return s.has("2.5.0", "prod", "vinje", "kviteseid", "nissedal", "seljord", "tokke") })
	}},
	{name: "shares", title: "Four of six hold, and half may fail: half of those who take part.", lasts: 3, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) {
			w.MaxConcurrent, w.MaxFailures = new(intstr.FromInt32(1)), new(intstr.FromString("50%"))
		})
		s.turnsOut("2.5.0", "", bad)
		for _, name := range []string{"nissedal", "seljord", "tokke"} {
			s.decide(name, v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Hold: &v1alpha1.Hold{Version: "2.4.0", Reason: "election"}})
		}
		s.on(1, "09:00", "svarut 2.5.0 is promoted, and fails everywhere", func() { s.promote("2.5.0") })
		s.must(3, "12:00", "it halts when two of three failed", func() bool { return s.record("2.5.0", 1).Status.Failed == 2 })
	}},
	{name: "decline-and-a-wrong-name", title: "Tokke declines for production, and the network that it names for the app does not exist: the decline counts.", lasts: 2, plot: func(s *script) {
		s.on(1, "09:00", "tokke names a network that does not exist, and declines in production", func() {
			s.decide("tokke", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Network: "nowhere", Environments: []v1alpha1.EnvironmentDecision{
				{Name: "prod", Decision: v1alpha1.DecisionDecline, Reason: "runs another one"},
			}})
		})
		s.must(2, "09:00", "it is gone in production, and stays in test", func() bool {
			return !s.has("2.4.0", "prod", "tokke") && s.has("2.4.0", "test", "tokke")
		})
	}},
	{name: "named-network-hands-over", title: "Tokke names its network, which hands over: tokke follows the successor.", lasts: 3, plot: func(s *script) {
		s.decide("tokke", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Network: telemark})
		s.on(1, "09:00", "vest-telemark hands over to digi-telemark", func() { s.handOver("digi-telemark") })
		s.on(1, "12:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(3, "12:00", "tokke has it, too", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "unavailable-for-a-while", title: "The version to return to can't be fetched for a while: the member waits for it, and returns.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "", bad)
		fetched := func(on bool) {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Status.Versions[0].Available = on })
		}
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "2.4.0 can't be fetched", func() { fetched(false) })
		s.on(1, "15:00", "2.4.0 can be fetched again", func() { fetched(true) })
		s.must(2, "12:00", "vinje is back at 2.4.0", func() bool { return s.has("2.4.0", "test", "vinje") })
	}},
	{name: "queue-of-the-excused", title: "All that remain of an introduction are excused, or its app is paused: it holds no place in the queue.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.MaxConcurrent = new(intstr.FromInt32(1)) })
		s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.MaxIntroductions = new(int32(1)) })
		s.store.Apps["kobo"] = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobo", Generation: 1}}
		s.version("kobo", "1.0.0")
		s.changeApp("kobo", func(a *v1alpha1.SharedApp) { a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: "1.0.0"}} })
		s.on(1, "09:00", "the network takes kobo up", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Apps = append(n.Spec.Apps[:1:1], v1alpha1.Proposal{Name: "kobo", Channel: "stable", Obligation: v1alpha1.ObligationMandatory, Stages: stages[1:]})
			})
		})
		s.on(1, "09:30", "kobo is paused", func() { s.changeApp("kobo", func(a *v1alpha1.SharedApp) { a.Spec.Pause = new(true) }) })
		s.on(1, "12:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(4, "12:00", "all have svarut 2.5.0", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "fault-of-today", title: "A wave is done; a member in it breaks down later, and stays at its version.", lasts: 3, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[2].RequireApproval, waves[1].Soak = new(true), &metav1.Duration{Duration: 2 * time.Minute}
		})
		s.turnsOut("2.5.0", "tokke", breaks)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "10:15", "wave second is called early from now on", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves[1].Name = "early" })
		})
		s.must(3, "12:00", "tokke keeps 2.5.0", func() bool { return s.has("2.5.0", "prod", "tokke") })
	}},
	{name: "done-and-left", title: "A wave is done with one of three failed, a third may; a healthy member leaves: done stays done.", lasts: 4, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[1].Members.Names, waves[1].MaxFailures = []string{"tokke", "seljord", "nissedal"}, new(intstr.FromString("34%"))
			waves[2].RequireApproval = new(true)
		})
		s.turnsOut("2.5.0", "tokke", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "seljord leaves the network", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Members.Names = []string{"fyresdal", "kviteseid", "nissedal", "tokke", "vinje"}
			})
		})
		s.on(2, "12:00", "wave everyone is approved", func() { s.approval("2.5.0", "everyone", 1) })
		s.must(4, "12:00", "the others have it", func() bool { return s.has("2.5.0", "prod", "fyresdal", "kviteseid") })
	}},
	{name: "joiner-after-back", title: "A municipality joins after a move back: it gets what the group runs now, never what it left.", lasts: 5, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "the channel is moved back to 2.4.0", func() { s.promote("2.4.0") })
		s.on(3, "09:00", "svarut 2.6.0 is promoted, announced for two days, and hjartdal joins", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Announcement = &metav1.Duration{Duration: 48 * time.Hour} })
			s.promote("2.6.0")
			s.municipality("hjartdal")
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = append(sixOfTelemark[:6:6], "hjartdal") })
		})
		s.must(4, "12:00", "hjartdal has 2.4.0", func() bool { return s.has("2.4.0", "prod", "hjartdal") })
	}},
	{name: "joiners-of-the-completed", title: "A joiner fails after the Rollout completed; the next joiner gets what the group runs.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "hjartdal", bad)
		joins := func(names ...string) {
			s.municipality(names[len(names)-1])
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = append(sixOfTelemark[:6:6], names...) })
		}
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "hjartdal joins, where it fails", func() { joins("hjartdal") })
		s.on(3, "09:00", "bykle joins", func() { joins("hjartdal", "bykle") })
		s.must(4, "12:00", "bykle has 2.5.0", func() bool { return s.has("2.5.0", "prod", "bykle") })
	}},
	{name: "pilots-second-attempt", title: "The pilot network completed this version long ago, went back, and tries it once more: the others wait for that attempt.", lasts: 6, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		rogaland := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-rogaland", Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
		rogaland.Spec.Apps, rogaland.Spec.Members.Names = s.store.Networks[telemark].Spec.Apps, []string{"klepp"}
		s.municipality("klepp")
		s.store.Networks["digi-rogaland"] = rogaland
		s.store.changed()
		s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.PilotNetworks = []string{"digi-rogaland"} })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "the channel is moved back to 2.4.0", func() { s.promote("2.4.0") })
		s.on(3, "09:00", "svarut 2.5.0 is promoted once more, and klepp is bad at it now", func() {
			s.turnsOut("2.5.0", "klepp", bad)
			s.promote("2.5.0")
		})
		s.must(5, "12:00", "nobody in Vest-Telemark has it", func() bool { return s.has("2.4.0", "test", sixOfTelemark...) })
	}},
	{name: "pilots-retry-asked-early", title: "The pilot network asks for a second attempt while the first is under way: the others wait for the second.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		rogaland := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-rogaland", Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
		rogaland.Spec.Apps, rogaland.Spec.Members.Names = s.store.Networks[telemark].Spec.Apps, []string{"eigersund", "klepp", "sola"}
		rogaland.Spec.Rollout = s.store.Networks[telemark].Spec.Rollout.DeepCopy()
		for _, name := range rogaland.Spec.Members.Names {
			s.municipality(name)
		}
		s.store.Networks["digi-rogaland"] = rogaland
		s.store.changed()
		s.changeStrategy("digi-rogaland", func(st *v1alpha1.RolloutStrategy) {
			st.Waves[0].MaxConcurrent, st.Waves[0].MaxFailures = new(intstr.FromInt32(3)), new(intstr.FromInt32(1))
		})
		s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.PilotNetworks = []string{"digi-rogaland"} })
		s.turnsOut("2.5.0", "eigersund", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted, which is bad for eigersund", func() { s.promote("2.5.0") })
		s.on(1, "09:05", "digi-rogaland asks for attempt 2", func() {
			s.changeStrategy("digi-rogaland", func(st *v1alpha1.RolloutStrategy) {
				st.Retries = []v1alpha1.Retry{{App: svarut, Digest: digestOf(svarut, "2.5.0"), Attempt: 2}}
			})
		})
		s.must(4, "09:00", "all but eigersund have it", func() bool {
			return s.has("2.5.0", "prod", "klepp", "sola", "tokke", "vinje") && s.has("2.4.0", "prod", "eigersund")
		})
	}},
	{name: "returned-is-its-own", title: "Fyresdal returned from b's version to a's: b does not lower it.", lasts: 5, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.turnsOut("2.6.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(3, "09:00", "a network with a greater priority takes fyresdal, and brings 2.6.0", func() {
			b := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "b", Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
			b.Spec.Apps, b.Spec.Priority, b.Spec.Members.Names = s.store.Networks[telemark].DeepCopy().Spec.Apps, new(int32(10)), []string{"fyresdal"}
			b.Spec.Apps[0].Channel = "next"
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) {
				a.Spec.Channels = append(a.Spec.Channels, v1alpha1.Channel{Name: "next", Version: "2.6.0"})
			})
			s.store.Networks["b"] = b
			s.store.changed()
		})
		s.on(4, "09:00", "b goes back to 2.4.0", func() {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Channels[1].Version = "2.4.0" })
		})
		s.must(5, "12:00", "fyresdal keeps a's 2.5.0", func() bool { return s.has("2.5.0", "test", "fyresdal") })
	}},
	{name: "pin-in-stages", title: "Fyresdal names a version: it comes to test first, and not in a freeze of its own.", lasts: 5, plot: func(s *script) {
		s.freeze("fyresdal", 2, 4)
		s.turnsOut("2.5.0", "", good)
		s.on(1, "09:00", "fyresdal names 2.5.0", func() { s.pin("fyresdal", "2.5.0") })
		s.must(1, "09:05", "production waits for test", func() bool { return s.has("2.4.0", "prod", "fyresdal") })
		s.on(2, "09:00", "kviteseid names it as well; fyresdal names 2.6.0 in its own freeze", func() { s.pin("fyresdal", "2.6.0") })
		s.must(3, "12:00", "fyresdal waits for the end of its freeze", func() bool { return s.has("2.5.0", "prod", "fyresdal") })
		s.must(5, "12:00", "fyresdal has 2.6.0", func() bool { return s.has("2.6.0", "prod", "fyresdal") })
	}},
	{name: "app-gone-for-a-while", title: "A SharedApp is gone for a while in the middle: the version is not blamed.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		var app *v1alpha1.SharedApp
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:05", "the SharedApp is deleted", func() {
			app = s.store.Apps[svarut]
			delete(s.store.Apps, svarut)
			s.store.changed()
		})
		s.on(1, "15:00", "and applied again", func() {
			s.store.Apps[svarut] = app
			s.store.changed()
		})
		s.must(3, "12:00", "all have 2.5.0", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "dependency-back", title: "An app is moved below what another requires that is installed: it stays.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.store.Apps["kobo"] = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobo", Generation: 1}}
		s.version("kobo", "1.0.0")
		s.changeApp("kobo", func(a *v1alpha1.SharedApp) {
			a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: "1.0.0"}}
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: svarut, Version: ">=2.5"}}}
			}
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted, and the network takes kobo up, which requires it", func() {
			s.promote("2.5.0")
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Apps = append(n.Spec.Apps[:1:1], v1alpha1.Proposal{Name: "kobo", Channel: "stable", Obligation: v1alpha1.ObligationMandatory, Stages: stages[1:]})
			})
		})
		s.on(3, "09:00", "svarut is moved back to 2.4.0", func() { s.promote("2.4.0") })
		s.must(4, "12:00", "svarut stays at 2.5.0", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "halted-and-windows", title: "Halted, with windows, and a joiner: it is brought what was completed when the window opens.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
			st.Windows = []v1alpha1.Window{{Schedule: "0 8 * * *", Duration: metav1.Duration{Duration: 4 * time.Hour}, TimeZone: "UTC"}}
		})
		s.turnsOut("2.5.0", "", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "18:00", "hjartdal joins", func() {
			s.municipality("hjartdal")
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = append(sixOfTelemark[:6:6], "hjartdal") })
		})
		s.must(3, "12:00", "hjartdal has 2.4.0", func() bool { return s.has("2.4.0", "prod", "hjartdal") })
	}},
	{name: "stand-in-that-cannot", title: "Nobody is in the first wave; the first by name lacks an app in test: somebody who can goes first.", lasts: 3, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.Members.Names = []string{"nobody"} })
		s.suspend("fyresdal", "test", true)
		s.on(1, "09:00", "svarut 2.5.0 is promoted; fyresdal's installation in test is suspended", func() { s.promote("2.5.0") })
		s.must(3, "12:00", "the others have it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark[1:]...) })
	}},
	{name: "same-name-again", title: "A network ends, its record loses its status, and it comes back: an attempt that has ended is not made again.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.MaxConcurrent = new(intstr.FromInt32(1)) })
		s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Announcement = &metav1.Duration{Duration: time.Hour} })
		s.on(1, "09:00", "svarut 2.5.0 is promoted, announced for an hour", func() { s.promote("2.5.0") })
		s.on(1, "10:30", "the network ends", func() {
			ends := metav1.NewTime(s.now())
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Ends = &ends })
		})
		s.on(1, "11:00", "the status of its Rollout is lost", func() {
			for _, name := range []string{telemark + ".svarut.2.5.0.1"} {
				if r := s.store.Rollouts[name]; r != nil {
					next := r.DeepCopy()
					next.Status = v1alpha1.RolloutStatus{ObservedGeneration: -1}
					s.store.Rollouts[name] = next
					s.so(nil).Forgot(next)
				}
			}
		})
		s.on(2, "09:00", "the network does not end", func() { s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Ends = nil }) })
		s.must(2, "09:30", "it is announced once more", func() bool { return s.has("2.4.0", "test", "kviteseid", "nissedal", "seljord", "tokke", "vinje") })
		s.must(4, "12:00", "all have it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
}
