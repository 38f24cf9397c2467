package sharedapp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// access is how a repository is reached: its passwords and certificates, and the fields
// that name them, for messages.
type access struct {
	secret, ca           string
	secretField, caField string
}

// accessTo says how to reach the repository of a version, which a field of the SharedApp names. What the version names wins over
// what the Platform says for the registry with the longest prefix. An outcome says that
// the Platform does not allow the repository.
func accessTo(field string, source v1alpha1.OCISource, registries []v1alpha1.Registry) (access, *condition.Outcome) {
	registry, allowed := registryFor(source.Repository, registries)
	if !allowed {
		return access{}, stalled(v1alpha1.ReasonRegistryNotAllowed, fmt.Sprintf(
			"%s.repository: %s is not in a registry that the Platform allows (%s): use one of these, or add a prefix to spec.registries of the Platform",
			field, source.Repository, strings.Join(prefixes(registries), ", ")))
	}
	var a access
	if registry.SecretRef != nil {
		a.secret, a.secretField = registry.SecretRef.Name, fmt.Sprintf("spec.registries[%s].secretRef of the Platform", registry.Prefix)
	}
	if registry.CARef != nil {
		a.ca, a.caField = registry.CARef.Name, fmt.Sprintf("spec.registries[%s].caRef of the Platform", registry.Prefix)
	}
	if source.SecretRef != nil {
		a.secret, a.secretField = source.SecretRef.Name, field+".secretRef"
	}
	if source.CARef != nil {
		a.ca, a.caField = source.CARef.Name, field+".caRef"
	}
	return a, nil
}

func registryFor(repository string, registries []v1alpha1.Registry) (v1alpha1.Registry, bool) {
	var best v1alpha1.Registry
	for _, registry := range registries {
		if strings.HasPrefix(repository, registry.Prefix) && len(registry.Prefix) > len(best.Prefix) {
			best = registry
		}
	}
	return best, best.Prefix != "" || len(registries) == 0
}

func prefixes(registries []v1alpha1.Registry) []string {
	all := make([]string, 0, len(registries))
	for _, registry := range registries {
		all = append(all, registry.Prefix)
	}
	slices.Sort(all)
	return all
}

func stalled(reason, message string) *condition.Outcome {
	return &condition.Outcome{State: condition.Stalled, Reason: reason, Message: message}
}
