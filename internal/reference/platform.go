package reference

import (
	"slices"

	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/strategycheck"
	"github.com/allmenning/allmenning/internal/walls"
)

// Platform finds what is wrong in the spec of the Platform, given all municipalities, and notes what may
// be meant.
func Platform(p *v1alpha1.Platform, k Known, municipalities []*v1alpha1.Municipality) (faults, notes []string) {
	misled, notes := k.strategy(strategycheck.Input{Said: p.Spec.Rollout, Members: municipalities, Noun: "Municipality"})
	return slices.Concat(labels(p.Spec), walls.BoundsOf(p.Spec).EndpointFaults(), misled), notes
}

// labels reports invalid labels: one of them would keep every network policy
// in the country from being written.
func labels(spec v1alpha1.PlatformSpec) []string {
	faults := make(field.ErrorList, 0, len(spec.DNS)+2*len(spec.Ingress))
	dns := field.NewPath("spec", "dns")
	for i, d := range spec.DNS {
		faults = append(faults, metav1validation.ValidateLabels(d.PodLabels, dns.Index(i).Child("podLabels"))...)
	}
	ingress := field.NewPath("spec", "ingress")
	for i, c := range spec.Ingress {
		faults = append(faults, metav1validation.ValidateLabels(c.NamespaceLabels, ingress.Index(i).Child("namespaceLabels"))...)
		faults = append(faults, metav1validation.ValidateLabels(c.PodLabels, ingress.Index(i).Child("podLabels"))...)
	}
	reported := make([]string, 0, len(faults))
	for _, f := range faults {
		reported = append(reported, f.Error()+": write a label as Kubernetes does; until then no network policy that needs it can be written")
	}
	return reported
}
