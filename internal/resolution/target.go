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
	// named is set where the municipality named the version itself.
	named bool
	// halted says why the decider moves nothing now; empty where it does.
	halted string
	// note is something to tell that does not stand in the way.
	note string
}

// offer is a version that can be had.
type offer struct{ Version, Digest string }

// targetOf finds what the municipality, or else the network that it follows, aims
// at. It is zero where nobody asks for the app: an Optional app needs an Adopt.
func targetOf(in Input, own decision, followed *proposal) target {
	var t target
	adopts := own.decision == v1alpha1.DecisionAdopt
	switch {
	case adopts && own.version != "":
		t.by = own.by(in.Municipality)
		t.version, t.named = own.version, true
	case adopts && own.channel != "":
		t.by = own.by(in.Municipality)
		t.channel = own.channel
	case adopts && followed == nil:
		t.by = own.by(in.Municipality)
		t.channel = v1alpha1.DefaultChannel
	case followed == nil || (followed.optional() && !adopts):
		return target{}
	default:
		t = followed.target(own, in.Municipality)
	}
	return t
}

// target of a proposal: the network decides where it asks for the app, and the
// municipality where it takes up what is merely offered.
func (p *proposal) target(own decision, m *v1alpha1.Municipality) target {
	t := target{channel: p.asked.Channel, by: v1alpha1.DecidedBy{
		Level: v1alpha1.LevelNetwork, Name: p.network.Name,
		Reason: fmt.Sprintf("%s, channel %s", p.asked.Obligation, p.asked.Channel),
	}}
	if p.optional() {
		t.by = own.by(m)
		t.by.Reason = fmt.Sprintf("%s, channel %s of Network %s", t.by.Reason, p.asked.Channel, p.network.Name)
	}
	if p.network.Spec.Suspend != nil && *p.network.Spec.Suspend {
		t.halted = fmt.Sprintf("Network %s is suspended (spec.suspend): its members stay at the versions they have", p.network.Name)
	}
	return t
}

// holdTarget is the target of a hold: the version that is there, else the one that it names.
func holdTarget(hold *v1alpha1.Hold, m *v1alpha1.Municipality, installed *v1alpha1.AppInstallation) target {
	version := hold.Version
	if installed != nil {
		version = installed.Spec.Version
	}
	reason := fmt.Sprintf("held at %s: %s", version, hold.Reason)
	if hold.Until != nil {
		reason = fmt.Sprintf("held at %s until %s: %s", version, hold.Until.UTC().Format(time.RFC3339), hold.Reason)
	}
	return target{version: version, named: true, by: v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: m.Name, Reason: reason}}
}

// aimAt fills in the version that the channel points at.
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

// offer says which bundle the target comes to, or why it can't be had.
func (t target) offer(in Input, environment *v1alpha1.Environment) (offer, string) {
	app := in.Apps[t.app]
	if app == nil {
		return offer{}, fmt.Sprintf("there is no SharedApp %q (asked for by %s): mend the name, or wait until it is offered", t.app, t.by.Name)
	}
	offered := slices.IndexFunc(app.Spec.Versions, func(v v1alpha1.Version) bool { return v.Version == t.version })
	if offered < 0 {
		return offer{}, fmt.Sprintf("SharedApp %s has no version %s (asked for by %s): see its spec.versions", t.app, t.version, t.by.Name)
	}
	if app.Spec.Versions[offered].State == v1alpha1.VersionWithdrawn {
		return offer{}, fmt.Sprintf("version %s of SharedApp %s is withdrawn: no place takes it newly into use", t.version, t.app)
	}
	if zone := requiredZone(app, environment.Stage); zone != "" && zone != environment.Zone {
		return offer{}, fmt.Sprintf("SharedApp %s requires zone %s for stage %s, and environment %s is %s: change spec.environments[].zone, or decline the app",
			t.app, zone, environment.Stage, environment.Name, environment.Zone)
	}
	if app.Spec.Suspend != nil && *app.Spec.Suspend {
		return offer{}, fmt.Sprintf("SharedApp %s is suspended (spec.suspend): it moves nowhere", t.app)
	}
	return t.available(app)
}

// available asks the catalogue for the bundle of the version.
func (t target) available(app *v1alpha1.SharedApp) (offer, string) {
	for _, s := range app.Status.Versions {
		if s.Version == t.version && s.Available {
			return offer{Version: s.Version, Digest: s.Digest}, ""
		}
		if s.Version == t.version && s.Message != "" {
			return offer{}, fmt.Sprintf("version %s of SharedApp %s is not available: %s", t.version, t.app, s.Message)
		}
	}
	return offer{}, fmt.Sprintf("version %s of SharedApp %s is not available yet: the catalogue has not checked it", t.version, t.app)
}

func requiredZone(app *v1alpha1.SharedApp, stage v1alpha1.Stage) v1alpha1.Zone {
	if app.Spec.Requires == nil || app.Spec.Requires.Zones == nil {
		return ""
	}
	switch stage {
	case v1alpha1.StageDevelopment:
		return app.Spec.Requires.Zones.Development
	case v1alpha1.StageTest:
		return app.Spec.Requires.Zones.Test
	case v1alpha1.StageProduction:
		return app.Spec.Requires.Zones.Production
	}
	return ""
}

// lowers says whether the target would take an installation back to a lower version
// only because somebody else decides now. Whoever decided before may move back, and
// so may a municipality that names the version.
func (t target) lowers(installed *v1alpha1.AppInstallation) bool {
	before := installed.Spec.DecidedBy
	if t.named || (before.Level == t.by.Level && before.Name == t.by.Name) {
		return false
	}
	from, err1 := semver.NewVersion(installed.Spec.Version)
	to, err2 := semver.NewVersion(t.version)
	return err1 == nil && err2 == nil && to.LessThan(from)
}
