package sharedapp

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/download"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/reference"
)

const (
	// firstRetry is the pause after the first passing fault of a registry; it doubles with each.
	firstRetry = time.Second
	// maxRetry is the longest pause after a passing fault.
	maxRetry = 5 * time.Minute
	// slowRetry is the pause after a fault that a person must fix, in case it was fixed
	// where no watch sees it: in the registry.
	slowRetry = 10 * time.Minute
)

// planned is what to do, in the order of spec.versions.
type planned struct {
	// suspended means that nothing is done.
	suspended bool
	// fault concerns the whole SharedApp: none of its versions may be installed.
	fault *condition.Outcome
	// channels says which of them offer nothing, and pilots which of spec.pilotNetworks can't go first.
	// The versions are as available as without.
	channels *condition.Outcome
	pilots   *condition.Outcome
	versions []versionPlan
	// keep are the fetches that are wanted, or whose result is.
	keep []download.Key
	// again is how long until time alone changes the plan; 0 where it never does.
	again time.Duration
}

// versionPlan is what to do with one version.
type versionPlan struct {
	version string
	// withdrawn versions don't decide whether the SharedApp is Ready.
	withdrawn bool
	// remembered is the digest under which the version is in the catalogue already.
	remembered string
	// digest under which it will be when store succeeds.
	digest string
	// outcome is Ready where the version is available.
	outcome condition.Outcome
	// requires is what the version requires.
	requires requirementsPlan
	// fetch it from its registry.
	fetch *wanted
	// store it.
	store *bundle.Bundle
	// answer has what was adjusted, and what is warned of.
	answer answer
	// exceeds is the digest of a bundle that takes too much to build; empty for others.
	exceeds string
	// again is how long until the version is looked at again; 0 where only a change calls for it.
	again time.Duration
}

// said is all that is wrong with a bundle, counted where it is more than one thing.
func said(refused []contract.Finding) string {
	if len(refused) == 1 {
		return contract.Text(refused)
	}
	return fmt.Sprintf("%d things are wrong with the bundle: %s", len(refused), contract.Text(refused))
}

// runsOn says of a version that was available until the Platform allowed fewer images what becomes of it; empty for others.
func runsOn(v seenVersion) string {
	if v.remembered == "" || slices.ContainsFunc(v.answer.refused, func(f contract.Finding) bool { return f.Rule != contract.RuleImages }) {
		return ""
	}
	return ". Where the version is installed it runs on"
}

// plan decides what to do about what was seen.
func plan(seen observed, now time.Time) planned {
	app := catalogue.Compile(&seen.app)
	if suspended(app, seen) {
		return planned{suspended: true}
	}

	faults := faultsOf(app, seen)
	out := planned{fault: appFault(seen), channels: together(faults.Channels), pilots: planPilots(seen)}
	for _, v := range seen.versions {
		p := planVersion(v, now)
		p.withdrawn = app.IsWithdrawn(p.version)
		p.requires = planRequirements(seen, app.Version(p.version).Requirements(), p.version, faults.Requirements[p.version])
		if v.fetch != nil {
			out.keep = append(out.keep, v.fetch.key)
		}
		out.again = sooner(out.again, p.again)
		out.versions = append(out.versions, p)
	}
	return out
}

func suspended(app *catalogue.App, seen observed) bool {
	return app.Suspended() != "" || ptr.Deref(seen.country.Platform.Suspend, false)
}

// faultsOf is what is wrong in the spec, whatever is in the bundles.
func faultsOf(app *catalogue.App, seen observed) reference.AppFaults {
	return reference.SharedApp(app, reference.Known{Apps: seen.country.Apps, Platform: seen.country.Platform, Networks: seen.country.Networks, Now: seen.country.Now})
}

// appFault says why none of the versions may be installed, whatever is in their bundles.
func appFault(seen observed) *condition.Outcome {
	if seen.installer == nil {
		return stalled(v1alpha1.ReasonInstallerRoleMissing, fmt.Sprintf(
			"ClusterRole %s, which lists the kinds that bundles may hold, does not exist: apply config/rbac of the operator", v1alpha1.RoleInstaller))
	}
	return nil
}

