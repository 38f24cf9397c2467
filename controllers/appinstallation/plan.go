package appinstallation

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/parameters"
)

// planned is what to do.
type planned struct {
	suspended bool
	// outcome is set where nothing more can be done for now: a gate is closed, the
	// bundle does not build, a name is taken.
	outcome *condition.Outcome
	// foreign says what the app has got hold of that is another app's; nil where nothing. What was sent is not undone for it, as what
	// it names came later.
	foreign *condition.Outcome
	// disallowed says which images of what runs the Platform no longer allows; nil where it allows all.
	disallowed *condition.Outcome
	// objects are all that the installation consists of, in their order; those with
	// send set are applied.
	objects []object
	// policies are those that are applied before the objects, as they are not as they should be.
	policies []apply.Object
	// stale are objects of the app that it no longer has, and prune those of them that go now: they stay
	// until what came in their place is ready.
	stale, prune []*unstructured.Unstructured
	// prunePolicies go last, when the pods that they served are gone.
	prunePolicies []*networkingv1.NetworkPolicy
	// wallsOf are the versions whose requirements are open.
	wallsOf []string
	// kept are objects of the app that it no longer has, and that may hold data.
	kept []ref
	// held says that objects wait for an earlier phase.
	held bool
	// draining says that pods of the app, which is uninstalled, are still ending.
	draining bool
	// leaving says that all of the app, which is uninstalled, is gone but for the namespace that it has for itself.
	leaving bool
	// remains names what of an uninstalled app is still there.
	remains []string
	rules   *health.Rules
	// missing are parameters whose values are made before anything is applied.
	missing []parameters.Generated
}

// isUninstalled says of an app that is uninstalled whether nothing more is to be waited for.
func (p *planned) isUninstalled() bool { return !p.draining && !p.leaving && len(p.stale) == 0 }

// object is one object of the installation.
type object struct {
	ref

	desired *unstructured.Unstructured
	// sent is a hash of desired.
	sent  string
	phase phase
	// send says that the live object differs, or is not there.
	send bool
	// drifted says that it is sent as somebody else changed or deleted it.
	drifted bool
	// done says that it is a Job that has succeeded, and was removed since or runs only once.
	done bool
	// waits names the object of an earlier phase that this one waits for; empty where it does not.
	waits string
	live  *unstructured.Unstructured
}

// plan decides what to do about what was seen.
func plan(seen observed, wanted rendered) (planned, error) {
	i := &seen.installation
	if ptr.Deref(i.Spec.Suspend, false) || ptr.Deref(seen.platform.Suspend, false) {
		return planned{suspended: true}, nil
	}
	if i.Spec.State == v1alpha1.InstallationAbsent {
		return planUninstall(seen), nil
	}
	if outcome := firstOf(closed(seen), wanted.fault); outcome != nil {
		return planClosed(seen, outcome)
	}
	if len(wanted.missing) > 0 {
		return planValues(seen, wanted.missing), nil
	}

	out := planned{rules: wanted.rules}
	if out.outcome = taken(seen, wanted.objects); out.outcome != nil {
		return out, nil
	}
	if err := out.difference(seen, wanted.objects); err != nil {
		return out, err
	}
	out.planForeign(seen, wanted.objects)
	if out.outcome == nil {
		out.planImages(seen, wanted.images)
	}
	if out.outcome != nil {
		return planClosed(seen, out.outcome)
	}

	out.hold(seen)
	out.leftovers(seen, wanted.objects)
	out.prune = out.goesNow()
	err := out.planPolicies(seen)
	return out, err
}

// goesNow are the stale objects that go in this pass: all, when what came in their place is ready, else those that are in its way.
func (p *planned) goesNow() []*unstructured.Unstructured {
	if len(p.stale) > 0 && p.isReady() {
		return p.stale
	}
	return p.rivals()
}

// planClosed installs nothing, and corrects the walls of what runs.
func planClosed(seen observed, outcome *condition.Outcome) (planned, error) {
	out := planned{outcome: outcome}
	err := out.keepOpen(seen)
	return out, err
}

// planValues has values made, unless some of before may be in use.
func planValues(seen observed, missing []parameters.Generated) planned {
	if outcome := valuesLost(seen, missing); outcome != nil {
		return planned{outcome: outcome}
	}
	return planned{outcome: notMade(missing), missing: missing}
}

// firstOf is the first outcome that there is; nil where there is none.
func firstOf(all ...*condition.Outcome) *condition.Outcome {
	for _, outcome := range all {
		if outcome != nil {
			return outcome
		}
	}
	return nil
}
