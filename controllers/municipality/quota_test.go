package municipality

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/settings"
)

func TestSizeClass(t *testing.T) {
	classes := settings.WithDefaults(v1alpha1.PlatformSpec{}).SizeClasses
	cases := []struct {
		reason      string
		classes     []v1alpha1.SizeClass
		inhabitants *int32
		want        string
	}{
		{"one that does not say its inhabitants is small", classes, nil, "Small"},
		{"nobody lives there", classes, new(int32(0)), "Small"},
		{"a bound belongs to the class below", classes, new(int32(5000)), "Small"},
		{"one more is the next class", classes, new(int32(5001)), "Medium"},
		{"the class without a bound takes the rest", classes, new(int32(720000)), "ExtraLarge"},
		{"where every class has a bound the last takes the rest", classes[:2], new(int32(720000)), "Medium"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := sizeClass(tc.classes, tc.inhabitants).Name; got != tc.want {
				t.Errorf("size class %s, want %s", got, tc.want)
			}
		})
	}
}

func TestEffectiveQuota(t *testing.T) {
	class := settings.WithDefaults(v1alpha1.PlatformSpec{SizeClasses: []v1alpha1.SizeClass{
		{Name: "Large", Quota: v1alpha1.Quota{CPU: new(resource.MustParse("8")), Pods: new(int32(80))}},
	}}).SizeClasses[0]
	cases := []struct {
		reason string
		own    *v1alpha1.Quota
		want   map[corev1.ResourceName]string
	}{
		{"an environment that says nothing has its class, and the built-in one of that name for the rest", nil, map[corev1.ResourceName]string{
			corev1.ResourceRequestsCPU: "8", corev1.ResourcePods: "80", corev1.ResourceLimitsMemory: "32Gi", corev1.ResourceServices: "80", corev1.ResourceSecrets: "400",
		}},
		{"what it says wins, field by field", &v1alpha1.Quota{Pods: new(int32(3)), Memory: new(resource.MustParse("1Gi"))}, map[corev1.ResourceName]string{
			corev1.ResourceRequestsCPU: "8", corev1.ResourcePods: "3", corev1.ResourceRequestsMemory: "1Gi", corev1.ResourceLimitsMemory: "1Gi",
		}},
		{"zero is a number, not an omission", &v1alpha1.Quota{Services: new(int32(0))}, map[corev1.ResourceName]string{corev1.ResourceServices: "0"}},
		{"no quota opens a way in past the ingress controller", nil, map[corev1.ResourceName]string{
			corev1.ResourceServicesNodePorts: "0", corev1.ResourceServicesLoadBalancers: "0",
		}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			hard := hardLimits(effectiveQuota(tc.own, class))
			got := map[corev1.ResourceName]string{}
			for name := range tc.want {
				got[name] = new(hard[name]).String()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("hard limits (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEffectiveQuotaLeavesItsInputAlone(t *testing.T) {
	own := &v1alpha1.Quota{Pods: new(int32(3))}
	effectiveQuota(own, settings.WithDefaults(v1alpha1.PlatformSpec{}).SizeClasses[0])
	if own.CPU != nil {
		t.Error("the quota of the spec was filled in; a plan must not change what it was given")
	}
}

func TestQuotaCounts(t *testing.T) {
	hard := func(cpu string, more ...corev1.ResourceName) corev1.ResourceList {
		list := corev1.ResourceList{corev1.ResourceRequestsCPU: resource.MustParse(cpu)}
		for _, name := range more {
			list[name] = resource.MustParse("1")
		}
		return list
	}
	quota := func(spec, status corev1.ResourceList) *corev1.ResourceQuota {
		return &corev1.ResourceQuota{Spec: corev1.ResourceQuotaSpec{Hard: spec}, Status: corev1.ResourceQuotaStatus{Hard: status}}
	}
	cases := []struct {
		reason string
		live   *corev1.ResourceQuota
		want   bool
	}{
		{"there is none", nil, false},
		{"it was never counted", quota(hard("4"), nil), false},
		{"an earlier one was counted", quota(hard("4"), hard("2")), false},
		{"the one that is in force is not the one that is wanted", quota(hard("2"), hard("2")), false},
		{"it is in force", quota(hard("4"), hard("4")), true},
		{"written another way it is the same", quota(hard("4000m"), hard("4000m")), true},
		{"a bound that somebody added does not matter", quota(hard("4", "count/jobs.batch"), hard("4", "count/jobs.batch")), true},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := quotaCounts(tc.live, hard("4")); got != tc.want {
				t.Errorf("quotaCounts = %v, want %v", got, tc.want)
			}
		})
	}
}
