package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// storiesOfWhatIsThere are about parameters, channels, and objects that go and come.
var storiesOfWhatIsThere = []story{
	{name: "required-parameter", title: "Version 2.5.0 requires a parameter: who lacks it stays and is named, and who gave it ahead of time is not touched before.", lasts: 5, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.requires("2.5.0", "orgno")
		before := int64(0)
		s.on(1, "07:00", "all but nissedal set orgno, which 2.5.0 requires, ahead of time", func() {
			before = s.store.Installation(key{Municipality: "tokke", Environment: "prod", App: svarut}).Generation
			for _, name := range sixOfTelemark {
				if name != "nissedal" {
					s.gives(name, "orgno")
				}
			}
		})
		s.must(1, "08:59", "what runs was not touched", func() bool {
			return s.store.Installation(key{Municipality: "tokke", Environment: "prod", App: svarut}).Generation == before
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(2, "09:00", "the others have it, and nissedal and the parameter are named", func() bool {
			r := s.record("2.5.0", 1)
			return s.has("2.5.0", "prod", "fyresdal", "kviteseid", "seljord", "tokke", "vinje") && s.has("2.4.0", "prod", "nissedal") &&
				r.Status.Phase == v1alpha1.RolloutCompleted && notes(r.Status.ExcusedMembers, "nissedal", "orgno")
		})
		s.on(3, "09:00", "nissedal sets orgno", func() { s.gives("nissedal", "orgno") })
		s.must(5, "09:00", "nissedal has it, too", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "approval-of-one-channel", title: "Direct adopters of two channels: an approval, and a retry, are for those of one channel alone.", lasts: 8, plot: func(s *script) {
		s.changeApp(svarut, func(a *v1alpha1.SharedApp) {
			a.Spec.Channels = append(a.Spec.Channels, v1alpha1.Channel{Name: "next", Version: "2.4.0"})
		})
		for i, name := range sixOfTelemark {
			s.decide(name, v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Channel: []string{"stable", "next"}[i%2]})
		}
		stable, next := []string{"fyresdal", "nissedal", "tokke"}, []string{"kviteseid", "seljord", "vinje"}
		s.changeStrategy("", func(st *v1alpha1.RolloutStrategy) {
			st.Waves = []v1alpha1.Wave{{Name: "everyone", RequireApproval: new(true), Soak: &metav1.Duration{Duration: 10 * time.Minute}, MaxConcurrent: new(intstr.FromInt32(3))}}
		})
		both := func(version string) {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) {
				a.Spec.Channels[0].Version, a.Spec.Channels[1].Version = version, version
			})
		}
		approve := func(version, channel string, attempt int32) {
			s.changeStrategy("", func(st *v1alpha1.RolloutStrategy) {
				st.Approvals = append(st.Approvals, v1alpha1.Approval{App: svarut, Digest: digestOf(svarut, version), Wave: "everyone", Attempt: attempt, Channel: channel})
			})
		}
		s.on(1, "09:00", "both channels point at 2.5.0", func() { both("2.5.0") })
		s.on(2, "09:00", "wave everyone is approved for channel stable", func() { approve("2.5.0", "stable", 1) })
		s.must(3, "09:00", "channel stable has it, and channel next waits", func() bool {
			return s.has("2.5.0", "prod", stable...) && s.has("2.4.0", "test", next...)
		})
		s.on(3, "10:00", "it is approved for channel next", func() { approve("2.5.0", "next", 1) })
		s.must(4, "09:00", "all have it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
		s.turnsOut("2.6.0", "", bad)
		s.on(5, "09:00", "both channels point at 2.6.0, which is bad; it is approved for both", func() {
			both("2.6.0")
			approve("2.6.0", "stable", 1)
			approve("2.6.0", "next", 1)
		})
		s.on(6, "09:00", "what was wrong is fixed, and channel stable tries it once more", func() {
			s.turnsOut("2.6.0", "", good)
			s.changeStrategy("", func(st *v1alpha1.RolloutStrategy) {
				st.Retries = []v1alpha1.Retry{{App: svarut, Digest: digestOf(svarut, "2.6.0"), Attempt: 2, Channel: "stable"}}
			})
			approve("2.6.0", "stable", 2)
		})
		s.must(8, "09:00", "channel stable has it, and channel next stays at 2.5.0", func() bool {
			return s.has("2.6.0", "prod", stable...) && s.has("2.5.0", "test", next...)
		})
	}},
	{name: "deleted-by-hand", title: "An AppInstallation of a higher version than the network's is deleted by hand: it comes back as it was.", lasts: 5, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "fyresdal names 2.6.0", func() { s.pin("fyresdal", "2.6.0") })
		s.on(3, "09:00", "fyresdal follows the network again, and keeps 2.6.0", func() { s.undecide("fyresdal") })
		s.on(3, "12:00", "fyresdal's AppInstallation in production is deleted by hand", func() { s.remove("fyresdal", "prod") })
		s.on(4, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(5, "09:00", "fyresdal has 2.6.0, and the others 2.5.0", func() bool {
			return s.has("2.6.0", "prod", "fyresdal") && s.has("2.6.0", "test", "fyresdal") && s.has("2.5.0", "prod", sixOfTelemark[1:]...)
		})
	}},
	{name: "deleted-unseen", title: "The same while the operator is down: it knows from the municipality's status what was there.", lasts: 5, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "fyresdal names 2.6.0", func() { s.pin("fyresdal", "2.6.0") })
		s.on(3, "09:00", "fyresdal follows the network again, and keeps 2.6.0", func() { s.undecide("fyresdal") })
		s.on(3, "12:00", "fyresdal's AppInstallation in production is deleted by hand", func() {
			s.down(time.Minute)
			s.remove("fyresdal", "prod")
		})
		s.on(4, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(5, "09:00", "fyresdal has 2.6.0, and the others 2.5.0", func() bool {
			return s.has("2.6.0", "prod", "fyresdal") && s.has("2.6.0", "test", "fyresdal") && s.has("2.5.0", "prod", sixOfTelemark[1:]...)
		})
	}},
	{name: "fifty-and-more", title: "Sixty fail, and then decline: lists are cut at fifty, and what is remembered is not.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.MaxFailures, w.RequireApproval = new(intstr.FromInt32(59)), new(false) })
		names := slices.Clone(sixOfTelemark)
		for i := range 54 {
			names = append(names, fmt.Sprintf("k%02d", i))
			s.municipality(names[len(names)-1])
			s.changeMunicipality(names[len(names)-1], func(m *v1alpha1.Municipality) { m.Spec.Environments = m.Spec.Environments[:1] })
		}
		s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = names })
		s.turnsOut("2.5.0", "", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted, and fails everywhere", func() { s.promote("2.5.0") })
		s.must(2, "09:00", "all sixty are counted, and fifty are named", func() bool {
			r := s.record("2.5.0", 1)
			return r.Status.Phase == v1alpha1.RolloutHalted && r.Status.Failed == 60 && len(r.Status.FailedMembers) == 50
		})
		s.on(2, "10:00", "all of them decline the app", func() {
			for _, name := range names {
				s.decide(name, v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline, Reason: "we have another"})
			}
		})
		s.must(4, "09:00", "all sixty have failed still", func() bool {
			r := s.record("2.5.0", 1)
			return r.Status.Phase == v1alpha1.RolloutHalted && r.Status.Failed == 60
		})
	}},
	{name: "pilot-went-back", title: "A pilot network completed 2.5.0 by a channel of its own, and went back: nobody else gets it before it has it again.", lasts: 6, plot: func(s *script) {
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
		s.must(4, "09:00", "nobody in Vest-Telemark has it, and why is said", func() bool {
			return s.has("2.4.0", "test", sixOfTelemark...) && strings.Contains(s.record("2.5.0", 1).Status.Waves[0].WaitsFor, "it has gone back to 2.4.0")
		})
		s.on(4, "10:00", "channel next points at 2.5.0 again", func() { next("2.5.0") })
		s.must(6, "09:00", "when digi-rogaland has it again, the others get it", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
	{name: "environment-not-ready", title: "An environment exists, and is not ready: nothing is installed there, nobody waits, and the version is not blamed.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "08:00", "tokke's environment test is made again, and is not ready yet", func() { s.changeMunicipality("tokke", isPending("test")) })
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.must(2, "09:00", "the others have it, and tokke is away", func() bool {
			return s.has("2.4.0", "test", "tokke") && s.has("2.5.0", "prod", "fyresdal", "kviteseid", "nissedal", "seljord", "vinje") && s.record("2.5.0", 1).Status.Failed == 0
		})
		s.on(2, "10:00", "the environment is ready", func() { s.changeMunicipality("tokke", areReady) })
		s.must(4, "09:00", "tokke has it, too", func() bool { return s.has("2.5.0", "prod", sixOfTelemark...) })
	}},
}

// storiesOfWorlds are random worlds that once broke a promise, in few words.
var storiesOfWorlds = []story{
	{name: "joiner-unseen", title: "A joiner was verified after the Rollout had completed; its status is lost for hours: it stays.", lasts: 4, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(2, "09:00", "hjartdal joins", func() {
			s.municipality("hjartdal")
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = append(sixOfTelemark[:6:6], "hjartdal") })
		})
		s.on(3, "09:00", "the status of hjartdal's installation in production is lost", func() { s.lose("hjartdal", "prod") })
		s.must(4, "09:00", "hjartdal is counted as verified, and nothing is halted", func() bool {
			return s.record("2.5.0", 1).Status.Phase == v1alpha1.RolloutCompleted && s.record("2.5.0", 1).Status.Verified == 7
		})
	}},
	{name: "clock-back-under-way", title: "The clock goes back while a member is on its way, and the operator restarts now and then: it fails when the clock says so.", lasts: 1, plot: func(s *script) {
		s.oneWave(func(*v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "tokke", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "the clock goes back by three hours", func() { s.jump(-3 * time.Hour) })
		for i := range 4 {
			s.queue.put(s.prelude+9*time.Hour+time.Duration(i+1)*40*time.Minute, func() { s.down(2 * time.Minute) })
		}
		s.must(1, "14:00", "tokke went back", func() bool { return s.has("2.4.0", "test", "tokke") })
	}},
	{name: "late-by-an-earlier-clock", title: "Tokke is moved after the Rollout has completed, by a clock that went back since: it is looked at like others, and fails.", lasts: 2, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.MaxFailures = new(intstr.FromInt32(1)) })
		s.turnsOut("2.5.0", "tokke", bad)
		s.on(1, "08:00", "tokke is paused", func() {
			s.changeMunicipality("tokke", func(m *v1alpha1.Municipality) { m.Spec.Pause = new(true) })
		})
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "10:00", "the clock goes back by three hours", func() { s.jump(-3 * time.Hour) })
		s.on(1, "10:05", "tokke is paused no longer", func() {
			s.changeMunicipality("tokke", func(m *v1alpha1.Municipality) { m.Spec.Pause = nil })
		})
		s.must(1, "10:30", "tokke is on the way", func() bool {
			r := s.record("2.5.0", 1)
			return s.has("2.5.0", "test", "tokke") && r.Status.Moving == 1 && r.Status.Verified == 5
		})
		s.must(2, "09:00", "tokke went back", func() bool { return s.has("2.4.0", "test", "tokke") && s.has("2.4.0", "prod", "tokke") })
	}},
	{name: "failed-until-recorded", title: "A member failed whose status was lost, and what it returns to can't be had: its time does not begin again, and the Rollout stays halted.", lasts: 1, plot: func(s *script) {
		s.oneWave(func(w *v1alpha1.Wave) { w.MaxConcurrent = new(intstr.FromInt32(2)) })
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:15", "the status of fyresdal's installation in test is lost, and 2.4.0 can't be fetched", func() {
			s.lose("fyresdal", "test")
			isFetched(s, "2.4.0", false)
		})
		for _, at := range []string{"09:50", "11:00", "12:50"} {
			s.must(1, at, "fyresdal has failed, and nobody else was moved since", func() bool {
				r := s.record("2.5.0", 1)
				return r.Status.Phase == v1alpha1.RolloutHalted && r.Status.Failed == 1 && s.has("2.4.0", "test", "seljord", "tokke", "vinje")
			})
		}
	}},
	{name: "failed-and-to-return", title: "Fyresdal failed, and what it returns to can't be had: it keeps its place until it went back, and then the next goes.", lasts: 3, plot: func(s *script) {
		s.threeWaves(func(waves []v1alpha1.Wave) {
			waves[0].Members.Names, waves[0].MaxConcurrent, waves[0].MaxFailures = []string{"fyresdal", "vinje"}, new(intstr.FromInt32(1)), new(intstr.FromInt32(1))
		})
		s.turnsOut("2.5.0", "fyresdal", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "2.4.0 can't be fetched", func() { isFetched(s, "2.4.0", false) })
		s.must(2, "08:59", "fyresdal has failed and is still there, and nobody else was moved", func() bool {
			return s.record("2.5.0", 1).Status.Failed == 1 && s.has("2.5.0", "test", "fyresdal") && s.has("2.4.0", "test", sixOfTelemark[1:]...)
		})
		s.on(2, "09:00", "2.4.0 can be fetched again", func() { isFetched(s, "2.4.0", true) })
		s.must(3, "09:00", "fyresdal is back at 2.4.0, and the others have 2.5.0", func() bool {
			return s.has("2.4.0", "test", "fyresdal") && s.has("2.5.0", "prod", sixOfTelemark[1:]...)
		})
	}},
	{name: "leaver-begins-nothing", title: "A member that had the version fails, and leaves before the announcement is over: that goes on.", lasts: 6, plot: func(s *script) {
		s.waves(func(_, _ *v1alpha1.Wave) {})
		s.turnsOut("2.5.0", "vinje", bad)
		s.on(1, "09:00", "svarut 2.5.0 is promoted", func() { s.promote("2.5.0") })
		s.on(1, "09:10", "2.4.0 is withdrawn, so that nobody can return to it", func() {
			s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].State = v1alpha1.VersionWithdrawn })
		})
		s.on(2, "09:00", "a second attempt is asked for, and announced for three days", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Announcement = &metav1.Duration{Duration: 72 * time.Hour} })
			s.retry("2.5.0", 2)
		})
		s.on(2, "12:00", "one of the pilots may fail", func() {
			s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves[0].MaxFailures = new(intstr.FromInt32(1)) })
		})
		s.on(3, "09:00", "vinje, which has it and failed, leaves the network", func() {
			s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Members.Names = sixOfTelemark[:5] })
		})
		s.must(5, "08:59", "nobody else was moved", func() bool { return s.has("2.4.0", "test", sixOfTelemark[:5]...) })
	}},
}

