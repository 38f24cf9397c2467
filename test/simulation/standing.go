package main

import (
	"time"

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
}

// breaksDown lets an installation of svarut be unhealthy for a while.
func breaksDown(s *script, municipality, environment string, lasts time.Duration) {
	r := s.reality[key{Municipality: municipality, Environment: environment, App: svarut}]
	r.life++
	s.live(key{Municipality: municipality, Environment: environment, App: svarut}, r.life, []spell{{false, lasts}, {true, 0}})
}
