package appinstallation

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestAPromotionIsNothingToThoseWhoHaveTheApp(t *testing.T) {
	before := &v1alpha1.SharedApp{Spec: v1alpha1.SharedAppSpec{
		Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: "2.4.1"}},
		Versions: []v1alpha1.Version{{Version: "2.4.1"}, {Version: "2.5.0"}},
	}}
	cases := []struct {
		reason string
		change func(*v1alpha1.SharedAppSpec)
		want   bool
	}{
		{"a status alone", func(*v1alpha1.SharedAppSpec) {}, false},
		{"a promotion", func(s *v1alpha1.SharedAppSpec) { s.Channels[0].Version = "2.5.0" }, false},
		{"another pilot", func(s *v1alpha1.SharedAppSpec) { s.PilotNetworks = []string{"digi-rogaland"} }, false},
		{"a pause, which is the rollouts'", func(s *v1alpha1.SharedAppSpec) { s.Pause = new(true) }, false},
		{"another bundle", func(s *v1alpha1.SharedAppSpec) {
			s.Versions[0].Source.ConfigMap = &v1alpha1.ConfigMapSource{Name: "other"}
		}, true},
		{"what a version may reach", func(s *v1alpha1.SharedAppSpec) { s.Versions[0].Requires = &v1alpha1.Requirements{} }, true},
		{"suspended", func(s *v1alpha1.SharedAppSpec) { s.Suspend = new(true) }, true},
	}
	for _, c := range cases {
		after := before.DeepCopy()
		c.change(&after.Spec)
		if got := contentChanged().Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != c.want {
			t.Errorf("%s: got %v, want %v", c.reason, got, c.want)
		}
	}
	platform := &v1alpha1.Platform{}
	patient, frozen := platform.DeepCopy(), platform.DeepCopy()
	patient.Spec.Rollout, frozen.Spec.Freeze = &v1alpha1.RolloutStrategy{}, new(true)
	if contentChanged().Update(event.UpdateEvent{ObjectOld: platform, ObjectNew: patient}) {
		t.Error("the platform's strategy concerns what is installed")
	}
	if !contentChanged().Update(event.UpdateEvent{ObjectOld: platform, ObjectNew: frozen}) {
		t.Error("a freeze does not")
	}
	if before.Spec.Channels == nil {
		t.Error("the object in the cache was changed")
	}
}

func TestMinds(t *testing.T) {
	cases := []struct {
		reason string
		change func(*observed)
		asked  v1alpha1.Zone
		want   bool
	}{
		{"what runs in an environment as it should be has nothing to do with it", func(*observed) {}, v1alpha1.ZoneClosed, false},
		{"what is not applied may wait for it", func(s *observed) { s.installation.Status.AppliedDigest = "" }, v1alpha1.ZoneClosed, true},
		{"the environment is kept closed, and is to be open", func(*observed) {}, v1alpha1.ZoneOpen, true},
		{"that was so before", func(s *observed) {
			s.installation.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Reason: v1alpha1.ReasonZoneUnfit}}
		}, v1alpha1.ZoneClosed, true},
	}
	for _, c := range cases {
		seen := world(func(s *observed) {
			s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = s.installation.Spec.Version, s.installation.Spec.Digest
		}, c.change)
		if got := minds(&seen.installation, v1alpha1.Environment{Name: "prod", Zone: c.asked}); got != c.want {
			t.Errorf("%s: %v", c.reason, got)
		}
	}
}