// requires lets a version of svarut require a parameter.
func (s *script) requires(version, parameter string) {
	s.changeApp(svarut, func(a *v1alpha1.SharedApp) { requireParameter(a, version, parameter) })
}

// isFetched says whether a version of svarut can be fetched.
func isFetched(s *script, version string, can bool) {
	s.changeApp(svarut, func(a *v1alpha1.SharedApp) { statusOf(a, version).Available = can })
}

// gives sets a parameter of svarut.
func (s *script) gives(municipality, parameter string) {
	s.decide(municipality, v1alpha1.AppDecision{Parameters: &apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{%q:"x"}`, parameter)}})
}

// remove deletes an installation of svarut by hand. What the municipality's status says of it stays.
func (s *script) remove(municipality, environment string) {
	k := key{Municipality: municipality, Environment: environment, App: svarut}
	was := s.store.Installation(k)
	s.changeMunicipality(municipality, func(m *v1alpha1.Municipality) {
		m.Status.Apps = []v1alpha1.MunicipalityApp{{
			Name: svarut, Environment: environment, Version: was.Spec.Version,
			DecidedBy: v1alpha1.DecidedBy{Level: was.Spec.DecidedBy.Level, Name: was.Spec.DecidedBy.Name},
		}}
	})
	s.store.put(k, nil)
	s.gone(k)
	s.ledger.Removed(k, was)
	s.dirty = true
}

// isPending lets one environment of a municipality not be ready.
func isPending(environment string) func(*v1alpha1.Municipality) {
	return func(m *v1alpha1.Municipality) {
		areReady(m)
		for i := range m.Status.Environments {
			if e := &m.Status.Environments[i]; e.Name == environment {
				e.State = v1alpha1.EnvironmentPending
			}
		}
	}
}

// areReady lets all environments of a municipality be ready.
func areReady(m *v1alpha1.Municipality) {
	m.Status.ObservedGeneration, m.Status.Environments = 1, nil
	for _, e := range m.Spec.Environments {
		m.Status.Environments = append(m.Status.Environments, v1alpha1.EnvironmentStatus{Name: e.Name, State: v1alpha1.EnvironmentReady})
	}
}

// notes says whether a note on a municipality says something.
func notes(all []v1alpha1.MemberNote, municipality, what string) bool {
	return slices.ContainsFunc(all, func(n v1alpha1.MemberNote) bool { return n.Name == municipality && strings.Contains(n.Message, what) })
}
