package explanation

import (
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// offer is what the nation says: what it offers, and what it stops.
func (p *place) offer() []string {
	if p.blind() {
		return nil // it may not be read, and the notes say so
	}
	if !p.app.Exists() {
		return append([]string{fmt.Sprintf("There is no SharedApp %s in the catalogue.", p.name)}, p.stopped()...)
	}

	all := append([]string{p.offered()}, p.wanted()...)
	spec := &p.app.Object.Spec
	if len(spec.PilotNetworks) > 0 {
		all = append(all, fmt.Sprintf("New versions go to %s first (spec.pilotNetworks).", list(spec.PilotNetworks)))
	}
	if paused := p.app.Paused(); paused != "" {
		all = append(all, paused+": nobody else is moved.")
	}
	if halted := p.app.Halted(); halted != nil {
		all = append(all, sentence(halted.Message))
	}
	return append(all, p.stopped()...)
}

// offered are the channels; of an app that has none, the versions.
func (p *place) offered() string {
	channels := make([]string, 0, len(p.app.Object.Spec.Channels))
	for _, c := range p.app.Object.Spec.Channels {
		channels = append(channels, fmt.Sprintf("%s in channel %s", c.Version, c.Name))
	}
	if len(channels) > 0 {
		return fmt.Sprintf("SharedApp %s offers %s.", p.name, list(channels))
	}
	versions := make([]string, 0, len(p.app.Versions()))
	for _, v := range p.app.Versions() {
		versions = append(versions, v.Number)
	}
	return fmt.Sprintf("SharedApp %s has no channels. It offers %s to those who name a version.", p.name, list(versions))
}

// wanted says what is to be known of the version that the place should have: that it can't be had,
// is discouraged, or is a security fix.
func (p *place) wanted() []string {
	if p.verdict.Wanted == "" {
		return nil
	}

	var all []string
	if _, fault := p.app.Offer(p.verdict.Wanted); fault != nil && p.verdict.Why != resolution.Blocked { // else the decision says it
		all = append(all, sentence(fault.Message))
	}
	switch v := p.app.Version(p.verdict.Wanted); {
	case v == nil:
	case v.State == v1alpha1.VersionDeprecated:
		all = append(all, fmt.Sprintf("%s is Deprecated: it may be installed, and is discouraged.", v.Number))
	}
	if p.app.IsSecurityFix(p.verdict.Wanted) {
		all = append(all, fmt.Sprintf("%s is %s.", p.verdict.Wanted, planner.SecurityFix))
	}
	return all
}

// stopped says what the platform stops.
func (p *place) stopped() []string {
	var all []string
	if isTrue(p.country.Platform.Pause) {
		all = append(all, "The platform is paused (spec.pause of Platform default): nobody else is moved.")
	}
	if isTrue(p.country.Platform.Freeze) {
		all = append(all, "The platform is frozen (spec.freeze of Platform default): nobody is moved, returned or uninstalled.")
	}
	if isTrue(p.country.Platform.Suspend) {
		all = append(all, "The platform is suspended (spec.suspend of Platform default): nothing is changed anywhere.")
	}
	return all
}
