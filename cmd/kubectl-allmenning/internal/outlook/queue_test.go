package outlook_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// group foresees svarut 2.5.0 in one network of queue.yaml.
func group(t *testing.T, network string, change func(*world.World)) outlook.Group {
	t.Helper()
	w := load(t, "queue.yaml")
	change(w)
	o, err := outlook.Of(w, question(func(q *outlook.Question) { q.Network = network }))
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Groups) != 1 {
		t.Fatalf("%d groups, want 1: %+v", len(o.Groups), o.Groups)
	}
	return o.Groups[0]
}

func strategy(change func(*v1alpha1.RolloutStrategy)) func(*world.World) {
	return func(w *world.World) { change(w.Networks[0].Spec.Rollout) }
}

func announced(w *world.World) {
	w.Networks[0].Spec.Rollout.Announcement = &metav1.Duration{Duration: 24 * time.Hour}
}

func TestQueue(t *testing.T) {
	const idGateway, kobo = "digi-tv.id-gateway.1.0.0.1", "digi-tv.kobo.3.0.0.1"
	const first, second = "Network digi-tv carries at most 1 at once (rollout.maxIntroductions): kobo; this one is number 1 in the queue",
		"Network digi-tv carries at most 1 at once (rollout.maxIntroductions): kobo; this one is number 2 in the queue"
	for _, tc := range []struct {
		reason string
		change func(*world.World)
		want   *outlook.Queue
	}{
		{
			"behind the one under way, and the one with a greater priority", func(*world.World) {},
			&outlook.Queue{WaitsFor: second, Behind: []string{idGateway, kobo}, From: noon},
		},
		{
			"before one with a lower priority", func(w *world.World) { w.Networks[0].Spec.Apps[0].Priority = new(int32(20)) },
			&outlook.Queue{WaitsFor: first, Behind: []string{kobo}, From: noon},
		},
		{"there is room for it", strategy(func(s *v1alpha1.RolloutStrategy) { s.MaxIntroductions = new(int32(3)) }), nil},
		{"a security fix goes before the others", func(w *world.World) { w.Apps[2].Spec.Versions[1].SecurityFix = new(true) }, nil},
		{"what is completed is not carried", func(w *world.World) {
			w.Rollouts[1].Status.CompletedAt = new(metav1.NewTime(noon))
			w.Networks[0].Spec.Apps[0].Priority = new(int32(20))
		}, nil},
		{
			"an approval that is taken to be given does not hide the queue",
			strategy(func(s *v1alpha1.RolloutStrategy) {
				s.Waves = []v1alpha1.Wave{{Name: "pilot", RequireApproval: new(true)}}
			}),
			&outlook.Queue{WaitsFor: first, Behind: []string{kobo}, From: noon},
		},
		{
			"outside the windows, and the one under way goes on when they open",
			strategy(func(s *v1alpha1.RolloutStrategy) {
				s.Windows = []v1alpha1.Window{{Schedule: "0 8 * * 1", Duration: metav1.Duration{Duration: 6 * time.Hour}}}
			}),
			&outlook.Queue{WaitsFor: second, Behind: []string{idGateway, kobo}, From: noon.Add(19 * time.Hour)},
		},
		{
			"announced, and the one under way is foreseen to be completed by then", announced,
			&outlook.Queue{WaitsFor: strings.Replace(first, ": kobo;", ": id-gateway;", 1), Behind: []string{idGateway}, From: noon.Add(24 * time.Hour)},
		},
		{"announced, and nobody is ahead by then", func(w *world.World) {
			announced(w)
			w.Networks[0].Spec.Apps[0].Priority = new(int32(20))
		}, nil},
		{
			"announced, and the one under way is paused: it holds no place",
			func(w *world.World) {
				announced(w)
				w.Apps[1].Spec.Pause, w.Networks[0].Spec.Apps[0].Priority = new(true), new(int32(20))
			},
			nil,
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, group(t, "digi-tv", tc.change).Queue); diff != "" {
				t.Errorf("queue (-want +got):\n%s", diff)
			}
		})
	}
}

// TestQueueOfPilots looks at a network that waits for a pilot network: the time is unknown.
func TestQueueOfPilots(t *testing.T) {
	waits := group(t, "plain", func(w *world.World) { w.Apps[2].Spec.PilotNetworks = []string{"digi-tv"} })
	if waits.CompletedAt != nil || waits.Waves[0].First != nil || waits.Queue != nil {
		t.Errorf("the pilot network waits in a queue, and yet there is a time: %+v", waits)
	}
	goes := group(t, "plain", func(w *world.World) {
		w.Apps[2].Spec.PilotNetworks = []string{"digi-tv"}
		w.Networks[0].Spec.Rollout = nil
	})
	if goes.CompletedAt == nil {
		t.Errorf("the pilot network has room, and yet there is no time: %+v", goes)
	}
}

func TestQueueForPrograms(t *testing.T) {
	got, err := json.MarshalIndent(group(t, "digi-tv", func(*world.World) {}), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "queue.json", append(got, '\n'))
}
