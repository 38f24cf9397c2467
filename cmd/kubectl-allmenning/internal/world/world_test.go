package world_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

func TestWaves(t *testing.T) {
	given := func(wave string) *v1alpha1.RolloutStrategy {
		return &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{{Name: wave}}}
	}
	network := func(name string, s *v1alpha1.RolloutStrategy) v1alpha1.Network {
		return v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.NetworkSpec{Rollout: s}}
	}
	networks := []v1alpha1.Network{network("own", given("network")), network("plain", nil), network("quiet", &v1alpha1.RolloutStrategy{})}
	platform := &v1alpha1.Platform{Spec: v1alpha1.PlatformSpec{Rollout: given("platform")}}
	for _, tc := range []struct {
		reason, network string
		platform        *v1alpha1.Platform
		want            string
	}{
		{"a network gives its own", "own", platform, "network"},
		{"they hold without a Platform too", "own", nil, "network"},
		{"a network without a strategy takes the Platform's", "plain", platform, "platform"},
		{"so does one whose strategy says nothing of waves", "quiet", platform, "platform"},
		{"direct adopters go by the Platform's", "", platform, "platform"},
		{"nobody gives any", "plain", &v1alpha1.Platform{}, ""},
		{"there is no Platform", "", nil, ""},
		{"a network that nobody knows may have its own", "gone", platform, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := &world.World{Networks: networks, Platform: tc.platform}
			got := ""
			for _, wave := range w.Waves(tc.network) {
				got += wave.Name
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
