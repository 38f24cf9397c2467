package v1alpha1_test

import (
	"cmp"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestWhatAnInstallationReports(t *testing.T) {
	const asked = 3
	const digest, other = "sha256:24", "sha256:23"
	says := func(condition string, status metav1.ConditionStatus, generation int64) []metav1.Condition {
		return []metav1.Condition{{Type: condition, Status: status, ObservedGeneration: generation}}
	}
	cases := []struct {
		reason                      string
		conditions                  []metav1.Condition
		state                       v1alpha1.InstallationState
		left                        int
		applied                     string
		observed                    int64
		ready, stalled, uninstalled bool
	}{
		{reason: "nobody looked at it yet"},
		{reason: "it is ready", conditions: says("Ready", "True", asked), applied: digest, ready: true},
		{reason: "another digest of the version was applied", conditions: says("Ready", "True", asked), applied: other},
		{reason: "nothing was applied", conditions: says("Ready", "True", asked)},
		{reason: "all else of the status is of an earlier spec", conditions: says("Ready", "True", asked), applied: digest, observed: asked - 1},
		{reason: "an earlier spec was ready", conditions: says("Ready", "True", asked-1), applied: digest},
		{reason: "it is not ready", conditions: says("Ready", "False", asked), applied: digest},
		{reason: "it stalls", conditions: says("Stalled", "True", asked), stalled: true},
		{reason: "an earlier spec stalled", conditions: says("Stalled", "True", asked-1)},
		{reason: "it was asked to go, and is gone", conditions: says("Ready", "True", asked), state: v1alpha1.InstallationAbsent, ready: true, uninstalled: true},
		{reason: "it was asked to go, and that it is ready was said before", conditions: says("Ready", "True", asked-1), state: v1alpha1.InstallationAbsent},
		{reason: "it was asked to go, and something is left", conditions: says("Ready", "True", asked), state: v1alpha1.InstallationAbsent, left: 1, ready: true},
	}
	for _, c := range cases {
		i := &v1alpha1.AppInstallation{
			ObjectMeta: metav1.ObjectMeta{Generation: asked}, Spec: v1alpha1.AppInstallationSpec{Version: "2.4.1", Digest: digest, State: c.state},
			Status: v1alpha1.AppInstallationStatus{
				ObservedGeneration: cmp.Or(c.observed, asked), AppliedVersion: "2.4.1", AppliedDigest: c.applied,
				Conditions: c.conditions, Inventory: make([]v1alpha1.InstalledObject, c.left),
			},
		}
		if i.IsReady() != c.ready || i.IsStalled() != c.stalled || i.IsUninstalled() != c.uninstalled {
			t.Errorf("%s: ready %v, stalled %v, uninstalled %v", c.reason, i.IsReady(), i.IsStalled(), i.IsUninstalled())
		}
	}
}
