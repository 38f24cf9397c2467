package main

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// storiesOfGoingBack are about those who go back, or may, and about who rests on what they have.
var storiesOfGoingBack = []story{
	{name: "joiner-amid-back", title: "The network moves back, and on to another version before that has completed; a municipality joins: it gets what the network runs.", lasts: 3, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "the channel is moved back to 2.4.0", func() { s.promote("2.4.0") })
		s.on(2, "09:30", "all have 2.4.0, which is not verified in production; 2.6.0 is promoted, announced for two days, and hjartdal joins", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Announcement = &metav1.Duration{Duration: 48 * time.Hour} })
			s.promote("2.6.0")
			s.municipality("hjartdal")
			members(s, append(sixOfTelemark[:6:6], "hjartdal")...)
		})
		s.must(3, "09:00", "hjartdal has 2.4.0", func() bool { return s.has("2.4.0", "prod", "hjartdal") && s.has("2.4.0", "test", "hjartdal") })
	}},
	{name: "pilot-went-back-and-on", title: "A pilot network completed 2.5.0, went back, and is on its way to 2.6.0: nobody else gets 2.5.0 before it has completed that.", lasts: 6, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		rogaland := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "digi-rogaland", Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
		rogaland.Spec.Apps, rogaland.Spec.Members.Names = s.store.Networks[telemark].DeepCopy().Spec.Apps, []string{"klepp"}
		rogaland.Spec.Apps[0].Channel = "next"
		s.municipality("klepp")
		s.store.Networks["digi-rogaland"] = rogaland
		next := func(version string) {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) {
				a.Spec.PilotNetworks = []string{"digi-rogaland"}
				a.Spec.Channels = append(a.Spec.Channels[:1:1], v1alpha1.Channel{Name: "next", Version: version})
			})
		}
		next("2.4.0")
		s.on(1, "09:00", "channel next, which digi-rogaland follows, points at 2.5.0", func() { next("2.5.0") })
		s.on(2, "09:00", "it is moved back to 2.4.0", func() { next("2.4.0") })
		s.on(3, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(4, "09:00", "channel next points at 2.6.0", func() { next("2.6.0") })
		s.must(4, "10:00", "digi-rogaland has not completed that, and nobody in Vest-Telemark has 2.5.0", func() bool {
			return s.has("2.6.0", "test", "klepp") && s.has("2.4.0", "test", sixOfTelemark...)
		})
		s.must(6, "09:00", "when it has, the others get 2.5.0", func() bool { return s.has("2.6.0", "prod", "klepp") && s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "dependency-may-go-back", title: "Kobo 3.0.0 requires svarut 2.5, which is verified in tests, and fails in tokke's production, so that it goes back in its test as well: kobo has waited for svarut's wave.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.Soak = &metav1.Duration{Duration: time.Hour} })
		s.store.Apps["kobo"] = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobo", Generation: 1}}
		s.version("kobo", "1.0.0")
		s.version("kobo", "3.0.0")
		kobo := func(version string) {
			s.changeApp("kobo", func(a *v1alpha1.SharedApp) {
				a.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: version}}
				a.Spec.Versions[1].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: svarut, Version: ">=2.5"}}}
			})
		}
		has := func(version, environment string) bool {
			return !slices.ContainsFunc(sixOfTelemark, func(m string) bool {
				i := s.store.Present(key{Municipality: m, Environment: environment, App: "kobo"})
				return i == nil || i.Spec.Version != version
			})
		}
		kobo("1.0.0")
		s.changeNetwork(telemark, func(n *v1alpha1.Network) {
			n.Spec.Apps = append(slices.Clone(n.Spec.Apps), v1alpha1.Proposal{Name: "kobo", Channel: "stable", Obligation: v1alpha1.ObligationMandatory, Stages: stages[1:]})
		})
		s.on(2, "09:00", "svarut 2.5.0 and kobo 3.0.0 are promoted", func() {
			s.promote("2.5.0")
			kobo("3.0.0")
		})
		s.must(2, "09:30", "svarut is healthy in tests, and kobo waits", func() bool { return s.has("2.5.0", "test", sixOfTelemark...) && has("1.0.0", "test") })
		s.on(2, "10:30", "svarut breaks down in tokke's production, for five hours", func() { breaksDown(s, "tokke", "prod", 5*time.Hour) })
		s.must(3, "08:00", "svarut went back in tokke, and kobo has what goes with it", func() bool {
			return s.has("2.4.0", "test", "tokke") && s.has("2.4.0", "prod", "tokke") && has("1.0.0", "test")
		})
		s.on(3, "09:00", "the cause is fixed, and a second attempt asked for", func() { s.retry("2.5.0", 2) })
		s.must(4, "12:00", "everybody has both", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) && has("3.0.0", "prod") })
	}},
	{name: "restarts-for-days", title: "The operator restarts every 25 minutes, and is away for two, for days; a member has a whole day: it fails in time all the same.", lasts: 3, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.ProgressDeadline = &metav1.Duration{Duration: 24 * time.Hour} })
		s.turnsOut("2.5.0", "", bad)
		for i := range 140 {
			s.queue.put(s.prelude+time.Duration(i+1)*27*time.Minute, func() { s.down(2 * time.Minute) })
		}
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(2, "09:00", "its day is not over, as nobody looked for some of it", func() bool { return s.has("2.5.0", "test", "vinje") })
		s.must(2, "13:00", "vinje is back at 2.4.0", func() bool { return s.has("2.4.0", "test", "vinje") })
	}},
}
