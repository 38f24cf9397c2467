package overview

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestNetworkCounts(t *testing.T) {
	status := func(change ...func(*v1alpha1.NetworkStatus)) v1alpha1.NetworkStatus {
		s := v1alpha1.NetworkStatus{
			Running: "1/3", UpToDate: "1/3",
			Apps:       []v1alpha1.NetworkApp{{Name: "svarut", Wanted: "2.4.1", Running: 1, UpToDate: 1, Members: 3, NotReady: []string{"tokke", "vinje"}}},
			Conditions: appsReady(nil, summary{counted: 3, running: 1, settled: 1}.outcome("member apps"), 1, now),
		}
		for _, c := range change {
			c(&s)
		}
		return s
	}
	cases := []struct {
		reason string
		next   v1alpha1.NetworkStatus
		want   bool
	}{
		{"nothing", status(), true},
		{"one more runs", status(func(s *v1alpha1.NetworkStatus) {
			s.Running, s.UpToDate, s.Apps[0].Running, s.Apps[0].UpToDate, s.Apps[0].NotReady = "2/3", "2/3", 2, 2, []string{"vinje"}
			s.Apps[0].Versions = []v1alpha1.VersionUsage{{Version: "2.4.1", Installations: 2}}
			s.Conditions = appsReady(nil, summary{counted: 3, running: 2, settled: 2}.outcome("member apps"), 1, now)
		}), true},
		{"all run", status(func(s *v1alpha1.NetworkStatus) {
			s.Conditions = appsReady(nil, summary{counted: 3, running: 3, settled: 3}.outcome("member apps"), 1, now)
		}), false},
		{"one failed", status(func(s *v1alpha1.NetworkStatus) {
			s.Conditions = appsReady(nil, summary{counted: 3, running: 1, settled: 1, failed: true}.outcome("member apps"), 1, now)
		}), false},
		{"another version", status(func(s *v1alpha1.NetworkStatus) { s.Apps[0].Wanted = "2.5.0" }), false},
		{"a rollout in another phase", status(func(s *v1alpha1.NetworkStatus) { s.Apps[0].Phase = v1alpha1.RolloutHalted }), false},
		{"a fault of the proposal", status(func(s *v1alpha1.NetworkStatus) { s.Apps[0].Message = "not available" }), false},
		{"a member declined", status(func(s *v1alpha1.NetworkStatus) { s.Apps[0].OptedOut = 1 }), false},
	}
	for _, c := range cases {
		if got := networkCounts(status(), c.next); got != c.want {
			t.Errorf("%s: counts alone is %v, want %v", c.reason, got, c.want)
		}
	}
}

func TestSharedAppCounts(t *testing.T) {
	status := func(change ...func(*v1alpha1.SharedAppStatus)) v1alpha1.SharedAppStatus {
		s := v1alpha1.SharedAppStatus{
			Running: "1/3", UpToDate: "1/3", Installations: new(int32(3)), NotReady: []string{"tokke-prod"},
			Usage:      []v1alpha1.VersionUsage{{Version: "2.4.1", Installations: 3}},
			Networks:   []v1alpha1.NetworkAdoption{{Name: "digi-tv", Wanted: "2.4.1", Running: "1/3", UpToDate: "1/3"}},
			Conditions: appsReady(nil, summary{counted: 3, running: 1, settled: 1}.outcome("installations"), 1, now),
		}
		for _, c := range change {
			c(&s)
		}
		return s
	}
	cases := []struct {
		reason string
		next   v1alpha1.SharedAppStatus
		want   bool
	}{
		{"one more installation that runs", status(func(s *v1alpha1.SharedAppStatus) {
			s.Running, s.UpToDate, s.Installations, s.NotReady = "2/4", "2/4", new(int32(4)), nil
			s.Usage[0].Installations, s.Networks[0].Running, s.Networks[0].UpToDate = 4, "2/4", "2/4"
			s.Conditions = appsReady(nil, summary{counted: 4, running: 2}.outcome("installations"), 1, now)
		}), true},
		{"a version is used that was not", status(func(s *v1alpha1.SharedAppStatus) {
			s.Usage = append(s.Usage, v1alpha1.VersionUsage{Version: "2.5.0", Installations: 1})
		}), false},
		{"a version is no longer used", status(func(s *v1alpha1.SharedAppStatus) { s.Usage = nil }), false},
		{"all run", status(func(s *v1alpha1.SharedAppStatus) {
			s.Conditions = appsReady(nil, summary{counted: 3, running: 3, settled: 3}.outcome("installations"), 1, now)
		}), false},
		{"a network adopted it", status(func(s *v1alpha1.SharedAppStatus) { s.Networks = nil }), false},
		{"somebody runs what was withdrawn", status(func(s *v1alpha1.SharedAppStatus) { s.RunWithdrawn = []string{"vinje-prod"} }), false},
	}
	for _, c := range cases {
		if got := sharedAppCounts(status(), c.next); got != c.want {
			t.Errorf("%s: counts alone is %v, want %v", c.reason, got, c.want)
		}
	}
}
