package resolution

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// target is what a place is aimed at: a version, by way of a channel or named outright.
type target struct {
	app     string
	channel string
	version string
	by      v1alpha1.DecidedBy
	// group whose rollout brings it; zero where the municipality brings it itself.
	group Group
	// field names the version in the spec of the Municipality, and mend says what to do
	// where it can't be had; empty where a channel names it.
	field, mend string
	// note is something to tell that does not stand in the way.
	note string
}

// named says whether the municipality named the version itself.
func (t target) named() bool { return t.field != "" }

// targetOf finds what the municipality, or else the network that it follows, would aim
// at if it did not decline or defer. It is zero where there is nothing to follow.
func targetOf(in Input, app string, own decision, followed *proposal) target {
	t := target{app: app, by: own.by(in.Municipality)}
	switch {
	case own.version != "":
		t.version, t.field, t.mend = own.version, own.versionField, "name another version"
	case own.channel != "":
		t.channel, t.group = own.channel, Group{Channel: own.channel}
	case followed != nil:
		t.channel, t.group = followed.asked.Channel, Group{Network: followed.network.Name}
		t.by = followed.by(own, in.Municipality)
	case own.adopts():
		t.channel, t.group = v1alpha1.DefaultChannel, Group{Channel: v1alpha1.DefaultChannel}
	default:
		return target{}
	}
	return t
}

// by says who decides on a proposal that is followed: the network where it asks for the
// app, and the municipality where it takes up what is merely offered.
func (p *proposal) by(own decision, m *v1alpha1.Municipality) v1alpha1.DecidedBy {
	if p.optional() {
		by := own.by(m)
		by.Reason = fmt.Sprintf("%s, channel %s of Network %s", by.Reason, p.asked.Channel, p.network.Name)
		return by
	}
	return v1alpha1.DecidedBy{
		Level: v1alpha1.LevelNetwork, Name: p.network.Name,
		Reason: fmt.Sprintf("%s, channel %s", p.asked.Obligation, p.asked.Channel),
	}
}

// heldAt is the target of a hold: the version that is there, else the one that it
// names. The group stays: it is the one that counts the place as held.
func (t target) heldAt(own decision, m *v1alpha1.Municipality, installed *v1alpha1.AppInstallation) target {
	version := own.hold.Version
	if installed != nil {
		version = installed.Spec.Version
	}
	reason := fmt.Sprintf("held at %s: %s", version, own.hold.Reason)
	if !own.heldUntil.IsZero() {
		reason = fmt.Sprintf("held at %s until %s: %s", version, own.heldUntil.UTC().Format(time.RFC3339), own.hold.Reason)
	}
	return target{
		app: t.app, version: version, group: t.group, note: t.note, field: own.holdField, mend: "take the hold out, or hold another version",
		by: v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: m.Name, Reason: reason},
	}
}

// aimAt fills in the version that the channel points at, or says that there is none.
func (t target) aimAt(app *v1alpha1.SharedApp) (target, string) {
	if t.version != "" || app == nil {
		return t, "" // offer tells about an app that does not exist
	}
	var names []string
	for _, c := range app.Spec.Channels {
		if c.Name == t.channel {
			t.version = c.Version
			return t, ""
		}
		names = append(names, c.Name)
	}
	return t, fmt.Sprintf("SharedApp %s has no channel %q (asked for by %s): it has %s", app.Name, t.channel, t.by.Name,
		cmp.Or(strings.Join(names, ", "), "none, so name a version"))
}

// offer says which bundle the target comes to, or why it can't be had in this environment.
func (t target) offer(app *v1alpha1.SharedApp, environment *v1alpha1.Environment) (v1alpha1.Release, string) {
	if app == nil {
		return v1alpha1.Release{}, fmt.Sprintf("there is no SharedApp %q (asked for by %s): correct the name, or wait until it is offered", t.app, t.by.Name)
	}
	if fault := cmp.Or(t.unlisted(app), unfit(app, environment)); fault != "" {
		return v1alpha1.Release{}, fault
	}
	return t.available(app)
}

// release is the bundle that the target comes to, wherever it shall go; zero where it
// can't be had.
func (t target) release(app *v1alpha1.SharedApp) v1alpha1.Release {
	if app == nil || t.unlisted(app) != "" {
		return v1alpha1.Release{}
	}
	offered, _ := t.available(app) // it is zero where there is a fault
	return offered
}

