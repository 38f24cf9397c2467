package reference

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Numbers are the official numbers that a Municipality claims, past ones included.
func Numbers(m *v1alpha1.Municipality) []string {
	return append([]string{m.Spec.Number}, m.Spec.FormerNumbers...)
}

// NumberTaken says which number of a Municipality somebody has who claimed it earlier; empty where
// nobody has.
func NumberTaken(m *v1alpha1.Municipality, others []v1alpha1.Municipality) string {
	for i := range others {
		other := &others[i]
		if other.Name == m.Name || !older(other, m) {
			continue
		}
		for _, number := range Numbers(m) {
			if slices.Contains(Numbers(other), number) {
				return fmt.Sprintf("%s %s belongs to Municipality %s (its %s), which is older; nothing is made for %s: set its own number, or delete one of the two",
					fieldOfNumber(m, number), number, other.Name, fieldOfNumber(other, number), m.Name)
			}
		}
	}

	return ""
}

// fieldOfNumber is the field in which a Municipality claims a number.
func fieldOfNumber(m *v1alpha1.Municipality, number string) string {
	if m.Spec.Number == number {
		return "spec.number"
	}

	return "spec.formerNumbers"
}
