package proposal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/proposal"
)

func svarut(change ...func(*v1alpha1.SharedApp)) *v1alpha1.SharedApp {
	app := &v1alpha1.SharedApp{
		ObjectMeta: metav1.ObjectMeta{Name: "svarut"},
		Spec: v1alpha1.SharedAppSpec{
			Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}, {Name: "pilot", Version: "2.5.0"}},
			Versions: []v1alpha1.Version{{Version: "2.4.1"}, {Version: "2.5.0", State: v1alpha1.VersionWithdrawn}},
		},
		Status: v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{{Version: "2.4.1", Available: true}}},
	}
	for _, c := range change {
		c(app)
	}
	return app
}

func TestCheck(t *testing.T) {
	cases := []struct {
		reason  string
		channel string
		app     *v1alpha1.SharedApp
		want    condition.Outcome
	}{
		{"what can be had is well", "stable", svarut(), condition.Outcome{Reason: "Ready"}},
		{"an app that does not exist", "stable", nil, condition.Outcome{
			State: condition.Stalled, Reason: "UnknownApp",
			Message: "spec.apps[svarut]: there is no SharedApp of that name: correct the name, or take the proposal out",
		}},
		{"a channel that does not exist", "beta", svarut(), condition.Outcome{
			State: condition.Stalled, Reason: "UnknownChannel", Message: `spec.apps[svarut].channel "beta": SharedApp svarut has stable, pilot`,
		}},
		{"an app without channels", "stable", svarut(func(a *v1alpha1.SharedApp) { a.Spec.Channels = nil }), condition.Outcome{
			State: condition.Stalled, Reason: "UnknownChannel", Message: `spec.apps[svarut].channel "stable": SharedApp svarut has no channels: ask its owner for one`,
		}},
		{"a version that is withdrawn", "pilot", svarut(), condition.Outcome{
			State: condition.Stalled, Reason: "VersionWithdrawn",
			Message: `spec.apps[svarut].channel "pilot": version 2.5.0 of SharedApp svarut is withdrawn: follow another channel, or wait until this one points at another version`,
		}},
		{"a version that is not available says why", "stable", svarut(func(a *v1alpha1.SharedApp) {
			a.Status.Versions[0] = v1alpha1.VersionStatus{Version: "2.4.1", Message: "the digest does not match"}
		}), condition.Outcome{
			State: condition.Stalled, Reason: "VersionNotAvailable",
			Message: `spec.apps[svarut].channel "stable": version 2.4.1 of SharedApp svarut is not available: the digest does not match`,
		}},
		{"a version that nobody has checked yet is waited for", "stable", svarut(func(a *v1alpha1.SharedApp) { a.Status.Versions = nil }), condition.Outcome{
			State: condition.Progressing, Reason: "Progressing",
			Message: `spec.apps[svarut].channel "stable": the catalogue has not checked version 2.4.1 of SharedApp svarut yet`,
		}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := proposal.Check(v1alpha1.Proposal{Name: "svarut", Channel: tc.channel}, tc.app)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Check (-want +got):\n%s", diff)
			}
		})
	}
}
