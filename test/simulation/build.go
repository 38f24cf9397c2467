package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/simulation/truth"
)

// people is what the random people of a world keep in mind.
type people struct {
	municipalities int
	large          bool
}

func (w *world) chance(percent int) bool { return w.rng.IntN(100) < percent }

func pick[T any](w *world, all ...T) T { return all[w.rng.IntN(len(all))] }

// randomWorld is a country with its apps and networks; nothing is installed yet.
func randomWorld(seed uint64, size int) *world {
	w := newWorld(seed)
	w.faulty = true
	w.watching = w.now()
	w.watch = w.watch.At(w.now())
	w.people.large = size >= 1000
	switch {
	case size >= 1000:
		w.grain = 2 * time.Hour
	case size > 60:
		w.grain = 20 * time.Minute
	case size > 15:
		w.grain = 5 * time.Minute
	}
	apps := 1 + w.rng.IntN(3)
	if w.people.large {
		apps = 1
	}
	for i := range apps {
		w.addApp([]string{"svarut", "kobo", "id-gateway"}[i])
	}
	if apps == 3 && w.chance(50) {
		for i := range w.store.Apps["svarut"].Spec.Versions {
			w.store.Apps["svarut"].Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway", Version: pick(w, "", ">=1.0", ">=1.2")}}}
		}
	}
	if w.chance(30) {
		w.store.Platform.Spec.Rollout = w.randomStrategy()
	}
	for range size {
		w.addMunicipality()
	}
	for _, name := range []string{"digi", "nord", "kyst", "fjell"}[:1+w.rng.IntN(3)] {
		w.addNetwork(name)
	}
	if len(w.store.Networks) > 1 && w.chance(25) {
		app := w.store.Apps["svarut"]
		app.Spec.PilotNetworks = []string{pick(w, truth.Sorted(w.store.Networks)...)}
	}
	return w
}

// digestOf is the digest of a version's bundle. A candidate that became the release is the
// same bundle under two numbers.
func digestOf(app, version string) string {
	bundle := app + "@" + strings.TrimSuffix(version, "-rc.1")
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(bundle)))
}

var versionNames = []string{"1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0", "2.2.0-rc.1", "2.2.0", "3.0.0"}

// addApp adds an app with all versions that it will ever have; which of them turn out well
// is drawn here.
func (w *world) addApp(name string) {
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1}}
	for i, version := range versionNames {
		digest := digestOf(name, version)
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{Version: version, State: v1alpha1.VersionActive})
		if w.chance(12) {
			app.Spec.Versions[i].SecurityFix = new(true)
		}
		app.Status.Versions = append(app.Status.Versions, v1alpha1.VersionStatus{Version: version, Digest: digest, Available: true})
		w.fates[digest] = w.randomFates(i)
	}
	if w.chance(10) {
		requireParameter(app, pick(w, versionNames[2:]...), "orgno")
	}
	app.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: versionNames[0]}, {Name: "pilot", Version: versionNames[1]}}
	w.store.Apps[name] = app
}

// randomFates of a version: the first mostly is well, others are well, broken or shaky.
func (w *world) randomFates(index int) (chances [6]int) {
	switch roll := w.rng.IntN(100); {
	case index == 0 && roll < 70, roll < 45:
		chances[bad], chances[hiccups] = w.rng.IntN(2), w.rng.IntN(10)
	case roll < 60:
		chances[bad] = 80 + w.rng.IntN(21)
	case roll < 75:
		chances[breaks], chances[flapping], chances[late] = 10, 10, 10
	default:
		chances[bad], chances[flapping], chances[late], chances[breaks], chances[hiccups] = w.rng.IntN(15), w.rng.IntN(8), w.rng.IntN(8), w.rng.IntN(8), w.rng.IntN(30)
	}
	return chances
}

func (w *world) addMunicipality() *v1alpha1.Municipality {
	w.people.municipalities++
	n := w.people.municipalities
	m := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("m%05d", n), Generation: 1, CreationTimestamp: metav1.NewTime(w.now()).Rfc3339Copy(),
		Labels: map[string]string{v1alpha1.LabelCounty: pick(w, "40", "46", "50"), "size": pick(w, "small", "large")},
	}}
	m.Spec.Number, m.Spec.DisplayName, m.Spec.DeletionPolicy = fmt.Sprintf("%04d", n%10000), m.Name, pick(w, v1alpha1.DeletionRetain, v1alpha1.DeletionDelete)
	stages := pick(w, []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}, []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
		[]v1alpha1.Stage{v1alpha1.StageProduction}, []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction},
		[]v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction, v1alpha1.StageProduction})
	for i, stage := range stages {
		name := map[v1alpha1.Stage]string{v1alpha1.StageDevelopment: "dev", v1alpha1.StageTest: "test", v1alpha1.StageProduction: "prod"}[stage]
		if i > 0 && stages[i-1] == stage {
			name += "2"
		}
		m.Spec.Environments = append(m.Spec.Environments, v1alpha1.Environment{Name: name, Stage: stage, Zone: v1alpha1.ZoneClosed})
	}
	if w.chance(12) {
		m.Spec.Windows = w.randomWindows()
	}
	if w.chance(15) {
		w.decides(m)
	}
	w.store.Municipalities[m.Name] = m
	w.dirty = true
	return m
}

