package municipality

import (
	"cmp"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// anyRegistry is how a namespace says that images may come from anywhere.
const anyRegistry = "*"

// allowed is what the policies of config/policy read of a namespace: what the municipality has, and what the platform
// allows there. To them an annotation that is missing allows nothing, so one of an empty list is left out.
func allowed(m v1alpha1.Municipality, spec v1alpha1.Environment, p v1alpha1.PlatformSpec) map[string]string {
	var w v1alpha1.AllowedWorkloads
	if p.Workloads != nil {
		w = *p.Workloads
	}
	digests := v1alpha1.DigestsOptional
	if slices.Contains(w.RequireDigests, spec.Stage) {
		digests = v1alpha1.DigestsRequired
	}
	annotations := map[string]string{
		v1alpha1.AnnotationImageDigests:    digests,
		v1alpha1.AnnotationImageRegistries: cmp.Or(listed(w.Registries), anyRegistry),
	}
	for key, list := range map[string][]string{
		v1alpha1.AnnotationDomains: tenancy.Domains(&m), v1alpha1.AnnotationPriorityClasses: w.PriorityClasses,
		v1alpha1.AnnotationRuntimeClasses: w.RuntimeClasses, v1alpha1.AnnotationTolerations: w.Tolerations,
		v1alpha1.AnnotationTokenAudiences: w.TokenAudiences, v1alpha1.AnnotationAnnotations: w.Annotations,
		v1alpha1.AnnotationControllers: w.Controllers,
	} {
		if text := listed(list); text != "" {
			annotations[key] = text
		}
	}
	return annotations
}

// listed is a list as one text. Which order people write it in does not matter, so it is sorted.
func listed(list []string) string {
	return strings.Join(slices.Sorted(slices.Values(list)), ",")
}
