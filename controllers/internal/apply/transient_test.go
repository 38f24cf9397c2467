package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestTransient(t *testing.T) {
	pods, kind := schema.GroupResource{Resource: "pods"}, schema.GroupKind{Kind: "Pod"}
	forbidden := func(message string) error { return apierrors.NewForbidden(pods, "web", errors.New(message)) }
	cases := []struct {
		reason string
		err    error
		want   bool
	}{
		{"nothing went wrong", nil, false},
		{"the operator stops", context.Canceled, true},
		{"it took too long", fmt.Errorf("apply: %w", context.DeadlineExceeded), true},
		{"nobody answers", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, true},
		{"the API server is busy", apierrors.NewTooManyRequests("busy", 1), true},
		{"it times out", apierrors.NewServerTimeout(pods, "patch", 1), true},
		{"it fails", apierrors.NewInternalError(errors.New("etcd")), true},
		{"somebody else wrote", apierrors.NewConflict(pods, "web", errors.New("fields")), true},
		{"the namespace is not there yet", apierrors.NewNotFound(pods, "web"), true},
		{"a quota is not counted yet", forbidden("status unknown for quota: allmenning, resources: pods"), true},
		{"that is so however it is wrapped", fmt.Errorf("apply: %w", forbidden("status unknown for quota: allmenning")), true},
		{"a quota is spent", forbidden("exceeded quota: allmenning, requested: pods=1, used: pods=7, limited: pods=7"), false},
		{"the API server has not learnt of a right yet", forbidden(`User "x" cannot patch resource "pods" in API group "" in the namespace "vinje-prod"`), true},
		{"a policy does not allow it", forbidden("ValidatingAdmissionPolicy 'tenants' denied request: no"), false},
		{"a field is wrong", apierrors.NewInvalid(kind, "web", nil), false},
		{"the request is wrong", apierrors.NewBadRequest("unknown field"), false},
		{"the kind can't be patched", apierrors.NewMethodNotSupported(pods, "patch"), false},
		{"it is too large", apierrors.NewRequestEntityTooLargeError("1 MiB"), false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := Transient(tc.err); got != tc.want {
				t.Errorf("Transient(%v) = %v, want %v", tc.err, got, tc.want)
			}
		})
	}
}

func TestQuotaExceeded(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	cases := []struct {
		reason string
		err    error
		want   bool
	}{
		{"spent", apierrors.NewForbidden(pods, "web", errors.New("exceeded quota: allmenning")), true},
		{"spent, and wrapped", fmt.Errorf("apply: %w", apierrors.NewForbidden(pods, "web", errors.New("exceeded quota: allmenning"))), true},
		{"not counted yet", apierrors.NewForbidden(pods, "web", errors.New("status unknown for quota: allmenning")), false},
		{"the words alone are no refusal", errors.New("exceeded quota"), false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := QuotaExceeded(tc.err); got != tc.want {
				t.Errorf("QuotaExceeded(%v) = %v, want %v", tc.err, got, tc.want)
			}
		})
	}
}
