package appinstallation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/dependency"
)

// gate is one thing that must be in place before anything is applied. It returns
// nil where it is.
type gate func(seen observed) *condition.Outcome

// closed returns what the first closed gate says, or nil where all are open. The
// order is that in which a person would mend them.
func closed(seen observed) *condition.Outcome {
	for _, g := range []gate{namespaceStands, appOffered, bundleStored, quotaInForce, dependenciesReady} {
		if outcome := g(seen); outcome != nil {
			return outcome
		}
	}
	return nil
}

func progressing(reason, message string) *condition.Outcome {
	return &condition.Outcome{State: condition.Progressing, Reason: reason, Message: message}
}

func namespaceStands(seen observed) *condition.Outcome {
	if seen.namespace == nil || !seen.namespace.DeletionTimestamp.IsZero() {
		return progressing(v1alpha1.ReasonEnvironmentNotReady, fmt.Sprintf("namespace %s is being deleted", seen.installation.Namespace))
	}
	return nil
}

// appOffered keeps hands off when the catalogue has lost the app: what runs, runs on.
func appOffered(seen observed) *condition.Outcome {
	if seen.app == nil {
		return stalled(v1alpha1.ReasonSharedAppMissing, fmt.Sprintf(
			"SharedApp %s is gone from the catalogue: put it back, or decline the app; what runs is left as it is", seen.installation.Spec.App))
	}
	return nil
}

func bundleStored(seen observed) *condition.Outcome {
	i := &seen.installation
	switch {
	case seen.tampered != "":
		return stalled(v1alpha1.ReasonBundleTampered, fmt.Sprintf("the stored bundle %s is not what its digest says: %s; delete it, and it is fetched again", i.Spec.Digest, seen.tampered))
	case seen.bundle == nil:
		return &condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonBundleMissing,
			Message: fmt.Sprintf("the bundle %s of version %s is not in the store; the catalogue fetches it", i.Spec.Digest, i.Spec.Version)}
	}
	return nil
}

// quotaInForce waits until the API server has counted the environment's quota:
// before that it refuses pods.
func quotaInForce(seen observed) *condition.Outcome {
	if seen.quota == nil || !equality.Semantic.DeepEqual(seen.quota.Spec.Hard, seen.quota.Status.Hard) {
		return progressing(v1alpha1.ReasonEnvironmentNotReady, "the environment's quota is not in force yet")
	}
	return nil
}

// dependenciesReady waits for the apps that this one builds on, before it is first
// installed or changes its version. Later it stays, whatever becomes of them.
func dependenciesReady(seen observed) *condition.Outcome {
	i := &seen.installation
	if i.Status.AppliedDigest == i.Spec.Digest || seen.app == nil || seen.app.Spec.Requires == nil {
		return nil
	}
	for _, needed := range seen.app.Spec.Requires.Apps {
		if outcome := dependencyReady(i, needed, seen.dependencies[needed.Name]); outcome != nil {
			return outcome
		}
	}
	return nil
}

// dependencyGone says that an app which this one builds on is not there any longer. The
// app runs on, but nobody should take it for well.
func dependencyGone(seen observed) *condition.Outcome {
	if seen.app == nil || seen.app.Spec.Requires == nil {
		return nil
	}
	i := &seen.installation
	for _, needed := range seen.app.Spec.Requires.Apps {
		if found := seen.dependencies[needed.Name]; dependency.Gone(found) {
			return stalled(v1alpha1.ReasonRequiredAppMissing, dependencyReady(i, needed, found).Message)
		}
	}
	return nil
}

func dependencyReady(i *v1alpha1.AppInstallation, needed v1alpha1.RequiredApp, found *v1alpha1.AppInstallation) *condition.Outcome {
	unmet := dependency.Unmet(needed, found)
	switch {
	case unmet == "":
		return nil
	case dependency.Gone(found):
		return progressing(v1alpha1.ReasonRequiredAppMissing, fmt.Sprintf("%s requires %s, which is not installed in %s: adopt it in spec.apps of Municipality %s, or ask a network to propose it",
			i.Spec.App, dependency.Wish(needed), i.Namespace, i.Spec.Tenant.Municipality))
	case !dependency.InRange(found.Status.AppliedVersion, needed.Version):
		return progressing(v1alpha1.ReasonRequiredAppVersion, fmt.Sprintf("%s requires %s", i.Spec.App, unmet))
	}
	return progressing(v1alpha1.ReasonRequiredAppNotReady, fmt.Sprintf("%s requires %s", i.Spec.App, unmet))
}
