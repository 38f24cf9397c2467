package main

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// story is a world with a script: what people do is written down, and all else goes as it
// mostly does. The diary of it is kept under testdata.
type story struct {
	name string
	// title says what it shows.
	title string
	// from is the first day; the second Monday of 2027 where it is zero.
	from time.Time
	// lasts is how many days the diary has.
	lasts int
	plot  func(*script)
}

// The municipalities of the stories, and their network.
var sixOfTelemark = []string{"fyresdal", "kviteseid", "nissedal", "seljord", "tokke", "vinje"}

const (
	telemark = "vest-telemark"
	svarut   = "svarut"
)

// script writes a story down.
type script struct{ *world }

// play plays a story, and returns its diary.
func (s story) play() (lines []string, violations []violation) {
	w := newWorld(1)
	w.scripted, w.prelude = true, 7*24*time.Hour
	if s.from.IsZero() {
		s.from = time.Date(2027, 1, 11, 0, 0, 0, 0, time.UTC)
	}
	w.begin = s.from.Add(-w.prelude)
	w.watching = w.begin
	w.watch = w.watch.At(w.begin)
	t := &script{w}
	t.found()
	w.run(w.prelude)
	w.diary = &diary{lines: []string{s.title, ""}}
	s.plot(t)
	w.run(w.prelude + time.Duration(s.lasts)*24*time.Hour)
	w.diary.lines = append(w.diary.lines, "", "At the end:")
	t.places()
	return w.diary.lines, w.violations
}

// found makes what the stories have in common: six municipalities with test and production,
// a network, and an app of which all have version 2.4.0.
func (s *script) found() {
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: svarut, Generation: 1}}
	s.store.Apps[svarut] = app
	for _, version := range []string{"2.4.0", "2.5.0", "2.6.0"} {
		s.version(svarut, version)
	}
	s.store.Apps[svarut].Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: "2.4.0"}}
	for _, name := range sixOfTelemark {
		s.municipality(name)
	}
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: telemark, Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
	n.Spec.Members.Names = sixOfTelemark
	n.Spec.Apps = []v1alpha1.Proposal{{Name: svarut, Channel: "stable", Obligation: v1alpha1.ObligationRecommended, Stages: stages[1:]}}
	s.store.Networks[telemark] = n
}

func (s *script) version(app, version string) {
	s.changeApp(app, func(a *v1alpha1.SharedApp) {
		a.Spec.Versions = append(a.Spec.Versions, v1alpha1.Version{Version: version, State: v1alpha1.VersionActive})
		a.Status.Versions = append(a.Status.Versions, v1alpha1.VersionStatus{Version: version, Digest: digestOf(app, version), Available: true})
	})
}

func (s *script) municipality(name string) {
	m := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
	m.Spec.Number, m.Spec.DisplayName, m.Spec.DeletionPolicy = fmt.Sprintf("40%02d", len(s.store.Municipalities)+11), name, v1alpha1.DeletionRetain
	m.Spec.Environments = []v1alpha1.Environment{
		{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen}, {Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
	}
	s.store.Municipalities[name] = m
	s.dirty = true
}

// on says what people do at a time of a day, and does it.
func (s *script) on(day int, clock, what string, do func()) {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err) // a slip in a story
	}
	since := time.Duration(day-1)*24*time.Hour + time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	s.queue.put(s.prelude+since, func() {
		s.note("* %s", what)
		do()
		s.dirty = true
	})
}

// must says what must be so at a time of a day.
func (s *script) must(day int, clock, what string, so func() bool) {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err) // a slip in a story
	}
	since := time.Duration(day-1)*24*time.Hour + time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	s.queue.put(s.prelude+since+time.Second, func() {
		if !so() {
			s.violate("story", "it must be that %s", what)
		}
	})
}

// has says whether municipalities have a version of svarut in an environment.
func (s *script) has(version, environment string, municipalities ...string) bool {
	for _, m := range municipalities {
		i := s.store.Present(key{Municipality: m, Environment: environment, App: svarut})
		if i == nil || i.Spec.Version != version {
			return false
		}
	}
	return true
}

// record of an attempt of the network at a version of svarut; an empty one where there is none.
func (s *script) record(version string, attempt int) v1alpha1.Rollout {
	for _, r := range s.store.Rollouts {
		if r.Spec.Network == telemark && r.Spec.App == svarut && r.Spec.Version == version && int(r.Spec.Attempt) == attempt {
			return *r
		}
	}
	return v1alpha1.Rollout{}
}

// says whether a Rollout says something, in what comes next or in what its waves wait for.
func says(r v1alpha1.Rollout, what string) bool {
	text := r.Status.Next
	for _, w := range r.Status.Waves {
		text += "; " + w.WaitsFor
	}
	return strings.Contains(text, what)
}

// freeze is a freeze of a municipality's own, of the days from one to another.
func (s *script) freeze(municipality string, from, until int) {
	day := func(n int) metav1.Time {
		return metav1.NewTime(s.begin.Add(s.prelude + time.Duration(n-1)*24*time.Hour))
	}
	s.changeMunicipality(municipality, func(m *v1alpha1.Municipality) {
		m.Spec.Freezes = []v1alpha1.FreezePeriod{{From: day(from), Until: day(until), Reason: "election"}}
	})
}

