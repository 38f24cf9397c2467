package platform

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// plan says what the Platform comes to. The schema has checked nearly all of it;
// what it can't check are the words of labels, and one wrong label would keep
// every network policy in the country from being written.
func plan(seen v1alpha1.Platform) condition.Outcome {
	faults := make(field.ErrorList, 0, len(seen.Spec.DNS)+2*len(seen.Spec.Ingress))
	dns := field.NewPath("spec", "dns")
	for i, d := range seen.Spec.DNS {
		faults = append(faults, validation.ValidateLabels(d.PodLabels, dns.Index(i).Child("podLabels"))...)
	}
	ingress := field.NewPath("spec", "ingress")
	for i, c := range seen.Spec.Ingress {
		faults = append(faults, validation.ValidateLabels(c.NamespaceLabels, ingress.Index(i).Child("namespaceLabels"))...)
		faults = append(faults, validation.ValidateLabels(c.PodLabels, ingress.Index(i).Child("podLabels"))...)
	}
	if len(faults) > 0 {
		return condition.Outcome{
			State: condition.Stalled, Reason: v1alpha1.ReasonInvalidSpec,
			Message: faults[0].Error() + ": write a label as Kubernetes does; until then no network policy that needs it can be written",
		}
	}
	return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: message(seen.Spec)}
}

func message(spec v1alpha1.PlatformSpec) string {
	if spec.Freeze != nil && *spec.Freeze {
		return "in force; frozen: nothing is newly installed, upgraded or uninstalled until spec.freeze is taken out"
	}
	return "in force"
}
