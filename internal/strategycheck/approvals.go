package strategycheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// shortDigest is what of a digest is shown: sha256: and twelve digits.
const shortDigest = 19

// entryFaults reports approvals and retries that can't match any rollout, field by field.
func entryFaults(in Input) []string {
	faults := make([]string, 0, len(in.Said.Approvals)+len(in.Said.Retries))
	for i, a := range in.Said.Approvals {
		field := fmt.Sprintf("spec.rollout.approvals[%d]", i)
		faults = append(faults, appFaults(in, field, a.App, a.Channel, a.Digest)...)
		faults = append(faults, waveFaults(in, field, a.Wave)...)
	}
	for i, r := range in.Said.Retries {
		faults = append(faults, appFaults(in, fmt.Sprintf("spec.rollout.retries[%d]", i), r.App, r.Channel, r.Digest)...)
	}
	return faults
}

// appFaults says that there is no such app, or that it has no such channel, or no version with that
// digest. Those of past versions are history, and stay as long as one likes. The channel is empty
// in a Network.
func appFaults(in Input, field, name, channel, digest string) []string {
	app := in.Apps.Of(name)
	proposed := slices.ContainsFunc(in.Proposed, func(p v1alpha1.Proposal) bool { return p.Name == name })
	if app.Exists() && channel != "" {
		if _, fault := app.Points(channel); fault != nil {
			return []string{fmt.Sprintf("%s.channel: %s: correct the name, or take the entry out", field, fault)}
		}
	}
	switch {
	case !app.Exists() && !proposed:
		return []string{fmt.Sprintf("%s.app %q: there is no SharedApp of that name: correct the name, or take the entry out", field, name)}
	case app.Exists() && !app.MayHave(digest):
		return []string{fmt.Sprintf("%s.digest %s...: no version of SharedApp %s has it: copy spec.digest of the Rollout that is meant, or take the entry out",
			field, digest[:min(len(digest), shortDigest)], name)}
	}
	return nil
}

// waveFaults says that there is no wave of that name. Admission refuses it where the waves
// are written beside the approval; where they are inherited, it can't see them.
func waveFaults(in Input, field, wave string) []string {
	compiled, _ := planner.CompileWaves(planner.Inherit(in.General, in.Said).Waves)
	names := make([]string, 0, len(compiled))
	for _, w := range compiled {
		names = append(names, w.Name)
	}
	if slices.Contains(names, wave) {
		return nil
	}
	return []string{fmt.Sprintf("%s.wave %q: there is no wave of that name, but %s (%s): correct the name, or take the entry out",
		field, wave, strings.Join(names, ", "), from(in))}
}

// from is where the waves are written that hold.
func from(in Input) string {
	switch {
	case planner.Says(in.Said, "waves"):
		return "spec.rollout.waves"
	case planner.Says(in.General, "waves"):
		return "spec.rollout.waves of Platform " + v1alpha1.PlatformName
	}
	return "the default, as spec.rollout.waves is not said"
}
