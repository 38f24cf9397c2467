package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
)

// requirements finds what is wrong with the apps that an app requires.
func requirements(app string, all catalogue.Apps) []condition.Outcome {
	var faults []condition.Outcome
	if chain := cycleThrough(app, all); chain != nil {
		faults = append(faults, stalled(v1alpha1.ReasonDependencyCycle,
			"spec.requires.apps: %s: each waits for the next, so none can be installed first: take one of these requirements out",
			strings.Join(chain, " → ")))
	}
	for _, required := range all.Of(app).Requires() {
		if fault := requirementFault(required, all); fault.Message != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

func requirementFault(required catalogue.Requirement, all catalogue.Apps) condition.Outcome {
	field, offer := fmt.Sprintf("spec.requires.apps[%s]", required.App), all.Of(required.App)
	switch {
	case !offer.Exists():
		return stalled(v1alpha1.ReasonDependencyMissing, "%s: there is no SharedApp %s: create it, or take the requirement out", field, required.App)
	case required.Range == "":
		return condition.Outcome{}
	case required.Unreadable():
		return stalled(v1alpha1.ReasonInvalidSpec, "%s.version: %q is not a range of versions: write one such as \">=1.2\" or \"~2.4\"", field, required.Range)
	}
	for i := range offer.Object.Spec.Versions {
		if number := offer.Object.Spec.Versions[i].Version; !offer.IsWithdrawn(number) && required.Admits(number) {
			return condition.Outcome{}
		}
	}
	return stalled(v1alpha1.ReasonDependencyMissing, "%s.version: SharedApp %s offers no version in %q: offer one, or change the range", field, required.App, required.Range)
}

// cycleThrough returns a shortest chain of requirements that leads from an app back to
// it, the app at both ends, or nil. Of several, the names decide, so that it is always
// the same one.
func cycleThrough(app string, all catalogue.Apps) []string {
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

func requiredNames(app string, all catalogue.Apps) []string {
	requires := all.Of(app).Requires()
	names := make([]string, 0, len(requires))
	for _, required := range requires {
		names = append(names, required.App)
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

// stalled is a fault that a person must fix.
func stalled(reason, format string, args ...any) condition.Outcome {
	return condition.Outcome{State: condition.Stalled, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// invalid is a fault of the spec, which a person must fix.
func invalid(message string) condition.Outcome {
	return stalled(v1alpha1.ReasonInvalidSpec, "%s", message)
}
