package resolution

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// TestReasonInForce shows whose reason counts in an environment that decides otherwise.
func TestReasonInForce(t *testing.T) {
	for _, tc := range []struct {
		reason             string
		all, here          v1alpha1.Decision
		why, whyHere, want string
	}{
		{"why it is declined is not why it is adopted here", v1alpha1.DecisionDecline, v1alpha1.DecisionAdopt, "own archive", "", ""},
		{"it may have a reason of its own", v1alpha1.DecisionDecline, v1alpha1.DecisionAdopt, "own archive", "a trial", "a trial"},
		{"where nothing else is decided here, the reason is that of all", v1alpha1.DecisionDecline, "", "own archive", "", "own archive"},
		{"an environment that says the same has the same reason", v1alpha1.DecisionAdopt, v1alpha1.DecisionAdopt, "we need it", "", "we need it"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			d := &v1alpha1.AppDecision{Decision: tc.all, Reason: tc.why, Environments: []v1alpha1.EnvironmentDecision{{Name: "prod", Decision: tc.here, Reason: tc.whyHere}}}
			if got := SaidOf(d, "prod", time.Time{}).Reason; got != tc.want {
				t.Errorf("reason %q, want %q", got, tc.want)
			}
		})
	}
}
