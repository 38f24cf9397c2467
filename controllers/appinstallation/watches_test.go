package appinstallation

import (
	"testing"

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
		{"what the app may reach", func(s *v1alpha1.SharedAppSpec) { s.Requires = &v1alpha1.Requirements{} }, true},
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
