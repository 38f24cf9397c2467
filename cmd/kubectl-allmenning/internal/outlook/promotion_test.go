package outlook_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

func TestWhatDiffers(t *testing.T) {
	for _, tc := range []struct {
		reason     string
		change     func(*world.World)
		promotions []outlook.Promotion
		edits      []outlook.Edit
	}{
		{"nothing", func(*world.World) {}, nil, nil},
		{"a promotion alone is no edit", func(w *world.World) { w.Apps[0].Spec.Channels[0].Version = "2.5.0" },
			[]outlook.Promotion{{App: "svarut", Channel: "stable", Version: "2.5.0", Was: "2.4.1"}}, nil},
		{"a channel that is new", func(w *world.World) {
			w.Apps[0].Spec.Channels = append(w.Apps[0].Spec.Channels, v1alpha1.Channel{Name: "night", Version: "2.5.0"})
		}, []outlook.Promotion{{App: "svarut", Channel: "night", Version: "2.5.0"}}, []outlook.Edit{{Object: "SharedApp svarut", Is: "changed"}}},
		{"an app that is gone promotes nothing", func(w *world.World) { w.Apps = nil }, nil, []outlook.Edit{{Object: "SharedApp svarut", Is: "removed"}}},
		{"a hold, and a label that may make somebody a member", func(w *world.World) {
			w.Municipalities[1].Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Hold: &v1alpha1.Hold{Reason: "year-end closing"}}}
			w.Municipalities[0].Labels = map[string]string{"county": "11"}
		}, nil, []outlook.Edit{{Object: "Municipality bokn", Is: "changed"}, {Object: "Municipality nome", Is: "changed"}}},
		{"a Platform that is new", func(w *world.World) { w.Platform = &v1alpha1.Platform{}; w.Platform.Name = "default" }, nil,
			[]outlook.Edit{{Object: "Platform default", Is: "added"}}},
		{"a status is nobody's edit", func(w *world.World) { w.Networks[0].Status.ObservedGeneration = 7 }, nil, nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			before, after := load(t, "world.yaml"), load(t, "world.yaml")
			tc.change(after)
			if diff := cmp.Diff(tc.promotions, outlook.Promotions(before, after)); diff != "" {
				t.Errorf("promotions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.edits, outlook.Edits(before, after)); diff != "" {
				t.Errorf("edits (-want +got):\n%s", diff)
			}
		})
	}
}
