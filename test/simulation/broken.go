package main

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
			a.Spec.Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: svarut, Version: "<2.6"}}}
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
	}},
}
