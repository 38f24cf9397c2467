package appinstallation

import (
	"cmp"
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// gate is one thing that must be in place before anything is applied. It returns
// nil where it is.
type gate func(seen observed) *condition.Outcome

// closed returns what the first closed gate says, or nil where all are open. The order is that
// in which a person would fix them.
func closed(seen observed) *condition.Outcome {
	for _, g := range []gate{environmentReady, kindsReadable, appOffered, zoneFits, bundleStored, dependenciesReady, doorsOpen} {
		if outcome := g(seen); outcome != nil {
			return outcome
		}
	}
	return nil
}

func progressing(reason, message string) *condition.Outcome {
	return &condition.Outcome{State: condition.Progressing, Reason: reason, Message: message}
}

// isApplied says whether the version that is asked for was applied already. Before that a gate
// keeps it out; later a gate closes for nothing that was installed, which is corrected as ever.
func isApplied(seen observed) bool {
	spec, status := seen.installation.Spec, seen.previous()
	return status.AppliedDigest == spec.Digest && status.AppliedVersion == spec.Version
}

// environmentReady waits until the environment is complete: what runs before its network
// policies are there is not walled off, and what runs before its accounts and its quota are
// there fails, which is not the version's fault. An environment that is no longer in the spec,
// or whose Municipality was deleted, is retained as it is.
func environmentReady(seen observed) *condition.Outcome {
	t, m := seen.installation.Spec.Tenant, seen.municipality
	if refused := homeRefused(seen); refused != nil {
		return refused
	}
	switch {
	case seen.namespace == nil:
		return progressing(v1alpha1.ReasonEnvironmentNotReady, fmt.Sprintf("namespace %s is not there yet", seen.home()))
	case !seen.namespace.DeletionTimestamp.IsZero():
		return progressing(v1alpha1.ReasonEnvironmentNotReady, fmt.Sprintf("namespace %s is being deleted", seen.home()))
	}
	if i := &seen.installation; i.IsOwn() { // also where it is applied: somebody may have deleted the namespace
		if why := tenancy.HomeWaits(i, seen.namespace, seen.room.Quotas); why != "" {
			return progressing(v1alpha1.ReasonEnvironmentNotReady, why)
		}
	}
	if isApplied(seen) || m == nil || m.Spec.Environment(t.Environment) == nil {
		return nil
	}
	if why := tenancy.Waits(m, t.Environment); why != "" {
		return progressing(v1alpha1.ReasonEnvironmentNotReady, why)
	}
	return nil
}

// homeRefused says why the app gets no namespace of its own.
func homeRefused(seen observed) *condition.Outcome {
	i := &seen.installation
	t := i.Spec.Tenant
	if !i.IsOwn() || seen.municipality == nil || (seen.namespace != nil && tenancy.Holds(seen.namespace, t.Municipality, t.Environment, i.Spec.App)) {
		return nil
	}
	if why := tenancy.HomeRefused(seen.municipality, t.Environment, i.Spec.App); why != "" {
		return stalled(v1alpha1.ReasonNamespaceRefused, why)
	}
	return nil
}

// kindsReadable changes nothing while objects that the app holds can't be seen: what can't be seen may be
// there, or not.
func kindsReadable(seen observed) *condition.Outcome {
	if seen.unreadable == "" {
		return nil
	}
	return stalled(v1alpha1.ReasonKindUnreadable, seen.unreadable)
}

// appOffered changes nothing when the catalogue has lost the app: what runs, runs on.
func appOffered(seen observed) *condition.Outcome {
	if seen.app == nil {
		return stalled(v1alpha1.ReasonSharedAppMissing, fmt.Sprintf(
			"SharedApp %s is gone from the catalogue: put it back, or decline the app; what runs stays as it is", seen.installation.Spec.App))
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

// zoneFits keeps a version out of an environment of another zone than the app requires.
func zoneFits(seen observed) *condition.Outcome {
	if isApplied(seen) {
		return nil
	}
	return zoneUnfit(seen)
}

// zoneUnfit says that the app requires another zone than the environment has, or is to have.
func zoneUnfit(seen observed) *condition.Outcome {
	t := seen.installation.Spec.Tenant
	asked := &v1alpha1.Environment{Name: t.Environment, Stage: t.Stage, Zone: t.Zone}
	if m := seen.municipality; m != nil {
		asked = cmp.Or(m.Spec.Environment(t.Environment), asked)
	}
	unfit := seen.offer.Unfit(seen.installation.Spec.Version, asked, t.Zone)
	if unfit == nil {
		return nil
	}
	return stalled(v1alpha1.ReasonZoneUnfit, unfit.Message)
}

// dependenciesReady waits for the apps that this one requires, before it is first installed or
// changes its version. Later it stays, whatever becomes of them.
func dependenciesReady(seen observed) *condition.Outcome {
	i := &seen.installation
	if isApplied(seen) {
		return nil
	}
	for _, needed := range seen.offer.Version(i.Spec.Version).Requires() {
		if outcome := dependencyReady(i, needed, seen.dependencies[needed.App]); outcome != nil {
			return outcome
		}
	}
	return nil
}

// outgrown says what around an app that runs no longer is as it requires. It runs on, but is not
// ready.
func outgrown(seen observed) *condition.Outcome {
	if unfit := zoneUnfit(seen); unfit != nil {
		return unfit
	}
	if lost := dependencyLost(seen); lost != nil {
		return lost
	}
	return doorClosed(seen)
}

// dependencyLost says that an app which this one requires is not installed any longer, or not at a
// version that it requires. One whose status says nothing of a version yet is not judged.
func dependencyLost(seen observed) *condition.Outcome {
	i := &seen.installation
	for _, needed := range seen.offer.Version(i.Spec.Version).Requires() {
		found := seen.dependencies[needed.App]
		if !catalogue.Gone(found) && (found.Status.AppliedVersion == "" || needed.Admits(found.Status.AppliedVersion)) {
			continue
		}
		lost := dependencyReady(i, needed, found)
		return stalled(lost.Reason, lost.Message)
	}
	return nil
}

func dependencyReady(i *v1alpha1.AppInstallation, needed catalogue.Requirement, found *v1alpha1.AppInstallation) *condition.Outcome {
	unmet := needed.Unmet(found, catalogue.Return{}) // who moves the app has waited until the other stays
	switch {
	case unmet == nil:
		return nil
	case unmet.Reason == catalogue.RequiredAppMissing:
		return progressing(string(unmet.Reason), fmt.Sprintf("%s requires %s, which is not installed in %s: adopt it in spec.apps of Municipality %s, or ask a network to propose it",
			i.Spec.App, needed, i.Namespace, i.Spec.Tenant.Municipality))
	}
	return progressing(string(unmet.Reason), fmt.Sprintf("%s requires %s", i.Spec.App, unmet))
}
