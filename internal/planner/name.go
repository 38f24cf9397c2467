package planner

import (
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Name is the name of the Rollout with a spec: no two give one, as neither networks nor
// apps nor channels have a dot in their names, and no network is named "direct".
func Name(spec v1alpha1.RolloutSpec) string {
	group := spec.Network + "." + spec.App
	if spec.Network == "" {
		group = "direct." + spec.App + "." + spec.Channel
	}
	return fmt.Sprintf("%s.%s.%d", group, slug(spec.Version), spec.Attempt)
}

// slug is a version in letters that a name may hold, of which each part between dots begins
// and ends with a letter or a digit.
func slug(version string) string {
	var parts []string
	for part := range strings.SplitSeq(strings.ReplaceAll(strings.ToLower(version), "+", "-"), ".") {
		if part = strings.Trim(part, "-"); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ".")
}
