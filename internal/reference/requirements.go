package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// Offers is what every SharedApp requires and offers, by name.
type Offers map[string]v1alpha1.SharedAppSpec

// Requirements finds what is wrong with the apps that an app requires.
func Requirements(app string, all Offers) []condition.Outcome {
	var faults []condition.Outcome
	if chain := cycleThrough(app, all); chain != nil {
		faults = append(faults, stalled(v1alpha1.ReasonDependencyCycle,
			"spec.requires.apps: %s: each waits for the next, so none can be installed first: take one of these requirements out",
			strings.Join(chain, " → ")))
	}
	for _, required := range requiredBy(app, all) {
		if fault := requirementFault(required, all); fault.Message != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

func requirementFault(required v1alpha1.RequiredApp, all Offers) condition.Outcome {
	field := fmt.Sprintf("spec.requires.apps[%s]", required.Name)
	offer, known := all[required.Name]
	if !known {
		return stalled(v1alpha1.ReasonDependencyMissing, "%s: there is no SharedApp %s: create it, or take the requirement out", field, required.Name)
	}
	if required.Version == "" {
		return condition.Outcome{}
	}
	within, err := semver.NewConstraint(required.Version)
	if err != nil {
		return stalled(v1alpha1.ReasonInvalidSpec, "%s.version: %q is not a range of versions: write one such as \">=1.2\" or \"~2.4\"", field, required.Version)
	}
	for _, offered := range offer.Versions {
		number, err := semver.StrictNewVersion(offered.Version)
		if err == nil && offered.State != v1alpha1.VersionWithdrawn && within.Check(number) {
			return condition.Outcome{}
		}
	}
	return stalled(v1alpha1.ReasonDependencyMissing, "%s.version: SharedApp %s offers no version in %q: offer one, or change the range", field, required.Name, required.Version)
}

func requiredBy(app string, all Offers) []v1alpha1.RequiredApp {
	if all[app].Requires == nil {
		return nil
	}
	return all[app].Requires.Apps
}

// cycleThrough returns a shortest chain of requirements that leads from an app back to
// it, the app at both ends, or nil. Of several, the names decide, so that it is always
// the same one.
func cycleThrough(app string, all Offers) []string {
	before := map[string]string{}
	for queue := []string{app}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, next := range requiredNames(at, all) {
			if next == app {
				return chainTo(at, app, before)
			}
			if _, seen := before[next]; !seen {
				before[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func requiredNames(app string, all Offers) []string {
	apps := requiredBy(app, all)
	names := make([]string, 0, len(apps))
	for _, required := range apps {
		names = append(names, required.Name)
	}
	slices.Sort(names)
	return names
}

func chainTo(last, app string, before map[string]string) []string {
	chain := []string{app}
	for at := last; at != app; at = before[at] {
		chain = append(chain, at)
	}
	chain = append(chain, app)
	slices.Reverse(chain)
	return chain
}

// Channels finds the channels that offer what is withdrawn.
func Channels(spec v1alpha1.SharedAppSpec) []condition.Outcome {
	var faults []condition.Outcome
	for _, channel := range spec.Channels {
		for _, v := range spec.Versions {
			if v.Version == channel.Version && v.State == v1alpha1.VersionWithdrawn {
				faults = append(faults, stalled(v1alpha1.ReasonInvalidSpec,
					"spec.channels[%s].version: %s is Withdrawn, so the channel offers nothing: point it at another version", channel.Name, v.Version))
			}
		}
	}
	return faults
}

// stalled is a fault that a person must fix.
func stalled(reason, format string, args ...any) condition.Outcome {
	return condition.Outcome{State: condition.Stalled, Reason: reason, Message: fmt.Sprintf(format, args...)}
}
