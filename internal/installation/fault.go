package installation

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Blame is who has to act on what keeps an installation from being ready; empty where it is ready, or
// where its status says nothing yet of the present spec.
type Blame string

// Those who can be to blame.
const (
	// BlameMember: something of the municipality's own is in the way. Elsewhere the version may run,
	// so a rollout counts the member as away.
	BlameMember Blame = "Member"
	// BlameCatalogue: the nation's catalogue, or the platform, lacks what the installation needs. Nobody can move to
	// the version meanwhile, and nobody fails for it.
	BlameCatalogue Blame = "Catalogue"
	// BlameVersion: the version does not run here, or is still starting: a rollout holds it to its deadline.
	BlameVersion Blame = "Version"
)

// Fault is what keeps an installation from being ready.
type Fault struct {
	Blame Blame
	// Code is the reason of the condition Ready: one of the constants of v1alpha1.
	Code string
	// Message names the resource, the field and the fix.
	Message string
}

// FaultOf reads from the status of an installation what keeps it from being ready, and whose
// matter that is. A status of an earlier generation says nothing.
func FaultOf(i *v1alpha1.AppInstallation) Fault {
	ready := i.Reported()
	if ready == nil || ready.Status == metav1.ConditionTrue {
		return Fault{}
	}
	return Fault{Blame: blame(ready.Reason), Code: ready.Reason, Message: ready.Message}
}

// IsElsewhere says whether a reason of the condition Ready is nothing that the version is to blame for.
func IsElsewhere(reason string) bool { return blame(reason) != BlameVersion }

// IsBlocked says whether conditions, of whatever spec, say that something else than the version keeps the
// app from running: a fault of the municipality's own or of the catalogue, or that nobody is to look at it.
func IsBlocked(conditions []metav1.Condition) bool {
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	return (ready != nil && ready.Status == metav1.ConditionFalse && IsElsewhere(ready.Reason)) ||
		meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionSuspended)
}

func blame(reason string) Blame {
	switch reason {
	case v1alpha1.ReasonEnvironmentNotReady, v1alpha1.ReasonNamespaceRefused, v1alpha1.ReasonZoneUnfit,
		v1alpha1.ReasonRequiredAppMissing, v1alpha1.ReasonRequiredAppVersion, v1alpha1.ReasonRequiredAppNotReady,
		v1alpha1.ReasonInvalidParameters, v1alpha1.ReasonSecretMissing, v1alpha1.ReasonNameTaken, v1alpha1.ReasonQuotaExceeded, v1alpha1.ReasonDomainMissing,
		v1alpha1.ReasonDoorClosed:
		return BlameMember
	case v1alpha1.ReasonSharedAppMissing, v1alpha1.ReasonVersionMissing, v1alpha1.ReasonBundleMissing,
		v1alpha1.ReasonBundleTampered, v1alpha1.ReasonPullSecretMissing, v1alpha1.ReasonEgressNotAllowed, v1alpha1.ReasonKindUnreadable,
		v1alpha1.ReasonImageNotAllowed:
		return BlameCatalogue
	}
	return BlameVersion
}