// pin lets a municipality name a version.
func (s *script) pin(municipality, version string) {
	s.decide(municipality, v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: version})
}

// undecide takes a municipality's decisions back.
func (s *script) undecide(municipality string) {
	s.changeMunicipality(municipality, func(m *v1alpha1.Municipality) { m.Spec.Apps = nil })
}

// promote points the channel stable at a version.
func (s *script) promote(version string) {
	s.changeApp(svarut, func(a *v1alpha1.SharedApp) { a.Spec.Channels[0].Version = version })
}

// waves of the network: vinje first, then the others.
func (s *script) waves(change func(pilot, everyone *v1alpha1.Wave)) {
	pilot := v1alpha1.Wave{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"vinje"}}}
	everyone := v1alpha1.Wave{Name: "everyone", MaxConcurrent: new(intstr.FromInt32(3))}
	change(&pilot, &everyone)
	s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves = []v1alpha1.Wave{pilot, everyone} })
}

func (s *script) decide(municipality string, said v1alpha1.AppDecision) {
	said.Name = svarut
	s.changeMunicipality(municipality, func(m *v1alpha1.Municipality) { m.Spec.Apps = []v1alpha1.AppDecision{said} })
}

// turnsOut says how a version turns out at a municipality, or wherever where it is empty.
func (s *script) turnsOut(version, municipality string, how fate) {
	s.certain[certainty{digestOf(svarut, version), municipality}] = how
}

func (s *script) approval(version, wave string, attempt int32) {
	s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
		st.Approvals = append(st.Approvals, v1alpha1.Approval{App: svarut, Digest: digestOf(svarut, version), Wave: wave, Attempt: attempt})
	})
}

func (s *script) retry(version string, attempt int32) {
	s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) {
		st.Retries = []v1alpha1.Retry{{App: svarut, Digest: digestOf(svarut, version), Attempt: attempt}}
	})
}

// places says what everybody has in the end.
func (s *script) places() {
	for _, name := range truth.Sorted(s.store.Installations) {
		line := "  " + name + ":"
		for _, k := range s.store.Keys() {
			if k.Municipality != name {
				continue
			}
			app := ""
			if len(s.store.Apps) > 1 {
				app = k.App + " "
			}
			line += fmt.Sprintf(" %s %s%s,", k.Environment, app, s.store.Installation(k).Spec.Version)
		}
		s.diary.lines = append(s.diary.lines, line[:len(line)-1])
	}
}

// threeWaves are vinje, then tokke and seljord, then the others, all quick.
func (s *script) threeWaves(change func(waves []v1alpha1.Wave)) {
	quick := &metav1.Duration{Duration: 10 * time.Minute}
	waves := []v1alpha1.Wave{
		{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"vinje"}}, Soak: quick},
		{Name: "second", Members: &v1alpha1.WaveMembers{Names: []string{"tokke", "seljord"}}, Soak: quick, MaxConcurrent: new(intstr.FromInt32(2))},
		{Name: "everyone", Soak: quick, MaxConcurrent: new(intstr.FromInt32(3))},
	}
	change(waves)
	s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves = waves })
}

// oneWave is everybody at once, and quick.
func (s *script) oneWave(change func(*v1alpha1.Wave)) {
	wave := v1alpha1.Wave{Name: "everyone", Soak: &metav1.Duration{Duration: 10 * time.Minute}, MaxConcurrent: new(intstr.FromString("100%"))}
	change(&wave)
	s.changeStrategy(telemark, func(st *v1alpha1.RolloutStrategy) { st.Waves = []v1alpha1.Wave{wave} })
}

// suspend an installation of svarut, or suspend it no longer.
func (s *script) suspend(municipality, environment string, on bool) {
	k := key{Municipality: municipality, Environment: environment, App: svarut}
	next := s.store.Installation(k).DeepCopy()
	next.Spec.Suspend = &on
	next.Generation++
	s.store.put(k, next)
	s.asked(k)
	s.dirty = true
}

// lose the status of an installation of svarut; nobody writes it again.
func (s *script) lose(municipality, environment string) {
	k := key{Municipality: municipality, Environment: environment, App: svarut}
	next := s.store.Installation(k).DeepCopy()
	next.Status = v1alpha1.AppInstallationStatus{ObservedGeneration: -1}
	s.store.put(k, next)
	s.ledger.Lost(k)
	s.dirty = true
}

// handOver lets the network hand over to a new one.
func (s *script) handOver(to string) {
	heir := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: to, Generation: 1, CreationTimestamp: metav1.NewTime(s.now())}}
	heir.Spec.Apps = s.store.Networks[telemark].Spec.Apps
	s.store.Networks[to] = heir
	ends := metav1.NewTime(s.now())
	s.changeNetwork(telemark, func(n *v1alpha1.Network) { n.Spec.Ends, n.Spec.Successor = &ends, to })
}
