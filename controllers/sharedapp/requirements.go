package sharedapp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// catalogue is what every SharedApp asks for and offers, by name.
type catalogue map[string]v1alpha1.SharedAppSpec

// requirementsFault says what is wrong with the apps that an app requires, nil where it
// can be met.
func requirementsFault(app string, all catalogue) *condition.Outcome {
	if chain := cycleThrough(app, all); chain != nil {
		return stalled("DependencyCycle", fmt.Sprintf(
			"spec.requires.apps: %s: each waits for the next, so none can be installed first: take one of these requirements out",
			strings.Join(chain, " → ")))
	}
	for _, required := range requiredBy(app, all) {
		if fault := requirementFault(required, all); fault != nil {
			return fault
		}
	}
	return nil
}

func requirementFault(required v1alpha1.RequiredApp, all catalogue) *condition.Outcome {
	field := fmt.Sprintf("spec.requires.apps[%s]", required.Name)
	offer, known := all[required.Name]
	if !known {
		return stalled("DependencyMissing", fmt.Sprintf(
			"%s: there is no SharedApp %s: create it, or take the requirement out", field, required.Name))
	}
	if required.Version == "" {
		return nil
	}
	within, err := semver.NewConstraint(required.Version)
	if err != nil {
		return stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
			"%s.version: %q is not a range of versions: write one such as \">=1.2\" or \"~2.4\"", field, required.Version))
	}
	for _, offered := range offer.Versions {
		number, err := semver.StrictNewVersion(offered.Version)
		if err == nil && offered.State != v1alpha1.VersionWithdrawn && within.Check(number) {
			return nil
		}
	}
	return stalled("DependencyMissing", fmt.Sprintf(
		"%s.version: SharedApp %s offers no version in %q: offer one, or change the range", field, required.Name, required.Version))
}

func requiredBy(app string, all catalogue) []v1alpha1.RequiredApp {
	if all[app].Requires == nil {
		return nil
	}
	return all[app].Requires.Apps
}

// cycleThrough returns a shortest chain of requirements that leads from an app back to
// it, the app at both ends, or nil. Of several, the names decide, so that it is always
// the same one.
func cycleThrough(app string, all catalogue) []string {
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

func requiredNames(app string, all catalogue) []string {
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

// channelFault says which channel offers what is withdrawn.
func channelFault(spec v1alpha1.SharedAppSpec) *condition.Outcome {
	for _, channel := range spec.Channels {
		for _, v := range spec.Versions {
			if v.Version == channel.Version && v.State == v1alpha1.VersionWithdrawn {
				return stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
					"spec.channels[%s].version: %s is Withdrawn, so the channel offers nothing: point it at another version", channel.Name, v.Version))
			}
		}
	}
	return nil
}
