package platform

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/strategycheck"
)

// plan says what the Platform comes to. The schema has checked nearly all of it. What it
// can't check are the words of labels, and the strategy of networks that say none: its
// schedules and selectors, whom its waves pick in the whole country, and what its approvals
// are for. All faults are reported at once; what may be intended is reported where the Platform is in force.
func plan(seen observed) condition.Outcome {
	spec := seen.platform.Spec
	misled, notes := strategycheck.Check(strategycheck.Input{
		Said: spec.Rollout, Members: country.Municipalities(seen.country.Tenants), Noun: "Municipality", Apps: seen.country.Apps,
	})
	faults := slices.Concat(labelFaults(spec), misled)
	if len(faults) > 0 {
		return condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonInvalidSpec, Message: strings.Join(faults, "; ")}
	}
	said := append([]string{message(spec)}, notes...)
	return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: strings.Join(said, "; ")}
}

// labelFaults reports invalid labels: one of them would keep every network policy
// in the country from being written.
func labelFaults(spec v1alpha1.PlatformSpec) []string {
	faults := make(field.ErrorList, 0, len(spec.DNS)+2*len(spec.Ingress))
	dns := field.NewPath("spec", "dns")
	for i, d := range spec.DNS {
		faults = append(faults, validation.ValidateLabels(d.PodLabels, dns.Index(i).Child("podLabels"))...)
	}
	ingress := field.NewPath("spec", "ingress")
	for i, c := range spec.Ingress {
		faults = append(faults, validation.ValidateLabels(c.NamespaceLabels, ingress.Index(i).Child("namespaceLabels"))...)
		faults = append(faults, validation.ValidateLabels(c.PodLabels, ingress.Index(i).Child("podLabels"))...)
	}
	reported := make([]string, 0, len(faults))
	for _, f := range faults {
		reported = append(reported, f.Error()+": write a label as Kubernetes does; until then no network policy that needs it can be written")
	}
	return reported
}

func message(spec v1alpha1.PlatformSpec) string {
	if spec.Freeze != nil && *spec.Freeze {
		return "in force; frozen: nothing is newly installed, upgraded or uninstalled until spec.freeze is taken out"
	}
	return "in force"
}
