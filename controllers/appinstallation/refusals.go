package appinstallation

import (
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/trial"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/parameters"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// refusedBefore says what the API server would refuse, before anything was written. Some of the objects and the fix come first:
// what the API server says may be long, and is cut.
func refusedBefore(seen observed, refused []contract.Finding) condition.Outcome {
	if !slices.ContainsFunc(refused, func(f contract.Finding) bool { return f.Rule != trial.RuleImmutable }) {
		return *stalled(v1alpha1.ReasonImmutableField, contract.Text(refused)+"; nothing of the version is applied")
	}
	refused = slices.Clone(refused)
	var objects []string
	for n, f := range refused {
		refused[n].Problem = withoutSecrets(seen, f.Problem)
		if !slices.Contains(objects, f.Object) {
			objects = append(objects, f.Object)
		}
	}
	const shown = 3
	what := strings.Join(objects[:min(len(objects), shown)], ", ")
	if len(objects) > shown {
		what += fmt.Sprintf(" and %d more", len(objects)-shown)
	}
	spec := seen.installation.Spec
	fix := "correct it in the bundle, and offer that as a new version of SharedApp " + spec.App
	if isApplied(seen) { // with other parameters
		fix = fmt.Sprintf("correct the parameters of %q in spec.apps of Municipality %s", spec.App, spec.Tenant.Municipality)
	}
	return *stalled(v1alpha1.ReasonRefused, fmt.Sprintf("%s: %s; nothing of it is applied: %s", what, fix, contract.Text(refused)))
}

// withoutSecrets is what the API server says, without the values of the Secrets that the bundle brings: an admission webhook may quote what it
// refuses. Words of the operator's own quote none.
func withoutSecrets(seen observed, text string) string {
	return parameters.Hide(text, apply.SecretValues(seen.bundled))
}

// failure says what the API server refused. The fix comes first: what the API server says may be
// long, and is cut.
func failure(seen observed, f objectError) condition.Outcome {
	i := &seen.installation
	what := func(fix string) string { return f.String() + ": " + fix + withoutSecrets(seen, apply.Refusal(f.err)) }
	switch {
	case apply.QuotaExceeded(f.err):
		return *stalled(v1alpha1.ReasonQuotaExceeded, what(raiseQuota(i)+": "))
	case apply.Immutable(f.err):
		return *stalled(v1alpha1.ReasonImmutableField, what(apply.ImmutableFix(f.Kind)+": "))
	case apierrors.IsConflict(f.err), apply.Transient(f.err):
		return condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: what("")}
	}
	return *stalled(v1alpha1.ReasonRefused, what(fmt.Sprintf("correct it in the bundle, and offer that as a new version of SharedApp %s; the API server refuses it: ", i.Spec.App)))
}

func raiseQuota(i *v1alpha1.AppInstallation) string {
	if i.IsOwn() {
		return fmt.Sprintf("raise spec.ownNamespace.quota of SharedApp %s, which is what namespace %s gets of the environment's quota, or give the app less", i.Spec.App, tenancy.Home(i))
	}
	return fmt.Sprintf("raise quota of environment %s in spec.environments of Municipality %s, or give the app less", i.Spec.Tenant.Environment, i.Spec.Tenant.Municipality)
}
