package apply

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// OnlyConflicts says whether an error is made of nothing but refusals because somebody else
// wrote meanwhile. That is no fault to report: the caller looks again, and decides again.
func OnlyConflicts(err error) bool {
	joined, several := err.(interface{ Unwrap() []error }) // the outermost error is asked, not what it wraps
	if !several {
		return apierrors.IsConflict(err)
	}
	for _, one := range joined.Unwrap() {
		if !OnlyConflicts(one) {
			return false
		}
	}
	return true
}
