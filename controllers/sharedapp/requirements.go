package sharedapp

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// requirementsPlan is what comes of what a version requires.
type requirementsPlan struct {
	// remembered is the digest of what the version required when it became available; empty where it was not yet.
	remembered string
	digest     string
	// unmet is why that can't be had; nil where it can.
	unmet *condition.Outcome
}

// planRequirements judges what a version requires, given what is wrong with that.
func planRequirements(seen observed, requires *v1alpha1.Requirements, version string, faults []condition.Outcome) requirementsPlan {
	p := requirementsPlan{digest: digestOfRequirements(requires)}
	for _, known := range seen.app.Status.Versions {
		if known.Version == version {
			p.remembered = known.Requires
		}
	}
	if p.unmet = together(faults); p.unmet != nil && p.unmet.Reason == v1alpha1.ReasonEgressNotAllowed && p.remembered != "" {
		p.unmet.Message += "; where the version is installed it runs on, with that closed"
	}
	if p.remembered != "" && p.remembered != p.digest {
		p.unmet = stalled(v1alpha1.ReasonRequirementsChanged, fmt.Sprintf(
			"spec.versions[%s].requires is not what the version required when it was offered: put it back, or offer a new version number", version))
	}
	return p
}

// digestOfRequirements is a digest of what a version requires; nothing has one, too.
func digestOfRequirements(requires *v1alpha1.Requirements) string {
	written, err := json.Marshal(requires)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(written))
}

// with joins what is wrong with what a version requires to what came of its bundle.
func (p requirementsPlan) with(outcome condition.Outcome) condition.Outcome {
	switch {
	case p.unmet == nil:
		return outcome
	case outcome.State == condition.Ready:
		return *p.unmet
	}
	whole := condition.Worst("", outcome, *p.unmet)
	whole.Message = outcome.Message + "; " + p.unmet.Message
	return whole
}

// toRemember is the digest that the status keeps, given whether the version is available.
func (p requirementsPlan) toRemember(available bool) string {
	if p.remembered == "" && available {
		return p.digest
	}
	return p.remembered
}