// unlisted says why the catalogue does not list the version as one to install.
func (t target) unlisted(app *v1alpha1.SharedApp) string {
	offered := slices.IndexFunc(app.Spec.Versions, func(v v1alpha1.Version) bool { return v.Version == t.version })
	if offered < 0 {
		return t.told(fmt.Sprintf("SharedApp %s has no version %s (asked for by %s): see its spec.versions", app.Name, t.version, t.by.Name))
	}
	if app.Spec.Versions[offered].State == v1alpha1.VersionWithdrawn {
		return t.told(fmt.Sprintf("version %s of SharedApp %s is withdrawn: no place takes it newly into use", t.version, app.Name))
	}
	return ""
}

// told names the field of a version that can't be had, and what to do.
func (t target) told(fault string) string {
	if !t.named() {
		return fault
	}
	return fmt.Sprintf("%s: %s; %s", t.field, fault, t.mend)
}

// unfit says why an app goes nowhere, or not to this environment.
func unfit(app *v1alpha1.SharedApp, environment *v1alpha1.Environment) string {
	if zone := RequiredZone(app, environment.Stage); zone != "" && zone != environment.Zone {
		return fmt.Sprintf("SharedApp %s requires zone %s for stage %s, and environment %s is %s: change spec.environments[].zone, or decline the app",
			app.Name, zone, environment.Stage, environment.Name, environment.Zone)
	}
	if app.Spec.Suspend != nil && *app.Spec.Suspend {
		return fmt.Sprintf("SharedApp %s is suspended (spec.suspend): it moves nowhere", app.Name)
	}
	return ""
}

// available asks the catalogue for the bundle of the version.
func (t target) available(app *v1alpha1.SharedApp) (v1alpha1.Release, string) {
	for _, s := range app.Status.Versions {
		if s.Version == t.version && s.Available {
			return v1alpha1.Release{Version: s.Version, Digest: s.Digest}, ""
		}
		if s.Version == t.version && s.Message != "" {
			return v1alpha1.Release{}, fmt.Sprintf("version %s of SharedApp %s is not available: %s", t.version, app.Name, s.Message)
		}
	}
	return v1alpha1.Release{}, fmt.Sprintf("version %s of SharedApp %s is not available yet: the catalogue has not checked it", t.version, app.Name)
}

// withdrawnHold says that a hold keeps a withdrawn version where it is installed, or
// names one; empty where it does not.
func withdrawnHold(app *v1alpha1.SharedApp, own decision, installed *v1alpha1.AppInstallation) string {
	if app == nil {
		return ""
	}
	for _, version := range []string{installed.Spec.Version, own.hold.Version} {
		withdrawn := slices.ContainsFunc(app.Spec.Versions, func(v v1alpha1.Version) bool {
			return v.Version == version && v.State == v1alpha1.VersionWithdrawn
		})
		if withdrawn && version == installed.Spec.Version {
			return fmt.Sprintf("%s: version %s of SharedApp %s is withdrawn, and runs on here: take the hold out to move to what is offered", own.holdField, version, app.Name)
		}
		if withdrawn {
			return fmt.Sprintf("%s: version %s of SharedApp %s is withdrawn: take the hold out, or hold %s, which is installed", own.holdField, version, app.Name, installed.Spec.Version)
		}
	}
	return ""
}

// RequiredZone is the zone that an app requires of the environments of a stage; empty where any will do.
func RequiredZone(app *v1alpha1.SharedApp, stage v1alpha1.Stage) v1alpha1.Zone {
	if app.Spec.Requires == nil {
		return ""
	}
	for _, required := range app.Spec.Requires.Zones {
		if required.Stage == stage {
			return required.Zone
		}
	}

	return ""
}

// lowers says whether the target would take an installation back to a lower version
// only because somebody else decides now. Whoever decided on what is there may move
// back, and so may a municipality that names the version. Where the municipality takes
// up what others offer, it stays the decider when they change: then it counts who
// brought what is there.
func (t target) lowers(installed *v1alpha1.AppInstallation) bool {
	before := installed.Spec.DecidedBy
	same := before.Level == t.by.Level && before.Name == t.by.Name
	if before.Level == v1alpha1.LevelMunicipality {
		same = same && t.group.brought(installed)
	}
	if t.named() || same {
		return false
	}
	from, err1 := semver.NewVersion(installed.Spec.Version)
	to, err2 := semver.NewVersion(t.version)
	return err1 == nil && err2 == nil && to.LessThan(from)
}
