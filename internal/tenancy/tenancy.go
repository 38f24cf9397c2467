// Package tenancy knows what an environment gives to every app, and reads from the status of a Municipality how
// far its environments are. The municipality controller writes that status, and everybody else goes by it: who may install
// an app, who counts an environment as missing, and who uninstalls. It is pure.
package tenancy

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Complete says whether an environment of the spec has all that an app may count on:
// namespace, network policies, accounts and a quota in force. An environment that was complete
// stays so while another part of the spec is changed. One that a stalled Municipality asks for
// is not.
func Complete(m *v1alpha1.Municipality, environment string) bool {
	if m.Spec.Environment(environment) == nil {
		return false
	}
	e := statusOf(m, environment)
	return e != nil && e.State == v1alpha1.EnvironmentReady
}

// Waits says why no app may be installed yet in an environment of the spec; empty where it is
// complete.
func Waits(m *v1alpha1.Municipality, environment string) string {
	if Complete(m, environment) {
		return ""
	}
	why := Message(m, environment)
	if stalled := meta.FindStatusCondition(m.Status.Conditions, v1alpha1.ConditionStalled); why == "" && stalled != nil {
		why = stalled.Message
	}
	otherwise := "it is being made"
	if !m.DeletionTimestamp.IsZero() {
		otherwise = "the Municipality is being deleted"
	}
	return fmt.Sprintf("environment %s of Municipality %s is not ready yet: %s", environment, m.Name, cmp.Or(why, otherwise))
}

// Zone is the zone that an environment of the spec has now, which its network policies are for. It is not
// the spec's while they are being rewritten, and where an app keeps the environment closed.
func Zone(m *v1alpha1.Municipality, environment *v1alpha1.Environment) v1alpha1.Zone {
	if e := statusOf(m, environment.Name); e != nil && e.Zone != "" {
		return e.Zone
	}
	return environment.Zone
}

// Domains are the domains that a municipality is given: those of its spec, but for what an older one has.
func Domains(m *v1alpha1.Municipality) []string {
	return slices.DeleteFunc(slices.Clone(m.Spec.Domains), func(domain string) bool {
		return slices.ContainsFunc(m.Status.RefusedDomains, func(r v1alpha1.RefusedDomain) bool { return r.Domain == domain })
	})
}

// Message is what the status says of an environment, such as what keeps it from being complete; empty
// where that is nothing.
func Message(m *v1alpha1.Municipality, environment string) string {
	if e := statusOf(m, environment); e != nil {
		return e.Message
	}
	return ""
}

// Uninstalls says whether the apps of an environment are to be uninstalled because it is
// being deleted. Of a status that speaks of an earlier spec nothing follows: the wish may have
// changed.
func Uninstalls(m *v1alpha1.Municipality, environment string) bool {
	e := statusOf(m, environment)
	return e != nil && e.State == v1alpha1.EnvironmentDeleting && m.Status.ObservedGeneration == m.Generation
}

func statusOf(m *v1alpha1.Municipality, environment string) *v1alpha1.EnvironmentStatus {
	for i := range m.Status.Environments {
		if m.Status.Environments[i].Name == environment {
			return &m.Status.Environments[i]
		}
	}
	return nil
}

// ContainerLimits are the limits that a container gets which names none, in every environment. A
// container that requests more than this must name a limit: the API server refuses it otherwise.
func ContainerLimits() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceMemory:           resource.MustParse("256Mi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("1Gi"),
	}
}