func (w *world) addNetwork(name string) {
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1, CreationTimestamp: metav1.NewTime(w.now()).Rfc3339Copy()}}
	switch all := truth.Sorted(w.store.Municipalities); {
	case w.people.large || w.chance(40):
		n.Spec.Members.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "size", Operator: metav1.LabelSelectorOpExists}}}
	case w.chance(40):
		n.Spec.Members.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: pick(w, "40", "46", "50")}}
	default:
		for _, m := range all {
			if w.chance(60) {
				n.Spec.Members.Names = append(n.Spec.Members.Names, m)
			}
		}
	}
	if others := truth.Sorted(w.store.Networks); len(others) > 0 && w.chance(20) {
		n.Spec.Members.Networks = []string{pick(w, others...)}
	}
	for _, app := range truth.Sorted(w.store.Apps) {
		if w.chance(80) {
			n.Spec.Apps = append(n.Spec.Apps, w.randomProposal(app))
		}
	}
	if w.chance(70) {
		n.Spec.Rollout = w.randomStrategy()
	}
	w.store.Networks[name] = n
	w.dirty = true
}

func (w *world) randomProposal(app string) v1alpha1.Proposal {
	p := v1alpha1.Proposal{Name: app, Channel: "stable", Obligation: pick(w, v1alpha1.ObligationMandatory, v1alpha1.ObligationRecommended, v1alpha1.ObligationRecommended, v1alpha1.ObligationOptional)}
	if w.chance(15) {
		p.Channel = "pilot"
	}
	p.Stages = pick(w, []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}, []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction},
		[]v1alpha1.Stage{v1alpha1.StageProduction})
	if w.chance(40) {
		p.Priority = new(int32(w.rng.IntN(3)))
	}
	return p
}

func (w *world) randomStrategy() *v1alpha1.RolloutStrategy {
	s := &v1alpha1.RolloutStrategy{}
	if w.chance(75) {
		s.Waves = w.randomWaves()
	}
	if w.chance(40) {
		s.MaxIntroductions = new(int32(1 + w.rng.IntN(2)))
	}
	if w.chance(20) {
		s.Announcement = &metav1.Duration{Duration: pick(w, time.Hour, 24*time.Hour, 72*time.Hour)}
	}
	if w.chance(25) {
		s.Windows = w.randomWindows()
	}
	return s
}

func (w *world) randomWaves() []v1alpha1.Wave {
	names := []string{"pilot", "early", "broad", "rest"}
	names = names[:1+w.rng.IntN(4)]
	taken := map[string]bool{}
	var waves []v1alpha1.Wave
	for i, name := range names {
		wave := v1alpha1.Wave{Name: name}
		if i < len(names)-1 {
			wave.Members = w.randomWaveMembers(taken)
		}
		if w.chance(60) {
			wave.MaxConcurrent = new(pick(w, intstr.FromInt32(1), intstr.FromInt32(2), intstr.FromInt32(10), intstr.FromString("30%"), intstr.FromString("100%")))
		}
		if w.chance(50) {
			wave.MaxFailures = new(pick(w, intstr.FromInt32(0), intstr.FromInt32(1), intstr.FromString("10%"), intstr.FromString("40%"), intstr.FromString("100%")))
		}
		if w.chance(70) {
			wave.Soak = &metav1.Duration{Duration: pick(w, 0, 10*time.Minute, time.Hour, 6*time.Hour, 24*time.Hour)}
		}
		if w.chance(40) {
			wave.ProgressDeadline = &metav1.Duration{Duration: pick(w, 10*time.Minute, time.Hour, 4*time.Hour)}
		}
		if w.chance(20) {
			wave.RequireApproval = new(true)
		}
		waves = append(waves, wave)
	}
	return waves
}

// randomWaveMembers names some who are in no other wave, or selects a county.
func (w *world) randomWaveMembers(taken map[string]bool) *v1alpha1.WaveMembers {
	if w.chance(30) {
		return &v1alpha1.WaveMembers{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: pick(w, "40", "46", "50")}}}
	}
	members := &v1alpha1.WaveMembers{}
	for _, name := range truth.Sorted(w.store.Municipalities) {
		if len(members.Names) < 30 && !taken[name] && w.chance(25) {
			taken[name] = true
			members.Names = append(members.Names, name)
		}
	}
	if len(members.Names) == 0 {
		members.Names = []string{"nobody-" + fmt.Sprint(len(taken)+w.rng.IntN(1000))}
	}
	return members
}

func (w *world) randomWindows() []v1alpha1.Window {
	schedule := pick(w, "0 8 * * 1-4", "0 9 * * *", "30 2 * * *", "0 12 * * 3")
	return []v1alpha1.Window{{Schedule: schedule, Duration: metav1.Duration{Duration: pick(w, 2*time.Hour, 6*time.Hour, 10*time.Hour)}, TimeZone: "Europe/Oslo"}}
}

// stages in their order.
var stages = []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}
