package settings

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestWithDefaults(t *testing.T) {
	builtIn := WithDefaults(v1alpha1.PlatformSpec{})
	own := v1alpha1.PlatformSpec{
		DNS:          []v1alpha1.DNSServer{{CIDR: "10.96.0.10/32"}},
		Ingress:      []v1alpha1.IngressController{{Namespace: "traefik"}},
		PrivateCIDRs: []string{"10.0.0.0/8"},
		SizeClasses:  []v1alpha1.SizeClass{{Name: "All"}},
		Freeze:       new(true),
	}
	filled := *own.DeepCopy()
	filled.SizeClasses[0].Quota = builtIn.SizeClasses[len(builtIn.SizeClasses)-1].Quota // of any size, as the largest
	cases := []struct {
		reason string
		spec   v1alpha1.PlatformSpec
		want   v1alpha1.PlatformSpec
	}{
		{"what is said holds, as a whole", own, filled},
		{"a list that is left out is filled in, alone", v1alpha1.PlatformSpec{DNS: own.DNS, Suspend: new(true)}, v1alpha1.PlatformSpec{
			DNS: own.DNS, Ingress: builtIn.Ingress, PrivateCIDRs: builtIn.PrivateCIDRs, SizeClasses: builtIn.SizeClasses, Suspend: new(true),
		}},
		{"filled in twice is filled in once", builtIn, builtIn},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, WithDefaults(tc.spec)); diff != "" {
				t.Errorf("WithDefaults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuiltInWallsHaveNoHole(t *testing.T) {
	spec := WithDefaults(v1alpha1.PlatformSpec{})
	if len(spec.DNS) == 0 || len(spec.Ingress) == 0 || len(spec.PrivateCIDRs) == 0 {
		t.Fatal("an empty list would open a policy to everybody")
	}
	for _, c := range spec.Ingress {
		if c.Namespace == "" && len(c.NamespaceLabels) == 0 {
			t.Error("an ingress controller without a namespace would be every namespace")
		}
	}
}

func TestSizeClassesGrow(t *testing.T) {
	classes := WithDefaults(v1alpha1.PlatformSpec{}).SizeClasses
	for i, class := range classes {
		if last := i == len(classes)-1; (class.UpTo == nil) != last {
			t.Errorf("class %s: only the last has no bound", class.Name)
		}
		if class.Quota.CPU == nil || class.Quota.Memory == nil || class.Quota.EphemeralStorage == nil || class.Quota.Storage == nil ||
			class.Quota.Pods == nil || class.Quota.Services == nil || class.Quota.Secrets == nil || class.Quota.ConfigMaps == nil || class.Quota.PersistentVolumeClaims == nil || class.Quota.Objects == nil {
			t.Errorf("class %s leaves a limit out", class.Name)
		}
		if i > 0 && (class.Quota.CPU.Cmp(*classes[i-1].Quota.CPU) <= 0 || *class.Quota.Pods <= *classes[i-1].Quota.Pods) {
			t.Errorf("class %s gives no more than the class below", class.Name)
		}
	}
}

func TestAClassTakesWhatItLeavesOutFromTheOneLikeIt(t *testing.T) {
	builtIn := WithDefaults(v1alpha1.PlatformSpec{}).SizeClasses
	for _, tc := range []struct {
		reason string
		class  v1alpha1.SizeClass
		want   v1alpha1.Quota
	}{
		{"of that name", v1alpha1.SizeClass{Name: "Large", UpTo: new(int32(1))}, builtIn[2].Quota},
		{"else of its size", v1alpha1.SizeClass{Name: "Village", UpTo: new(int32(7000))}, builtIn[1].Quota},
		{"beyond all", v1alpha1.SizeClass{Name: "Town"}, builtIn[3].Quota},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := WithDefaults(v1alpha1.PlatformSpec{SizeClasses: []v1alpha1.SizeClass{tc.class}}).SizeClasses[0].Quota
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("quota (-want +got):\n%s", diff)
			}
		})
	}
}
