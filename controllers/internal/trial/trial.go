// Package trial asks the API server what it would say to the objects of a bundle, without writing any:
// server-side dry runs, as the installer account of a namespace. What it refuses is known before the first
// object is written, and all of it at once.
//
// A dry run costs the API server about what the write costs, but for the store; so it is done once for a
// version, in a namespace that is kept for it, and then only for what is the tenant's own.
package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/contract"
)

// NamespaceOf is the namespace in which versions are tried: beside that of the operator, and empty.
func NamespaceOf(operator string) string { return operator + "-trial" }

// RuleImmutable is the rule of findings on objects that are there, and can't be changed as a version does.
const RuleImmutable = "immutable"

// ErrNoNamespace says that the namespace for trials, or the account in it, is not there.
var ErrNoNamespace = errors.New("the namespace for trials is not ready: apply config/manager and config/rbac of the operator")

// Run tries each object in a namespace, as an app's field manager, and returns what the API server refuses.
// An error says that it could not be asked. The objects are not changed.
func Run(ctx context.Context, c client.Client, namespace, app string, objects []*unstructured.Unstructured) ([]contract.Finding, error) {
	ctx = apply.AsInstaller(ctx, namespace)
	var found []contract.Finding
	for _, o := range objects {
		err := one(ctx, c, namespace, app, o)
		switch {
		case err == nil || expected(err, o):
		case apierrors.IsNotFound(err) && strings.Contains(err.Error(), "namespaces "), apply.NotYetAllowed(err):
			return nil, fmt.Errorf("%w: %w", ErrNoNamespace, err)
		case apply.Transient(err):
			return nil, fmt.Errorf("try %s: %w", contract.Name(o), err)
		default:
			found = append(found, findings(err, o)...)
		}
	}
	return found, nil
}

// expected says whether an object is refused in a dry run that is none of the bundle's faults.
func expected(err error, o *unstructured.Unstructured) bool {
	switch {
	case apierrors.IsNotFound(err) && o.GetKind() == "RoleBinding" && !strings.Contains(err.Error(), "namespaces "):
		return true // the API server looks for the Role that it gives, and a dry run has made none
	case apply.Immutable(err) && o.GetAnnotations()[v1alpha1.AnnotationReplace] == v1alpha1.ReplaceRecreate:
		return true // it is deleted and created again
	}
	return apply.QuotaExceeded(err) // whether there is room is found when it is installed
}

// findings say why the API server refuses an object.
func findings(err error, o *unstructured.Unstructured) []contract.Finding {
	if apply.Immutable(err) {
		return []contract.Finding{{Rule: RuleImmutable, Object: contract.Name(o), Problem: apply.ImmutableFix(o.GetKind()) + ": " + apply.Refusal(err)}}
	}
	if undeclared(err) {
		if found := contract.Schema(o); len(found) > 0 {
			return found
		}
	}
	return []contract.Finding{{Rule: "api-server", Object: contract.Name(o), Problem: "the API server refuses it: " + apply.Refusal(err)}}
}

// undeclared says whether the API server can't read an object as its kind: it says so in words for programs, and of one
// field alone.
func undeclared(err error) bool {
	return strings.Contains(err.Error(), "failed to create typed patch object")
}

func one(ctx context.Context, c client.Client, namespace, app string, o *unstructured.Unstructured) error {
	tried := o.DeepCopy()
	tried.SetNamespace(namespace)
	err := client.NewDryRunClient(c).Apply(ctx, client.ApplyConfigurationFromUnstructured(tried), client.FieldOwner(apply.ManagerOf(app)), client.ForceOwnership)
	if apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "does not support dry run") {
		return nil // a webhook decides, and only of a real write
	}
	return err
}
