package resolution

import (
	"fmt"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// target is what a place is aimed at: a version, by way of a channel or named outright.
type target struct {
	app     string
	channel string
	version string
	by      v1alpha1.DecidedBy
	// group whose rollout brings it; zero where the municipality brings it itself.
	group Group
	// field names the version in the spec of the Municipality, and fix says what to do
	// where it can't be had; empty where a channel names it.
	field, fix string
	// note is something to report that does not stand in the way.
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
		t.version, t.field, t.fix = own.version, own.versionField, "name another version"
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
// names, if it does. The group is still the one that counts the place as held.
func (t target) heldAt(own decision, m *v1alpha1.Municipality, installed *v1alpha1.AppInstallation) target {
	version := own.Hold.Version
	if installed != nil {
		version = installed.Spec.Version
	}
	reason := strings.TrimSuffix("held at "+version, " at ")
	if until := own.heldUntil(); !until.IsZero() {
		reason += " until " + until.UTC().Format(time.RFC3339)
	}
	reason += ": " + own.Hold.Reason
	return target{
		app: t.app, version: version, group: t.group, note: t.note, field: own.holdField, fix: "take the hold out, or hold another version",
		by: v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: m.Name, Reason: reason},
	}
}

// aimAt fills in the version that the channel points at, or says why there is none.
func (t target) aimAt(app *catalogue.App) (target, *obstacle) {
	if t.version != "" || t.channel == "" || !app.Exists() {
		return t, nil // offer says that an app does not exist
	}

	version, fault := app.Points(t.channel)
	if fault != nil {
		return t, t.refused(fault)
	}
	t.version = version

	return t, nil
}

// offer is the release of the target, or why it can't be had in this environment, which has a zone now.
func (t target) offer(app *catalogue.App, environment *v1alpha1.Environment, has v1alpha1.Zone) (v1alpha1.Release, *obstacle) {
	for _, fault := range []*catalogue.Fault{app.Unlisted(t.version), app.Unfit(t.version, environment, has), app.Halted()} {
		if fault != nil {
			return v1alpha1.Release{}, t.refused(fault)
		}
	}

	offered, fault := app.Offer(t.version)
	if fault != nil {
		return v1alpha1.Release{}, t.refused(fault)
	}

	return offered, nil
}

// release is that of the target, wherever it goes; zero where it can't be had.
func (t target) release(app *catalogue.App) v1alpha1.Release {
	offered, _ := app.Offer(t.version) // it is zero where there is a fault

	return offered
}

// withdrawnHold says that a hold keeps a withdrawn version where it is installed, or
// names one; empty where it does not.
func withdrawnHold(app *catalogue.App, own decision, installed *v1alpha1.AppInstallation) string {
	switch {
	case app.IsWithdrawn(installed.Spec.Version):
		return fmt.Sprintf("%s: version %s of SharedApp %s is withdrawn, and runs on here: take the hold out to move to what is offered", own.holdField, installed.Spec.Version, app.Name)
	case app.IsWithdrawn(own.Hold.Version):
		return fmt.Sprintf("%s: version %s of SharedApp %s is withdrawn: take the hold out, or hold %s, which is installed", own.holdField, own.Hold.Version, app.Name, installed.Spec.Version)
	}

	return ""
}

// lowers says whether the target would take an installation back to a lower version that others
// brought. Who brought what is there may move back, and so may a municipality that names the
// version. Who decided last does not matter: a hold, or an offer of the same version, brings nothing.
func (t target) lowers(installed *v1alpha1.AppInstallation) bool {
	return !t.named() && !t.brought(installed) && catalogue.Lower(t.version, installed.Spec.Version)
}

// brought says whether those who aim at the target brought what is installed: their group's
// rollouts, or the municipality itself, which then follows what it adopted.
func (t target) brought(installed *v1alpha1.AppInstallation) bool {
	if by := installed.Spec.BroughtBy(); by != (v1alpha1.Bringer{}) {
		return Group{Network: by.Network, Channel: by.Channel} == t.group
	}
	known := installed.Spec.Move != nil || installed.Spec.DecidedBy.Level == v1alpha1.LevelMunicipality

	return known && t.by.Level == v1alpha1.LevelMunicipality
}
