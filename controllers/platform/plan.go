package platform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/installable"
	"github.com/allmenning/allmenning/internal/reference"
)

// plan says what the Platform comes to. The schema has checked nearly all of it. What it
// can't check are the words of labels, and the strategy of networks that say none: its
// schedules and selectors, whom its waves pick in the whole country, and what its approvals
// are for. All faults are reported at once, but what the cluster no longer refuses comes first; what may be intended is reported where the Platform is in force.
func plan(seen observed) condition.Outcome {
	if seen.unguarded != "" {
		return condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonPolicyMissing, Message: "what these admission policies forbid is not refused: " + seen.unguarded}
	}
	if seen.schemas.Lacks != "" {
		return condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonDefinitionOutdated, Message: seen.schemas.Lacks}
	}
	spec := seen.platform.Spec
	known := reference.Known{Apps: seen.country.Apps, Platform: spec, Networks: seen.country.Networks, Now: seen.country.Now}
	faults, notes := reference.Platform(&seen.platform, known, country.Municipalities(seen.country.Tenants))
	if seen.open != "" {
		return condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonRangeNotPrivate, Message: strings.Join(append([]string{seen.open}, faults...), "; ")}
	}
	if len(faults) > 0 {
		return condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonInvalidSpec, Message: strings.Join(faults, "; ")}
	}
	if len(seen.unreadable) > 0 {
		return condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonKindUnreadable,
			Message: "apps that hold these kinds are neither installed nor corrected: " + strings.Join(seen.unreadable, "; ")}
	}
	said := slices.Concat([]string{message(spec)}, notes, country.ClosedWalls(seen.country), risks(seen.added), newer(seen.schemas.Adds))
	return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: strings.Join(said, "; ")}
}

// risks says what to know of the kinds that the platform lets bundles hold; nothing where it added none.
func risks(added []string) []string {
	const most = 16
	if len(added) == 0 {
		return nil
	}
	names := strings.Join(added[:min(len(added), most)], ", ")
	if more := len(added) - most; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return []string{fmt.Sprintf("bundles may hold %s, by ClusterRole %s. Of each of these kinds: %s", names, v1alpha1.RoleInstaller, installable.Risk)}
}

// newer says what the cluster's definitions know and this operator does not.
func newer(adds string) []string {
	if adds == "" {
		return nil
	}
	return []string{adds}
}

func message(spec v1alpha1.PlatformSpec) string {
	if spec.Freeze != nil && *spec.Freeze {
		return "in force; frozen: nothing is newly installed, upgraded or uninstalled until spec.freeze is taken out"
	}
	return "in force"
}
