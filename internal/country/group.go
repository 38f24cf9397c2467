package country

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// Direct stands for the municipalities that follow a channel by their own decision, where a
// group is named. No network can have this name.
const Direct = "direct"

// subject is one app that one group wants.
type subject struct {
	group    resolution.Group
	app      string
	channel  string
	priority int32
	asked    bool
}

// network is the Network of a name; nil if there is none, or it is Direct.
func (c *Country) network(name string) *v1alpha1.Network {
	for i := range c.Seen.Networks {
		if c.Seen.Networks[i].Name == name {
			return &c.Seen.Networks[i]
		}
	}
	return nil
}

// subjects of a network, or of all who take apps directly: what is asked for, and what
// Rollouts tell was asked for once. Sorted by app and channel.
func (c *Country) subjects(group string, counted members) []subject {
	found := map[subjectKey]subject{}
	for _, r := range c.Seen.Rollouts {
		if key := keyOf(r); groupName(key.group) == group {
			found[key] = subject{group: key.group, app: key.app, channel: key.group.Channel}
		}
	}
	if n := c.network(group); n != nil && c.Networks.Heir(group) == group {
		for _, p := range n.Spec.Apps {
			key := subjectKey{resolution.Group{Network: group}, p.Name}
			found[key] = subject{group: key.group, app: p.Name, channel: cmp.Or(p.Channel, v1alpha1.DefaultChannel), priority: ptr.Deref(p.Priority, 0), asked: true}
		}
	}
	for key := range counted {
		if key.group.Channel != "" && group == Direct {
			found[key] = subject{group: key.group, app: key.app, channel: key.group.Channel, asked: true}
		}
	}
	all := make([]subject, 0, len(found))
	for _, s := range found {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b subject) int {
		return cmp.Or(cmp.Compare(a.app, b.app), cmp.Compare(a.channel, b.channel))
	})
	return all
}

// subjectKey is a group and an app.
type subjectKey struct {
	group resolution.Group
	app   string
}

func keyOf(r *v1alpha1.Rollout) subjectKey {
	return subjectKey{resolution.Group{Network: r.Spec.Network, Channel: r.Spec.Channel}, r.Spec.App}
}

// groupName is the name that a group is worked on by.
func groupName(g resolution.Group) string { return cmp.Or(g.Network, Direct) }

// records are the Rollouts of a group and an app.
func (c *Country) records(key subjectKey) []*v1alpha1.Rollout {
	var all []*v1alpha1.Rollout
	for _, r := range c.Seen.Rollouts {
		if keyOf(r) == key {
			all = append(all, r)
		}
	}
	return all
}

// attempts at a release that installations tell of, by their latest move, in order.
func (c *Country) attempts(s subject, wanted *v1alpha1.Release) []rollout.Moved {
	if wanted == nil {
		return nil
	}
	spec := v1alpha1.RolloutSpec{Network: s.group.Network, Channel: s.group.Channel, App: s.app, Version: wanted.Version}
	var all []rollout.Moved
	for name, installed := range c.movedBy() {
		attempt, ok := rollout.AttemptOf(name, spec)
		if !ok {
			continue
		}
		last := rollout.Moved{Attempt: attempt}
		for _, i := range installed {
			if at := i.Spec.Move.MovedAt.Time; at.After(last.At) {
				last.At = at
			}
		}
		all = append(all, last)
	}
	slices.SortFunc(all, func(a, b rollout.Moved) int { return cmp.Compare(a.Attempt, b.Attempt) })
	return all
}

