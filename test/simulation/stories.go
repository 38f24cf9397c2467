package main

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// stories have their diaries in testdata, each by its name.
var stories = slices.Concat(storiesOfRollouts, storiesThatEndedWrong, storiesOfWhatIsThere, storiesOfMembers, storiesOfStanding, storiesOfLaterWishes, storiesOfWorlds, storiesOfBrokenWorlds, storiesOfGoingBack)

var storiesOfRollouts = []story{
	{name: "good", title: "A good version, with no strategy at all: one pilot, and then the rest.", lasts: 2, plot: func(s *script) {
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
	{name: "approval", title: "A pilot, an approval, and then everyone.", lasts: 4, plot: func(s *script) {
		s.waves(func(pilot, everyone *v1alpha1.Wave) {
			pilot.Soak = &metav1.Duration{Duration: 24 * time.Hour}
			everyone.RequireApproval = new(true)
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "12:00", "somebody approves 2.4.0 by mistake", func() { s.approval("2.4.0", "everyone", 1) })
		s.on(3, "14:00", "the network approves 2.5.0 for everyone", func() { s.approval("2.5.0", "everyone", 1) })
	}},
	{name: "bad", title: "A version that never gets healthy is stopped, and the pilot returns.", lasts: 2, plot: func(s *script) {
		s.turnsOut("2.5.0", "", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
	{name: "joiner", title: "A municipality joins in the middle: first it gets what was completed last, and then it takes its turn.", lasts: 4, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.Soak = &metav1.Duration{Duration: 24 * time.Hour} })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "13:00", "hjartdal joins the network", func() {
			s.municipality("hjartdal")
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Members.Names = append(slices.Clone(n.Spec.Members.Names), "hjartdal")
			})
		})
	}},
	{name: "leaver", title: "A municipality leaves in the middle: its app runs on, and nobody waits for it.", lasts: 2, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(2)) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "11:30", "fyresdal leaves the network, on its way", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = sixOfTelemark[1:] })
		})
	}},
	{name: "merger", title: "Fyresdal is merged into tokke in the middle of a rollout.", lasts: 2, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(2)) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "11:30", "fyresdal becomes part of tokke, which takes its number", func() {
			number := s.store.Municipalities["fyresdal"].Spec.Number
			s.deleted("fyresdal")
			s.changeMunicipality("tokke", func(m *v1alpha1.Municipality) {
				m.Spec.FormerNumbers, m.Spec.Number = []string{m.Spec.Number}, number
			})
		})
	}},
	{name: "suspended", title: "A municipality is suspended in the middle, and comes back.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(1)) })
		suspend := func(on bool) {
			s.changeMunicipality("kviteseid", func(m *v1alpha1.Municipality) { m.Spec.Suspend = suspension(on) })
		}
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "10:00", "kviteseid is suspended", func() { suspend(true) })
		s.on(2, "08:00", "kviteseid is suspended no longer", func() { suspend(false) })
	}},
	{name: "edited", title: "The waves are edited in the middle: what is done stays done.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(1)) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "13:00", "a wave of tokke and nissedal is put in before everyone", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
				early := v1alpha1.Wave{Name: "early", Members: &v1alpha1.WaveMembers{Names: []string{"tokke", "nissedal"}}, MaxConcurrent: new(intstr.FromInt32(2))}
				st.Waves = slices.Insert(slices.Clone(st.Waves), 1, early)
			})
		})
	}},
	{name: "back", title: "A channel is moved back, which is one more attempt at the earlier version.", lasts: 2, plot: func(s *script) {
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "13:00", "the channel is moved back to 2.4.0", func() { s.promote("2.4.0") })
	}},
	{name: "retry", title: "A version is halted, what was wrong is fixed, and it is tried once more; the approval of the first attempt does not count.", lasts: 3, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.RequireApproval = new(true) })
		s.turnsOut("2.5.0", "", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:30", "the pilot is approved", func() { s.approval("2.5.0", "pilot", 1) })
		s.on(1, "13:00", "the cause is fixed, and a second attempt asked for", func() {
			s.turnsOut("2.5.0", "", good)
			s.retry("2.5.0", 2)
		})
		s.on(2, "09:00", "the pilot of attempt 2 is approved", func() { s.approval("2.5.0", "pilot", 2) })
	}},
	{name: "superseded", title: "A version is halted, and a newer one takes its place.", lasts: 2, plot: func(s *script) {
		s.turnsOut("2.5.0", "", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "13:00", "svarut 2.6.0 is promoted", func() { s.promote("2.6.0") })
	}},
	{name: "emergency", title: "A security fix skips the announcement and the soak, and keeps the approval.", lasts: 2, plot: func(s *script) {
		s.waves(func(pilot, everyone *v1alpha1.Wave) {
			pilot.Soak = &metav1.Duration{Duration: 24 * time.Hour}
			everyone.RequireApproval = new(true)
		})
		s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Announcement = &metav1.Duration{Duration: 72 * time.Hour} })
		s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Versions[1].SecurityFix = new(true) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted, a security fix", func() { s.promote("2.5.0") })
		s.on(1, "10:00", "the network approves it for everyone", func() { s.approval("2.5.0", "everyone", 1) })
	}},
	{name: "withdrawn", title: "A version is withdrawn in the middle: it stops, and who has it keeps it until there is another.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(1)) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "12:30", "2.5.0 is withdrawn", func() {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Versions[1].State = v1alpha1.VersionWithdrawn })
		})
		s.on(2, "09:00", "svarut 2.6.0 is promoted", func() { s.promote("2.6.0") })
	}},
	{name: "hold", title: "A municipality holds its version over the closing of the year; when the hold runs out, it follows.", lasts: 5, plot: func(s *script) {
		until := metav1.NewTime(s.begin.Add(s.prelude + 3*24*time.Hour))
		s.on(1, "08:00", "seljord holds 2.4.0 until day 4", func() {
			s.decide("seljord", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Hold: &v1alpha1.Hold{Version: "2.4.0", Reason: "year-end closing", Until: &until}})
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
	{name: "christmas", title: "A freeze over Christmas: what runs is left alone, and the rest follows in January.", from: time.Date(2026, 12, 14, 0, 0, 0, 0, time.UTC), lasts: 23, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.Soak = &metav1.Duration{Duration: 24 * time.Hour} })
		s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
			st.Freezes = []v1alpha1.FreezePeriod{{From: metav1.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC), Until: metav1.Date(2027, 1, 4, 7, 0, 0, 0, time.UTC), Reason: "year-end closing"}}
		})
		s.on(1, "12:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
	{name: "summertime", title: "Windows from eight to ten in the morning, Oslo time, over the night in which summer time begins.", from: time.Date(2027, 3, 27, 0, 0, 0, 0, time.UTC), lasts: 3, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(2)) })
		s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
			st.Windows = []v1alpha1.Window{{Schedule: "0 8 * * *", Duration: metav1.Duration{Duration: 2 * time.Hour}, TimeZone: "Europe/Oslo"}}
		})
		s.on(1, "06:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
	{name: "pilot-networks", title: "A pilot network goes first, and the others when it has completed.", lasts: 3, plot: func(s *script) {
		rogaland := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-rogaland", Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
		rogaland.Spec.Apps = s.store.Networks[telemark].Spec.Apps
		rogaland.Spec.Members.Names = []string{"klepp", "time"}
		s.municipality("klepp")
		s.municipality("time")
		s.store.Networks["digi-rogaland"] = rogaland
		s.store.changed()
		s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.PilotNetworks = []string{"digi-rogaland"} })
		s.on(2, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
	{name: "queue", title: "A network that carries one introduction at a time: the one of the higher priority goes first.", lasts: 3, plot: func(s *script) {
		s.changeApp(svarut, func(*v1alpha1.SharedApp) {})
		s.store.Apps["kobo"] = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobo", Generation: 1}}
		s.version("kobo", "1.0.0")
		s.changeApp("kobo", func(a *v1alpha1.SharedApp) { a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: "1.0.0"}} })
		s.on(1, "09:00", "svarut 2.5.0 is promoted, as the more urgent, and the network takes kobo up as well", func() {
			s.promote("2.5.0")
			s.changeNetwork(telemark, func(n *v1alpha1.Network) {
				n.Spec.Apps = append(slices.Clone(n.Spec.Apps), v1alpha1.Proposal{Name: "kobo", Channel: "stable", Obligation: v1alpha1.ObligationMandatory, Stages: stages[2:]})
				n.Spec.Apps[0].Priority = new(int32(10))
				n.Spec.Rollout = &v1alpha1.RolloutStrategy{MaxIntroductions: new(int32(1))}
			})
		})
	}},
	{name: "successor", title: "A network ends in the middle and hands over to its successor, without a reinstall.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxConcurrent = new(intstr.FromInt32(1)) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "12:30", "vest-telemark ends, and digi-telemark takes its place", func() {
			heir := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-telemark", Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
			heir.Spec.Apps = s.store.Networks[telemark].Spec.Apps
			s.store.Networks["digi-telemark"] = heir
			ends := metav1.NewTime(s.now())
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Ends, n.Spec.Successor = &ends, "digi-telemark" })
		})
	}},
	{name: "stand-in", title: "The pilot's name is misspelt: somebody else goes first, so that nobody is skipped.", lasts: 2, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.Members.Names = []string{"vinnje"} })
		s.turnsOut("2.5.0", "", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
	{name: "own-windows", title: "Fyresdal has windows of its own, and goes on the next morning; one moves at a time all the same.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) {
			everyone.MaxConcurrent, everyone.Soak = new(intstr.FromInt32(1)), &metav1.Duration{Duration: 5 * time.Hour}
		})
		s.changeMunicipality("fyresdal", func(m *v1alpha1.Municipality) {
			m.Spec.Windows = []v1alpha1.Window{{Schedule: "0 8 * * *", Duration: metav1.Duration{Duration: 4 * time.Hour}, TimeZone: "UTC"}}
		})
		s.on(1, "08:30", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
	{name: "frozen-failure", title: "A member fails while the platform is frozen: its wave is not done before it has gone back.", lasts: 2, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) {
			pilot.Members.Names, pilot.MaxConcurrent, pilot.MaxFailures = []string{"tokke", "vinje"}, new(intstr.FromInt32(2)), new(intstr.FromInt32(1))
			pilot.ProgressDeadline = &metav1.Duration{Duration: 6 * time.Hour}
		})
		s.turnsOut("2.5.0", "tokke", bad)
		freeze := func(on bool) { s.changePlatform(func(p *v1alpha1.Platform) { p.Spec.Freeze = &on }) }
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "12:00", "the platform is frozen", func() { freeze(true) })
		s.on(1, "18:00", "the platform is frozen no longer", func() { freeze(false) })
	}},
	{name: "broken-one", title: "One broken municipality blocks nobody: within the budget it goes back, and the others go on.", lasts: 2, plot: func(s *script) {
		s.waves(func(_, everyone *v1alpha1.Wave) { everyone.MaxFailures = new(intstr.FromInt32(1)) })
		s.turnsOut("2.5.0", "nissedal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
	}},
}
