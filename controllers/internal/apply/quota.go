package apply

import (
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// quotaUnknown recognises the API server's refusal while a new quota has not been
// counted yet. It passes within seconds. The words are those of the ResourceQuota
// admission plugin; the error has no reason code of its own.
func quotaUnknown(err error) bool {
	return strings.Contains(err.Error(), "status unknown for quota")
}

// QuotaExceeded says whether the API server refused something as a quota is spent.
func QuotaExceeded(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota")
}

// NotYetAllowed recognises a refusal by RBAC. The operator and its installers hold
// what they need before they ask, but the API server learns of a new RoleBinding
// some moments later. A right that is really missing shows in the status meanwhile.
func NotYetAllowed(err error) bool {
	return strings.Contains(err.Error(), "cannot ") && strings.Contains(err.Error(), " resource ")
}
