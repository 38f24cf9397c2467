package network

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// TestStrategyIsTold looks at what the condition makes of faults and notes; what they are,
// internal/strategy tests.
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
			seen := observed{municipalities: country("tokke", "vinje"), apps: svarut(), general: tc.general, network: v1alpha1.Network{
				ObjectMeta: metav1.ObjectMeta{Name: "digi-tv", Generation: 1},
				Spec:       v1alpha1.NetworkSpec{Members: v1alpha1.Members{Names: []string{"tokke", "vinje"}}, Rollout: tc.own},
			}}
			ready := look(t, seen, now).Conditions[0]
			if diff := cmp.Diff(tc.want, ready.Type+"="+string(ready.Status)+": "+ready.Message); diff != "" {
				t.Errorf("condition (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpeaksOf(t *testing.T) {
	cases := []struct {
		reason string
		spec   v1alpha1.NetworkSpec
		want   bool
	}{
		{"it proposes the app", v1alpha1.NetworkSpec{Apps: proposing("stable")}, true},
		{"it approves a wave of it", v1alpha1.NetworkSpec{Rollout: &v1alpha1.RolloutStrategy{Approvals: []v1alpha1.Approval{{App: "kobo"}, {App: "svarut"}}}}, true},
		{"it retries it", v1alpha1.NetworkSpec{Rollout: &v1alpha1.RolloutStrategy{Retries: []v1alpha1.Retry{{App: "svarut"}}}}, true},
		{"it speaks of another", v1alpha1.NetworkSpec{Rollout: &v1alpha1.RolloutStrategy{Retries: []v1alpha1.Retry{{App: "kobo"}}}}, false},
		{"it says nothing", v1alpha1.NetworkSpec{}, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := speaksOf(&v1alpha1.Network{Spec: tc.spec}, "svarut"); got != tc.want {
				t.Errorf("speaks of svarut: %t, want %t", got, tc.want)
			}
		})
	}
}
