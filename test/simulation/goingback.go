package main

import (
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
