package apply_test

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

func TestRefusedForGood(t *testing.T) {
	resource, kind := schema.GroupResource{Group: "allmenning.dev", Resource: "appinstallations"}, schema.GroupKind{Kind: "AppInstallation"}
	forbidden := func(message string) error { return apierrors.NewForbidden(resource, "svarut", errors.New(message)) }
	going := apierrors.NewForbidden(resource, "svarut", errors.New("unable to create new content in namespace vinje-prod because it is being terminated"))
	going.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	const installation = "AppInstallation vinje-prod/svarut can't be written: "
	cases := []struct {
		reason string
		err    error
		// want is what is said of what is refused for good; empty where it is not.
		want string
	}{
		{"it is taken", nil, ""},
		{"a policy", forbidden("ValidatingAdmissionPolicy 'freeze' denied request: no"), installation + "change the admission policy: ValidatingAdmissionPolicy 'freeze' denied request: no"},
		{"a policy, which mostly calls it invalid", &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonInvalid, Code: 422,
			Message: `appinstallations.allmenning.dev "svarut" is forbidden: ValidatingAdmissionPolicy 'freeze' denied request: no`}},
			installation + "change the admission policy: ValidatingAdmissionPolicy 'freeze' denied request: no"},
		{"a quota", forbidden("exceeded quota: apps, requested: 1"), installation + "raise the ResourceQuota in namespace vinje-prod: exceeded quota: apps, requested: 1"},
		{"a field, of which the value may be a secret", apierrors.NewInvalid(kind, "svarut", field.ErrorList{field.Invalid(field.NewPath("spec", "parameters"), "hunter2", "is too long")}),
			installation + "correct spec.apps of Municipality vinje, or SharedApp svarut: spec.parameters: Invalid value: is too long"},
		{"a right that is not known yet", forbidden(`User "x" cannot patch resource "appinstallations" in API group`), ""},
		{"the namespace is on its way out", going, ""},
		{"somebody else wrote", apierrors.NewConflict(resource, "svarut", errors.New("changed")), ""},
		{"nobody answers", errors.New("no route to host"), ""},
	}
	i := &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Name: "svarut", Namespace: "vinje-prod"},
		Spec: v1alpha1.AppInstallationSpec{App: "svarut", Tenant: v1alpha1.Tenant{Municipality: "vinje"}}}
	for _, c := range cases {
		err := c.err
		if err != nil {
			err = fmt.Errorf("apply AppInstallation vinje-prod/svarut: %w", err)
		}
		got := ""
		if apply.RefusedForGood(err) {
			got = apply.WhyRefused(i, err)
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.reason, got, c.want)
		}
	}
}
