package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// WriteStatus puts a status into the apply configuration of its object, and writes it; see Status.
func WriteStatus(ctx context.Context, c client.Client, desired runtime.ApplyConfiguration, status any, writer string) error {
	if err := Convert(map[string]any{"status": status}, desired); err != nil {
		return err
	}
	return Status(ctx, c, desired, writer)
}

// Status writes the status part of a typed apply configuration as the field
// manager "<Owner>-<writer>". Two controllers that share a status use two writers,
// so that neither removes what the other wrote. An object that is gone meanwhile
// needs no status.
func Status(ctx context.Context, c client.Client, desired runtime.ApplyConfiguration, writer string) error {
	err := c.Status().Apply(ctx, desired, client.FieldOwner(Owner+"-"+writer), client.ForceOwnership)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("write status: %w", err)
	}
	return nil
}

// Answer reads the object that the API server answered with, which the client writes into what
// was applied. Of field ownership it keeps what the cache does.
func Answer(applied any, o client.Object) error {
	raw, err := json.Marshal(applied)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	if err := json.Unmarshal(raw, o); err != nil {
		return fmt.Errorf("decode the answer: %w", err)
	}
	o.SetManagedFields(asked(o))
	return nil
}

// Convert turns a typed status into its apply configuration, by way of JSON: the
// two have the same fields. Fields with zero values are left out, and so given up.
func Convert(status, configuration any) error {
	raw, err := json.Marshal(status)
	if err != nil {
		return fmt.Errorf("encode status: %w", err)
	}
	if err := json.Unmarshal(raw, configuration); err != nil {
		return fmt.Errorf("decode status: %w", err)
	}
	return nil
}

// Transient says whether an error may pass by itself, so that trying again is
// right: the API server is busy, unreachable, has not yet counted a quota or learnt
// of a right, the namespace is on its way out, or somebody else wrote at the same time. Anything else is refused for a reason that
// a person must fix.
func Transient(err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return true
	case apierrors.IsForbidden(err):
		return quotaUnknown(err) || NotYetAllowed(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsMethodNotSupported(err),
		apierrors.IsRequestEntityTooLargeError(err), apierrors.IsUnsupportedMediaType(err), doesNotFitSchema(err):
		return false
	}
	return true
}

// doesNotFitSchema recognises the API server's answer to an object that does not fit the schema of its kind,
// such as a field that is not declared, or a name that is there twice. It has code 500, and never passes.
// The words are those of server-side apply.
func doesNotFitSchema(err error) bool {
	text := err.Error()
	return strings.Contains(text, "failed to create typed patch object") || strings.Contains(text, "failed to create manager for existing fields") ||
		strings.Contains(text, "field not declared in schema")
}
