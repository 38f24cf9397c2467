package progress_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/progress"
	"github.com/allmenning/allmenning/internal/planner"
)

func at(hour int) *metav1.Time {
	t := metav1.NewTime(time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC))
	return &t
}

func named(name, network, app string, hour int, status v1alpha1.RolloutStatus) v1alpha1.Rollout {
	return v1alpha1.Rollout{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: *at(hour)},
		Spec:       v1alpha1.RolloutSpec{Network: network, App: app}, Status: status,
	}
}

func rollouts() []v1alpha1.Rollout {
	return []v1alpha1.Rollout{
		named("a.kobo.1.0.0.1", "a", "kobo", 6, v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutCompleted, Progress: "9/9", Wave: "everyone"}),
		named("a.svarut.2.4.0.1", "a", "svarut", 7, v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutSuperseded}),
		named("a.svarut.2.4.1.1", "a", "svarut", 8, v1alpha1.RolloutStatus{
			Phase: v1alpha1.RolloutProgressing, Wave: "some", Progress: "1/8", Moving: 2, Waiting: 3, Away: 1, Failed: 1, Excused: 1,
			Next: "wave some", NextAt: at(13),
			Waves: []v1alpha1.WaveStatus{
				{Name: "pilot", State: v1alpha1.WaveDone, StandIn: "kragero", Members: 2, Verified: 1, Excused: 1, StartedAt: at(9), CompletedAt: at(10)},
				{Name: "some", State: v1alpha1.WaveRunning, Members: 3, Moving: 2, Failed: 1, StartedAt: at(11)},
				{Name: "rest", State: v1alpha1.WaveWaiting, Members: 4, Waiting: 3, Away: 1, WaitsFor: "wave some to be done"},
			},
		}),
		named("b.svarut.2.4.1.1", "b", "svarut", 9, v1alpha1.RolloutStatus{SecurityFix: true, Phase: v1alpha1.RolloutHalted, Wave: "pilot", Progress: "0/3", Failed: 1, Next: "halted in wave pilot"}),
		named("c.svarut.2.4.1.1", "c", "svarut", 9, v1alpha1.RolloutStatus{}),
	}
}

// strategies name two in the first wave.
func strategies(string) planner.Strategy {
	waves, _ := planner.CompileWaves([]v1alpha1.Wave{{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"vinje", "tokke"}}}, {Name: "some"}, {Name: "rest"}})
	return planner.Strategy{Waves: waves}
}

// TestPickBySequence is about clocks that went back between two rollouts.
func TestPickBySequence(t *testing.T) {
	first := named("a.svarut.2.4.1.1", "a", "svarut", 12, v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutSuperseded})
	second := named("a.svarut.2.5.0.1", "a", "svarut", 11, v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutCompleted})
	first.Spec.Sequence, second.Spec.Sequence = 1, 2
	got := progress.Pick([]v1alpha1.Rollout{first, second}, progress.Filter{})
	if len(got) != 1 || got[0].Name != second.Name {
		t.Errorf("got %v, want %s alone", got, second.Name)
	}
}

func TestPick(t *testing.T) {
	for _, tc := range []struct {
		reason string
		filter progress.Filter
		want   string
	}{
		{"the newest of each, those first that need a person, then those under way", progress.Filter{}, "b.svarut.2.4.1.1 a.svarut.2.4.1.1 c.svarut.2.4.1.1 a.kobo.1.0.0.1"},
		{"records too", progress.Filter{Records: true}, "b.svarut.2.4.1.1 a.svarut.2.4.1.1 c.svarut.2.4.1.1 a.kobo.1.0.0.1 a.svarut.2.4.0.1"},
		{"one that is named is shown, whatever it is", progress.Filter{Names: []string{"a.svarut.2.4.0.1"}}, "a.svarut.2.4.0.1"},
		{"of a network", progress.Filter{Network: "a"}, "a.svarut.2.4.1.1 a.kobo.1.0.0.1"},
		{"of a network and an app", progress.Filter{Network: "a", App: "kobo"}, "a.kobo.1.0.0.1"},
		{"of nobody", progress.Filter{Network: "d"}, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var names []string
			for _, r := range progress.Pick(rollouts(), tc.filter) {
				names = append(names, r.Name)
			}
			if diff := cmp.Diff(tc.want, strings.Join(names, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLines(t *testing.T) {
	for _, tc := range []struct {
		reason string
		waves  bool
		want   string
	}{
		{"a line each", false, `
ROLLOUT           PHASE                  WAVE      VERIFIED  MOVING  WAITING  AWAY  FAILED  EXCUSED  NEXT
b.svarut.2.4.1.1  Halted (security fix)  pilot     0/3       0       0        0     1       0        halted in wave pilot
a.svarut.2.4.1.1  Progressing            some      1/8       2       3        1     1       1        wave some at 2026-11-22T13:00:00Z
c.svarut.2.4.1.1  -                      -         -         0       0        0     0       0
a.kobo.1.0.0.1    Completed              everyone  9/9       0       0        0     0       0`},
		{"with their waves below", true, `
ROLLOUT           PHASE                  WAVE      VERIFIED  MOVING  WAITING  AWAY  FAILED  EXCUSED  NEXT
b.svarut.2.4.1.1  Halted (security fix)  pilot     0/3       0       0        0     1       0        halted in wave pilot
a.svarut.2.4.1.1  Progressing            some      1/8       2       3        1     1       1        wave some at 2026-11-22T13:00:00Z
  pilot           Done                             1/1       0       0        0     0       1        done at 2026-11-22T10:00:00Z; kragero goes first in place of tokke, vinje
  some            Running                          0/3       2       0        0     1       0        began at 2026-11-22T11:00:00Z
  rest            Waiting                          0/4       0       3        1     0       0        waits: wave some to be done
c.svarut.2.4.1.1  -                      -         -         0       0        0     0       0
a.kobo.1.0.0.1    Completed              everyone  9/9       0       0        0     0       0`},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := "\n" + strings.Join(progress.Lines(progress.Pick(rollouts(), progress.Filter{}), tc.waves, strategies), "\n")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
