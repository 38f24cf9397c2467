package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// maxRefusal is the longest that the API server is quoted, in bytes.
const maxRefusal = 300

// RefusedForGood says whether the API server refused a write for a reason that a person must fix.
func RefusedForGood(err error) bool { return err != nil && !Transient(err) }

// WhyRefused names an AppInstallation that the API server refused for good, the fix, and what the API
// server said. The fix comes first: the rest may be long, and is cut.
func WhyRefused(i *v1alpha1.AppInstallation, err error) string {
	fix := "correct spec.apps of Municipality " + i.Spec.Tenant.Municipality + ", or SharedApp " + i.Spec.App
	switch {
	case QuotaExceeded(err):
		fix = "raise the ResourceQuota in namespace " + i.Namespace
	case apierrors.IsForbidden(err), strings.Contains(err.Error(), "denied request"), strings.Contains(err.Error(), "denied the request"):
		fix = "change the admission policy"
	}
	var said *apierrors.StatusError
	if errors.As(err, &said) {
		err = said // without what this program was about to do
	}
	text := Refusal(err)
	if _, why, found := strings.Cut(text, " is forbidden: "); found { // what is forbidden was said
		text = why
	}
	return fmt.Sprintf("AppInstallation %s/%s can't be written: %s: %s", i.Namespace, i.Name, fix, condition.Within(text, maxRefusal))
}

// WouldTake asks the API server whether it takes an AppInstallation, without writing it; nil says that
// it does, or that only a real write can show it.
func WouldTake(ctx context.Context, c client.Client, want, live *v1alpha1.AppInstallation) error {
	_, err := Installation(ctx, client.NewDryRunClient(c), want, live)
	if apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "does not support dry run") {
		return nil // a webhook decides
	}
	return err
}
