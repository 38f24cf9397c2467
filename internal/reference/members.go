package reference

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// UnknownMembers are the names in spec.members of a network that no Municipality has, sorted. One
// of them may come yet, so that this is no fault.
func UnknownMembers(n *v1alpha1.Network, isThere func(municipality string) bool) []string {
	var unknown []string
	for _, name := range n.Spec.Members.Names {
		if !isThere(name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// memberSelector says what is wrong with the selector of a network's members; empty where
// nothing is.
func memberSelector(n *v1alpha1.Network) string {
	if _, err := metav1.LabelSelectorAsSelector(n.Spec.Members.Selector); err != nil {
		return fmt.Sprintf("spec.members.selector: %v: correct the selector; until then it picks nobody", err)
	}
	return ""
}