// strategy of a network, or of those who take apps directly. What a network leaves out it
// takes from the platform, but for approvals and retries, which are its own.
func (c *Country) strategy(group string) (rollout.Strategy, string) {
	spec := v1alpha1.RolloutStrategy{}
	if general := c.Seen.Platform.Rollout; general != nil {
		spec = *general
	}
	own := v1alpha1.RolloutStrategy{}
	if n := c.network(group); n != nil {
		own = ptr.Deref(n.Spec.Rollout, own)
		spec = overridden(spec, own)
	}
	compiled, faults := rollout.Compile(&spec)
	told := make([]string, 0, len(faults))
	for _, f := range faults {
		told = append(told, fmt.Sprintf("spec.rollout.%s of %s: %s", f.Field, sayer(group, own, f.Field), f.Message))
	}
	if len(told) == 0 {
		return compiled, ""
	}
	return compiled, "the strategy to be mended: " + strings.Join(told, "; ")
}

// sayer is who says a field of a group's strategy, and so who mends it: the network itself
// where it says the list that the field is in, else the platform.
func sayer(group string, own v1alpha1.RolloutStrategy, field string) string {
	list, _, _ := strings.Cut(field, "[")
	if (list == "waves" && own.Waves != nil) || (list == "windows" && own.Windows != nil) || (list == "freezes" && own.Freezes != nil) {
		return "Network " + group
	}
	return "Platform " + v1alpha1.PlatformName
}

// overridden is a general strategy with what a network says of its own.
func overridden(general, own v1alpha1.RolloutStrategy) v1alpha1.RolloutStrategy {
	general.Approvals, general.Retries = own.Approvals, own.Retries
	if own.Waves != nil {
		general.Waves = own.Waves
	}
	if own.Windows != nil {
		general.Windows = own.Windows
	}
	if own.Freezes != nil {
		general.Freezes = own.Freezes
	}
	if own.Announcement != nil {
		general.Announcement = own.Announcement
	}
	if own.MaxIntroductions != nil {
		general.MaxIntroductions = own.MaxIntroductions
	}
	return general
}

// release that a channel of an app points at, or why it can't be had.
func release(app *v1alpha1.SharedApp, name, channel string) (*v1alpha1.Release, string) {
	if app == nil {
		return nil, fmt.Sprintf("there is no SharedApp %q", name)
	}
	at := slices.IndexFunc(app.Spec.Channels, func(c v1alpha1.Channel) bool { return c.Name == channel })
	if at < 0 {
		return nil, fmt.Sprintf("SharedApp %s has no channel %q", name, channel)
	}
	version := app.Spec.Channels[at].Version
	if withdrawn(app, version) {
		return nil, fmt.Sprintf("channel %s of SharedApp %s points at %s, which is withdrawn", channel, name, version)
	}
	for _, s := range app.Status.Versions {
		if s.Version == version && s.Available {
			return &v1alpha1.Release{Version: s.Version, Digest: s.Digest}, ""
		}
	}
	return nil, fmt.Sprintf("version %s of SharedApp %s is not available: see its status.versions", version, name)
}

func withdrawn(app *v1alpha1.SharedApp, version string) bool {
	return slices.ContainsFunc(app.Spec.Versions, func(v v1alpha1.Version) bool {
		return v.Version == version && v.State == v1alpha1.VersionWithdrawn
	})
}

// releases of an app that may be gone back to, and those that were withdrawn.
func releases(app *v1alpha1.SharedApp) (usable, gone map[v1alpha1.Release]bool) {
	usable, gone = map[v1alpha1.Release]bool{}, map[v1alpha1.Release]bool{}
	if app == nil {
		return usable, gone
	}
	for _, s := range app.Status.Versions {
		release := v1alpha1.Release{Version: s.Version, Digest: s.Digest}
		if withdrawn(app, s.Version) {
			gone[release] = true
		} else if s.Available {
			usable[release] = true
		}
	}
	return usable, gone
}

// securityFix says whether a version goes through the emergency lane.
func securityFix(app *v1alpha1.SharedApp, version string) bool {
	return app != nil && slices.ContainsFunc(app.Spec.Versions, func(v v1alpha1.Version) bool {
		return v.Version == version && ptr.Deref(v.SecurityFix, false)
	})
}
