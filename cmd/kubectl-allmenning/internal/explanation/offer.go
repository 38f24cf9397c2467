package explanation

import (
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// offer is what the nation says.
func (p *place) offer() []string {
	if p.app == nil {
		if p.blind() {
			return nil // it may not be read, and the notes say so
		}
		return []string{fmt.Sprintf("There is no SharedApp %s in the catalogue.", p.name)}
	}
	channels := make([]string, 0, len(p.app.Spec.Channels))
	for _, c := range p.app.Spec.Channels {
		channels = append(channels, fmt.Sprintf("%s in channel %s", c.Version, c.Name))
	}
	text := fmt.Sprintf("SharedApp %s offers %s.", p.name, list(channels))
	if len(channels) == 0 {
		versions := make([]string, 0, len(p.app.Spec.Versions))
		for _, v := range p.app.Spec.Versions {
			versions = append(versions, v.Version)
		}
		text = fmt.Sprintf("SharedApp %s has no channels. It offers %s to those who name a version.", p.name, list(versions))
	}
	all := []string{text}
	if fault := p.fault(p.verdict.Wanted); fault != "" {
		all = append(all, fault)
	}
	if len(p.app.Spec.PilotNetworks) > 0 {
		all = append(all, fmt.Sprintf("New versions go to %s first (spec.pilotNetworks).", list(p.app.Spec.PilotNetworks)))
	}
	if isTrue(p.app.Spec.Pause) {
		all = append(all, "It is paused (spec.pause): nobody else is moved.")
	}
	if isTrue(p.app.Spec.Suspend) {
		all = append(all, "It is suspended (spec.suspend): nothing of it is moved.")
	}
	return all
}

// fault says what is to be known of a version: that it is discouraged, withdrawn, a
// security fix, or can't be had.
func (p *place) fault(version string) string {
	for _, v := range p.app.Spec.Versions {
		if v.Version != version {
			continue
		}
		switch {
		case v.State == v1alpha1.VersionWithdrawn:
			return fmt.Sprintf("%s is Withdrawn: it is not installed anew anywhere.", version)
		case v.State == v1alpha1.VersionDeprecated:
			return fmt.Sprintf("%s is Deprecated: it may be installed, and is discouraged.", version)
		case isTrue(v.SecurityFix):
			return fmt.Sprintf("%s is a security fix: it is not announced and does not soak.", version)
		}
	}
	for _, s := range p.app.Status.Versions {
		if s.Version == version && !s.Available && s.Message != "" {
			return sentence(fmt.Sprintf("%s is not available: %s", version, s.Message))
		}
	}
	return ""
}
