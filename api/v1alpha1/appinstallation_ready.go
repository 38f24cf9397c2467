package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reported is the condition Ready, where it speaks of what the spec asks for now; nil where nobody has
// looked at that yet. A status of an earlier spec says nothing of this one.
func (i *AppInstallation) Reported() *metav1.Condition { return i.reported(ConditionReady) }

// IsApplied says whether all objects of the version and digest that are asked for were sent, and no others since.
func (i *AppInstallation) IsApplied() bool {
	return i.Status.AppliedVersion == i.Spec.Version && i.Status.AppliedDigest == i.Spec.Digest
}

// IsReady says whether what the spec asks for now was seen to be so: the version and digest, or that it is gone.
func (i *AppInstallation) IsReady() bool {
	ready := i.Reported()
	return ready != nil && ready.Status == metav1.ConditionTrue && (i.Spec.State == InstallationAbsent || i.IsApplied())
}

// IsStalled says whether a person must fix something, by the spec of now.
func (i *AppInstallation) IsStalled() bool {
	stalled := i.reported(ConditionStalled)
	return stalled != nil && stalled.Status == metav1.ConditionTrue
}

// IsUninstalled says whether an app that was asked to go is gone: that was seen, and the installation has
// nothing of its own any longer.
func (i *AppInstallation) IsUninstalled() bool {
	return i.Spec.State == InstallationAbsent && i.IsReady() && len(i.Status.Inventory) == 0
}

func (i *AppInstallation) reported(condition string) *metav1.Condition {
	c := meta.FindStatusCondition(i.Status.Conditions, condition)
	if c == nil || c.ObservedGeneration != i.Generation || i.Status.ObservedGeneration != i.Generation {
		return nil
	}
	return c
}
