package behaviour_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestWavesGoOneAfterTheOther(t *testing.T) {
	parallel(t)
	app := publish(t, unique("waves"), nil, files("waves", nil), files("waves", nil))
	label := map[string]string{"wave-of": app.Name}
	named, selected, other := town(t, "zpilot"), town(t, "yselected", func(m *v1alpha1.Municipality) { m.Labels = label }), town(t, "aother")
	second := wave("second")
	second.Members = &v1alpha1.WaveMembers{Selector: &metav1.LabelSelector{MatchLabels: label}}
	n := introduced(t, app, inWaves(wave("first", named), second, wave("everyone")), named, selected, other)
	promote(t, app, "1.1.0")
	r := reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutCompleted, "3/3 verified")

	var got []string
	before := r.CreationTimestamp
	for i, m := range []*v1alpha1.Municipality{named, selected, other} {
		w := r.Status.Waves[i]
		installed := runs(t, m.Name+"-prod", app.Name, "1.1.0")
		got = append(got, w.Name+" "+string(w.State)+" "+installed.Spec.Move.Wave)
		moved, healthy := installed.Spec.Move.MovedAt, installed.Status.HealthySince
		if moved.Before(&before) || w.CompletedAt.Time.Before(healthy.Add(time.Second)) {
			t.Errorf("wave %s: moved at %s, healthy since %s, done at %s, and the wave before at %s", w.Name, moved, healthy, w.CompletedAt, before)
		}
		before = *w.CompletedAt
	}
	if diff := cmp.Diff([]string{"first Done first", "second Done second", "everyone Done everyone"}, got); diff != "" {
		t.Errorf("waves (-want +got):\n%s", diff)
	}
	if err := isReady(r.Status.Conditions, r.Generation); err != nil {
		t.Error(err)
	}
}

func TestNoMoreAreOnTheirWayThanMayBe(t *testing.T) {
	parallel(t)
	app := publish(t, unique("queue"), nil, files("queue", nil), files("queue", nil))
	towns := []*v1alpha1.Municipality{town(t, "al"), town(t, "bo"), town(t, "cappelen")}
	slowly := wave("everyone")
	slowly.MaxConcurrent = new(intstr.FromInt32(1))
	n := introduced(t, app, inWaves(slowly), towns...)
	promote(t, app, "1.1.0")
	reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutCompleted)

	var all []*v1alpha1.AppInstallation
	for _, m := range towns {
		all = append(all, runs(t, m.Name+"-prod", app.Name, "1.1.0"))
	}
	slices.SortFunc(all, func(a, b *v1alpha1.AppInstallation) int {
		return a.Spec.Move.MovedAt.Compare(b.Spec.Move.MovedAt.Time)
	})
	for i, next := range all[1:] {
		if verified := all[i].Status.HealthySince.Add(time.Second); next.Spec.Move.MovedAt.Time.Before(verified) {
			t.Errorf("%s moved at %s, before %s was verified at %s", next.Namespace, next.Spec.Move.MovedAt, all[i].Namespace, verified)
		}
	}
}

// Waves that are edited in the middle hold at once: what is done stays done.
func TestWavesMayBeEditedInTheMiddle(t *testing.T) {
	parallel(t)
	app := publish(t, unique("edited"), nil, files("edited", nil), files("edited", nil))
	pilot, next, last := town(t, "pilot"), town(t, "next"), town(t, "last")
	n := introduced(t, app, pilotThenApproved(pilot), pilot, next, last)
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	awaitsApproval(t, r)
	moved, waiting := read(t, appInstallation(pilot.Name+"-prod", app.Name)), read(t, appInstallation(last.Name+"-prod", app.Name))
	edit(t, n, func(n *v1alpha1.Network) {
		waves := n.Spec.Rollout.Waves
		n.Spec.Rollout.Waves = []v1alpha1.Wave{waves[0], wave("middle", next), waves[1]}
	})
	runs(t, next.Name+"-prod", app.Name, "1.1.0")
	awaitsApproval(t, r)
	stays(t, pilot, moved)
	stays(t, last, waiting)
	approve(t, n, r)
	reaches(t, r, v1alpha1.RolloutCompleted, "3/3 verified")
	stays(t, pilot, moved)
}

// Not parallel: it takes the strategy of the Platform away.
func TestWithNothingSaidOnePilotGoesFirst(t *testing.T) {
	startOperator(t)
	onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.Rollout = nil })
	app := publish(t, unique("default"), nil, files("default", nil))
	first, second, third := standing(t, town(t, "aal")), standing(t, town(t, "bo")), standing(t, town(t, "cappelen"))
	n := proposes(t, "net", app.Name, nil, first, second, third)
	r := reaches(t, rolloutOf(n, app.Name, "1.0.0", 1), v1alpha1.RolloutProgressing, first.Name, "soaks until", "wave pilot")
	if left := time.Until(r.Status.NextAt.Time); left < 50*time.Minute || left > time.Hour {
		t.Errorf("the pilot soaks for another %s, want nearly an hour", left)
	}
	if got := r.Status.Waves; len(got) != 2 || got[0].Members != 1 || got[1].Name != "everyone" || got[1].Members != 2 || got[1].State != v1alpha1.WaveWaiting {
		t.Errorf("waves: %+v", got)
	}
	runs(t, first.Name+"-prod", app.Name, "1.0.0")
	r = planned(t, n, r)
	if rest := r.Status.Waiting + r.Status.Away; r.Status.Moving != 1 || rest != 3 { // who came last may not be ready yet
		t.Errorf("%d are moving, and %d are to come, want the pilot alone to move", r.Status.Moving, rest)
	}
	absent(t, second.Name+"-prod", app.Name)
	absent(t, third.Name+"-prod", app.Name)
}

func TestStagesGoOneAfterTheOther(t *testing.T) {
	parallel(t)
	app := publish(t, unique("stages"), nil, files("stages", nil), files("stages", nil), broken("stages"))
	m := town(t, "vinje", withTest)
	n := introduced(t, app, inWaves(wave("everyone")), m)
	runs(t, m.Name+"-test", app.Name, "1.0.0")
	promote(t, app, "1.1.0")
	reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutCompleted)
	test, prod := runs(t, m.Name+"-test", app.Name, "1.1.0"), runs(t, m.Name+"-prod", app.Name, "1.1.0")
	if soaked := test.Status.HealthySince.Add(time.Second); prod.Spec.Move.MovedAt.Time.Before(soaked) {
		t.Errorf("Production was moved at %s, before Test had soaked at %s", prod.Spec.Move.MovedAt, soaked)
	}

	promote(t, app, "1.2.0")
	waits(t, m.Name+"-test", app.Name, "Deployment/stages")
	timeIsUp(t, n)
	reaches(t, rolloutOf(n, app.Name, "1.2.0", 1), v1alpha1.RolloutHalted, "test was not healthy")
	runs(t, m.Name+"-test", app.Name, "1.1.0")
	stays(t, m, prod)
}
