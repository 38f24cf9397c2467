package network

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
)

// TestStrategyIsTold looks at what the condition makes of faults and notes; what they are,
// internal/strategycheck tests.
func TestStrategyIsTold(t *testing.T) {
	approval := v1alpha1.Approval{App: "svarut", Digest: "sha256:" + strings.Repeat("a", 64), Wave: "evryone", Attempt: 1}
	inherited := &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
		{Name: "islands", Members: &v1alpha1.WaveMembers{Names: []string{"utsira"}}}, {Name: "everyone"},
	}}
	cases := []struct {
		reason  string
		own     *v1alpha1.RolloutStrategy
		general *v1alpha1.RolloutStrategy
		want    string
	}{
		{
			"notes stop nobody",
			&v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"oslo"}}}, {Name: "everyone"}}}, nil,
			"Ready=True: 2 members, 0 apps; wave pilot is empty: no member goes with it, so somebody else stands in (spec.rollout.waves[0].members); " +
				"wave pilot names who is no member: oslo (spec.rollout.waves[0].members.names)",
		},
		{
			"an inherited wave that picks nobody here is normal", nil, inherited,
			"Ready=True: 2 members, 0 apps",
		},
		{
			"an approval of a wave that the Platform does not have is a slip of the hand",
			&v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{approval}}, inherited,
			`Ready=False: spec.rollout.approvals[0].wave "evryone": there is no wave of that name, but islands, everyone ` +
				`(spec.rollout.waves of Platform default): correct the name, or take the entry out`,
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			o := country.Objects{Municipalities: municipalities("tokke", "vinje"), Apps: svarut(), Platform: v1alpha1.PlatformSpec{Rollout: tc.general}}
			seen := in(o, v1alpha1.Network{
				ObjectMeta: metav1.ObjectMeta{Name: "digi-tv", Generation: 1},
				Spec:       v1alpha1.NetworkSpec{Members: v1alpha1.Members{Names: []string{"tokke", "vinje"}}, Rollout: tc.own},
			})
			ready := look(t, seen, now).Conditions[0]
			if diff := cmp.Diff(tc.want, ready.Type+"="+string(ready.Status)+": "+ready.Message); diff != "" {
				t.Errorf("condition (-want +got):\n%s", diff)
			}
		})
	}
}
