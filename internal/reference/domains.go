package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// within says whether a host name is a domain, or below it.
func within(name, domain string) bool { return name == domain || strings.HasSuffix(name, "."+domain) }

// above are the domains that a domain is below of, the nearest first.
func above(domain string) []string {
	var all []string
	for {
		_, rest, found := strings.Cut(domain, ".")
		if !found {
			return all
		}
		all, domain = append(all, rest), rest
	}
}

// DomainKeys are what a Municipality is to be found by, by those whose domains may overlap with its own; see OverlapKeys.
func DomainKeys(m *v1alpha1.Municipality) []string {
	var all []string
	for _, domain := range m.Spec.Domains {
		all = append(all, domain)
		for _, parent := range above(domain) {
			all = append(all, "*."+parent)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// OverlapKeys are the keys of DomainKeys of those Municipalities of which a domain is one of this one's, above or below it.
func OverlapKeys(m *v1alpha1.Municipality) []string {
	var all []string
	for _, domain := range m.Spec.Domains {
		all = append(append(all, domain, "*."+domain), above(domain)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// DomainsTaken are the domains of a Municipality that somebody claimed earlier: the domain itself, one above it or one below
// it. They are in the order of the spec, each with the reason.
func DomainsTaken(m *v1alpha1.Municipality, others []v1alpha1.Municipality) []v1alpha1.RefusedDomain {
	var all []v1alpha1.RefusedDomain
	for _, domain := range m.Spec.Domains {
		for i := range others {
			if theirs := overlapping(domain, m, &others[i]); theirs != "" {
				all = append(all, v1alpha1.RefusedDomain{Domain: domain, Message: fmt.Sprintf(
					"spec.domains: take %s out, or have %s taken out of spec.domains of Municipality %s, which is older: a domain, and all names below it, belong to one municipality",
					domain, theirs, others[i].Name)})
				break
			}
		}
	}
	return all
}

// overlapping is the domain of an older Municipality that overlaps with one of this one's; empty where none does.
func overlapping(domain string, m, other *v1alpha1.Municipality) string {
	if other.Name == m.Name || !older(other, m) {
		return ""
	}
	for _, theirs := range other.Spec.Domains {
		if within(domain, theirs) || within(theirs, domain) {
			return theirs
		}
	}
	return ""
}

// older says whose claim is the earlier one. Of two objects of one second the name decides, so that both agree.
func older(a, b *v1alpha1.Municipality) bool {
	return a.CreationTimestamp.Before(&b.CreationTimestamp) || (a.CreationTimestamp.Equal(&b.CreationTimestamp) && a.Name < b.Name)
}
