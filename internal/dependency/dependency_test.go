package dependency_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/dependency"
)

// found is id-gateway 1.2.3 in vinje-prod, and well.
func found(changes ...func(*v1alpha1.AppInstallation)) *v1alpha1.AppInstallation {
	i := &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{Name: "id-gateway", Namespace: "vinje-prod", Generation: 2},
		Spec:       v1alpha1.AppInstallationSpec{App: "id-gateway", Version: "1.2.3", State: v1alpha1.InstallationPresent},
		Status: v1alpha1.AppInstallationStatus{
			AppliedVersion: "1.2.3",
			Conditions:     []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 2}},
		},
	}
	for _, c := range changes {
		c(i)
	}
	return i
}

func TestUnmet(t *testing.T) {
	cases := []struct {
		reason string
		wanted string
		found  *v1alpha1.AppInstallation
		want   string
	}{
		{"it is there, and well", ">=1.2", found(), ""},
		{"any version will do", "", found(), ""},
		{"it is not there", ">=1.2", nil, "id-gateway >=1.2, which is not installed there"},
		{"it is not there, in any version", "", nil, "id-gateway, which is not installed there"},
		{"it is on its way out", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Spec.State = v1alpha1.InstallationAbsent }), "which is not installed there"},
		{"it is too old", ">=1.3", found(), `id-gateway >=1.3, and vinje-prod has version "1.2.3"`},
		{"what is asked for does not count before it is applied", ">=1.3", found(func(i *v1alpha1.AppInstallation) { i.Spec.Version = "1.3.0" }), `has version "1.2.3"`},
		{"nothing was applied yet", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Status.AppliedVersion = "" }), `has version ""`},
		{"it is not well", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Status.Conditions[0].Status = metav1.ConditionFalse }), "which is not ready yet"},
		{"nobody said how it is", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Status.Conditions = nil }), "which is not ready yet"},
		{"what was said speaks of an earlier spec", ">=1.2", found(func(i *v1alpha1.AppInstallation) { i.Generation = 3 }), "which is not ready yet"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			got := dependency.Unmet(v1alpha1.RequiredApp{Name: "id-gateway", Version: c.wanted}, c.found)
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.reason, got, c.want)
			}
		})
	}
}

func TestInRange(t *testing.T) {
	cases := []struct {
		reason, version, wanted string
		want                    bool
	}{
		{"the empty range holds all", "1.0.0", "", true},
		{"the empty range holds even what does not parse", "yesterday's", "", true},
		{"within", "1.4.2", ">=1.2, <2", true},
		{"below", "1.1.9", ">=1.2, <2", false},
		{"above", "2.0.0", ">=1.2, <2", false},
		{"a version that does not parse is in none", "yesterday's", ">=1.2", false},
		{"a range that does not parse holds none", "1.2.0", "newer", false},
		{"what comes before a release is not in its range", "1.2.0-rc.1", ">=1.2", false},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			if got := dependency.InRange(c.version, c.wanted); got != c.want {
				t.Errorf("%s: InRange(%q, %q) is %v", c.reason, c.version, c.wanted, got)
			}
		})
	}
}
