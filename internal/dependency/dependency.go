// Package dependency tells whether an app that another one requires is there, in the
// version that is required, and well. It is pure.
package dependency

import (
	"fmt"

	"github.com/Masterminds/semver/v3"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Gone says whether an app is not there, or on its way out.
func Gone(found *v1alpha1.AppInstallation) bool {
	return found == nil || found.Spec.State == v1alpha1.InstallationAbsent
}

// Wish is the required app in words, such as "id-gateway >=1.2".
func Wish(needed v1alpha1.RequiredApp) string {
	if needed.Version == "" {
		return needed.Name
	}
	return needed.Name + " " + needed.Version
}

// Unmet says what is wanting of a required app in the same environment, in words that go
// on from "requires"; empty where nothing is. A status that speaks of an earlier spec does
// not count.
func Unmet(needed v1alpha1.RequiredApp, found *v1alpha1.AppInstallation) string {
	if Gone(found) {
		return Wish(needed) + ", which is not installed there"
	}
	if !InRange(found.Status.AppliedVersion, needed.Version) {
		return fmt.Sprintf("%s, and %s has version %q", Wish(needed), found.Namespace, found.Status.AppliedVersion)
	}
	ready := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Status != metav1.ConditionTrue || ready.ObservedGeneration != found.Generation {
		return Wish(needed) + ", which is not ready yet"
	}
	return ""
}

// InRange says whether a version falls in a range, of which the empty one holds all. The
// catalogue has checked that both parse; one that does not is not in range.
func InRange(version, wanted string) bool {
	if wanted == "" {
		return true
	}
	v, err := semver.NewVersion(version)
	if err != nil {
		return false
	}
	constraint, err := semver.NewConstraint(wanted)
	return err == nil && constraint.Check(v)
}
