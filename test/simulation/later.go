package main

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// storiesOfLaterWishes are about members on their way whose network, or municipality, wants something else.
var storiesOfLaterWishes = []story{
	{name: "approval-asked-for-later", title: "Vinje soaks in test when an approval is asked for its wave: production waits for it.", lasts: 4, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:30", "an approval is asked for wave pilot from now on", func() { needsApproval(s, 0) })
		s.must(2, "12:00", "production waits, and the approval is named", func() bool {
			r := s.record("2.5.0", 1)
			return s.has("2.5.0", "test", "vinje") && s.has("2.4.0", "prod", sixOfTelemark...) && r.Status.Moving == 0 && says(r, "waits: approval of wave pilot")
		})
		s.on(2, "13:00", "wave pilot is approved", func() { s.approval("2.5.0", "pilot", 1) })
		s.must(4, "12:00", "everybody has it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "into-a-wave-with-an-approval", title: "Tokke soaks in test when it is taken into a wave that needs an approval: production waits for that.", lasts: 3, plot: func(s *script) {
		second := func(names ...string) {
			s.threeWaves(func(waves []v1alpha1.Wave) {
				waves[1].Members.Names, waves[1].Soak, waves[2].RequireApproval = names, &metav1.Duration{Duration: time.Hour}, new(true)
			})
		}
		second("tokke", "seljord")
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "10:00", "the waves are edited: tokke belongs to everyone, which needs an approval", func() { second("seljord") })
		s.must(2, "12:00", "tokke's production waits for the approval, and seljord's does not", func() bool {
			return s.has("2.5.0", "test", "tokke") && s.has("2.4.0", "prod", "tokke") && s.has("2.5.0", "prod", "seljord") && says(s.record("2.5.0", 1), "approval of wave everyone")
		})
		s.on(2, "13:00", "wave everyone is approved", func() { s.approval("2.5.0", "everyone", 1) })
		s.must(3, "18:00", "everybody has it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "test-is-taken-out", title: "The version fails in vinje's test, which is taken out of the spec, and retained: it does not come to production.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "vinje", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:20", "vinje takes its test out", func() { takesTestOut(s, "vinje", v1alpha1.DeletionRetain) })
		s.must(3, "12:00", "vinje has failed, and production keeps what it had", func() bool {
			return s.has("2.4.0", "prod", sixOfTelemark...) && s.record("2.5.0", 1).Status.Phase == v1alpha1.RolloutHalted
		})
	}},
	{name: "stage-is-changed", title: "The version fails in vinje's test, which is of stage Development from then on, and the network asks for no such: it does not come to production.", lasts: 3, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "vinje", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:20", "vinje's test is of stage Development from now on", func() { isOfStage(s, "vinje", v1alpha1.StageDevelopment) })
		s.must(3, "12:00", "vinje has failed, its test went back, and production keeps what it had", func() bool {
			return s.has("2.4.0", "prod", sixOfTelemark...) && s.has("2.4.0", "test", "vinje") && s.record("2.5.0", 1).Status.Phase == v1alpha1.RolloutHalted
		})
	}},
	{name: "stage-is-changed-while-it-soaks", title: "The same, and the version is well: production waits until it has soaked in what was test.", lasts: 3, plot: func(s *script) {
		s.waves(func(pilot, _ *v1alpha1.Wave) { pilot.Soak = &metav1.Duration{Duration: 6 * time.Hour} })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "10:00", "vinje's test is of stage Development from now on", func() { isOfStage(s, "vinje", v1alpha1.StageDevelopment) })
		s.must(1, "14:00", "production waits", func() bool { return s.has("2.4.0", "prod", sixOfTelemark...) })
		s.must(3, "12:00", "everybody has it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "test-is-deleted", title: "The version is not verified in vinje's test when that is taken out, and deleted: it does not come to production but with another attempt.", lasts: 4, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "vinje", good)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:20", "vinje takes its test out, which is deleted", func() { takesTestOut(s, "vinje", v1alpha1.DeletionDelete) })
		s.must(2, "12:00", "it is gone, vinje has failed, and production keeps what it had", func() bool {
			k := key{Municipality: "vinje", Environment: "test", App: svarut}
			return s.store.Installation(k) == nil && s.has("2.4.0", "prod", sixOfTelemark...) && s.record("2.5.0", 1).Status.Phase == v1alpha1.RolloutHalted
		})
		s.on(2, "13:00", "the network asks for another attempt", func() { s.retry("2.5.0", 2) })
		s.must(4, "12:00", "everybody has it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "pinned-test-is-deleted", title: "A version that vinje names fails in its test, which is taken out, and to be deleted: it stays until vinje names another version.", lasts: 4, plot: func(s *script) {
		s.turnsOut("2.5.0", "vinje", bad)
		k := key{Municipality: "vinje", Environment: "test", App: svarut}
		s.on(1, "09:00", "vinje names 2.5.0", func() { s.pin("vinje", "2.5.0") })
		s.on(1, "09:20", "vinje takes its test out, which is to be deleted", func() { takesTestOut(s, "vinje", v1alpha1.DeletionDelete) })
		s.must(2, "12:00", "production keeps what it had", func() bool { return s.store.Installation(k) != nil && s.has("2.4.0", "prod", "vinje") })
		s.on(2, "13:00", "vinje follows its network again", func() { s.undecide("vinje") })
		s.must(4, "12:00", "its test is gone, and production has what the network has", func() bool { return s.store.Installation(k) == nil && s.has("2.4.0", "prod", "vinje") })
	}},
}

// takesTestOut takes the environment test out of a municipality's spec.
func takesTestOut(s *script, municipality string, policy v1alpha1.DeletionPolicy) {
	s.changeMunicipality(municipality, func(m *v1alpha1.Municipality) {
		m.Spec.DeletionPolicy = policy
		m.Spec.Environments = slices.DeleteFunc(slices.Clone(m.Spec.Environments), func(e v1alpha1.Environment) bool { return e.Name == "test" })
	})
}

// isOfStage gives a municipality's environment test another stage.
func isOfStage(s *script, municipality string, stage v1alpha1.Stage) {
	s.changeMunicipality(municipality, func(m *v1alpha1.Municipality) { m.Spec.Environment("test").Stage = stage })
}

// needsApproval lets a wave of the network need an approval.
func needsApproval(s *script, wave int) {
	s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves[wave].RequireApproval = new(true) })
}