// together is one fault of several, with the messages of all; nil where there are none.
func together(faults []condition.Outcome) *condition.Outcome {
	if len(faults) == 0 {
		return nil
	}
	whole := faults[0]
	for _, more := range faults[1:] {
		whole.Message += "; " + more.Message
	}
	return &whole
}

func planVersion(v seenVersion, now time.Time) versionPlan {
	p := versionPlan{
		version: v.spec.Version, remembered: v.remembered, digest: v.remembered,
	}
	fault := v.fault
	if fault == nil {
		fault = contradiction(v)
	}
	switch {
	case fault != nil:
		p.outcome = *fault
	case v.bundle == nil:
		return planFetch(p, v, now)
	case len(v.answer.refused) > 0:
		p.outcome = condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonBundleRefused, Message: said(v.answer.refused) + runsOn(v)}
		p.answer, p.again = v.answer, v.again
		if v.answer.exceeds {
			p.exceeds, p.again = buildOf(v), 0
		}
	default:
		p.answer = v.answer
		p.digest = v.bundle.Digest
		if !v.stored {
			p.store = v.bundle
		}
	}
	return p
}

// contradiction says that a version number would come to mean two things.
func contradiction(v seenVersion) *condition.Outcome {
	declared := v.spec.Source.PinnedDigest()
	switch {
	case v.offered == "":
		return nil
	case v.remembered != "" && v.offered != v.remembered:
		return stalled(v1alpha1.ReasonDigestChanged, fmt.Sprintf(
			"version %s was offered with digest %s, and %s now has %s: put it back, or offer a new version number",
			v.spec.Version, v.remembered, sourceName(v.spec), v.offered))
	case declared != "" && v.offered != declared:
		return stalled(v1alpha1.ReasonDigestMismatch, fmt.Sprintf(
			"spec.versions[%s].source.configMap.digest is %s, and %s has %s: put the data right, or offer a version with that digest",
			v.spec.Version, declared, sourceName(v.spec), v.offered))
	}
	return nil
}

func sourceName(v v1alpha1.Version) string {
	if v.Source.ConfigMap != nil {
		return fmt.Sprintf("its source, ConfigMap %s,", v.Source.ConfigMap.Name)
	}
	return fmt.Sprintf("spec.versions[%s].source", v.Version)
}

// planFetch decides whether to ask the registry now. The last fault stays in sight while
// it is asked again.
func planFetch(p versionPlan, v seenVersion, now time.Time) versionPlan {
	state := v.fetch.state
	if state.Fault == nil {
		p.outcome = condition.Outcome{State: condition.Progressing, Reason: v1alpha1.ReasonFetching, Message: fmt.Sprintf(
			"fetching %s@%s", v.fetch.request.Repository, v.fetch.request.Digest)}
	} else {
		p.outcome = condition.Outcome{State: condition.Stalled, Reason: state.Fault.Reason, Message: state.Fault.Message}
		if state.Fault.Transient {
			p.outcome.State = condition.Retrying
		}
	}
	if state.Running {
		return p
	}
	if left := state.Ended.Add(pause(state)).Sub(now); state.Fault != nil && left > 0 {
		p.again = left
		return p
	}
	p.fetch = v.fetch
	return p
}

// pause is how long to wait after the last attempt: as long as the registry asked for, at least.
func pause(state download.State) time.Duration {
	if state.Fault == nil || !state.Fault.Transient {
		return slowRetry
	}
	long := firstRetry
	for attempt := 1; attempt < state.Attempts && long < maxRetry; attempt++ {
		long *= 2
	}
	return max(min(long, maxRetry), state.Fault.After)
}

// rememberedDigest is the digest under which a version entered the catalogue, "" where it did not.
func rememberedDigest(s v1alpha1.SharedAppStatus, version string) string {
	for _, v := range s.Versions {
		if v.Version == version {
			return v.Digest
		}
	}
	return ""
}
