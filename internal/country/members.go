package country

import (
	"cmp"
	"slices"

	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/dependency"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

// The codes of places that are away, besides those of package rollout.
const (
	codeEnvironment = "EnvironmentPending"
	codeDependency  = "DependencyMissing"
)

// members of each group and app, sorted by name.
type members map[subjectKey][]rollout.Member

// counted finds the members of a network, or of all who take apps directly.
func (c *Country) counted(group string) members {
	all := members{}
	belongs := func(*v1alpha1.Municipality) bool { return true }
	if group != Direct {
		belongs = c.Networks.Members(group)
	}
	for _, m := range c.municipalities {
		if !belongs(m) ||
			!m.DeletionTimestamp.IsZero() { //guard:municipality-on-its-way-out
			continue
		}
		for _, v := range c.Verdicts(m) {
			if v.Group == (resolution.Group{}) || groupName(v.Group) != group {
				continue
			}
			key := subjectKey{v.Group, v.App}
			list := all[key]
			if len(list) == 0 || list[len(list)-1].Name != m.Name {
				list = append(list, rollout.Member{
					Name: m.Name, Labels: m.Labels,
					Suspended: ptr.Deref(m.Spec.Suspend, false), //guard:suspended-municipality
					Calendar:  c.calendarOf(m),                  //guard:windows-of-the-municipality
				})
			}
			last := &list[len(list)-1]
			last.Places = append(last.Places, c.place(m, v))
			all[key] = list
		}
	}
	return all
}

// place is one verdict, as a rollout counts it.
func (c *Country) place(m *v1alpha1.Municipality, v resolution.Verdict) rollout.Place {
	p := rollout.Place{Environment: v.Environment, Stage: m.Spec.StageOf(v.Environment)}
	there := c.Seen.Installations[m.Name][v.Place]
	if there != nil && there.Spec.State != v1alpha1.InstallationAbsent {
		p.Installed = rollout.Observe(there)
	}
	p.Excuse = c.excuse(m, v, there) //guard:excuses
	return p
}

// excuse of a place. What stands in the way of everybody, such as a version that is not
// available, is no excuse: the whole rollout waits for that.
func (c *Country) excuse(m *v1alpha1.Municipality, v resolution.Verdict, there *v1alpha1.AppInstallation) rollout.Excuse {
	app := c.Seen.Apps[v.App]
	// A hold that can't be met where nothing is installed is its own municipality's matter.
	everybody := !v.OnHold && (v.Target == (v1alpha1.Release{}) || app == nil || ptr.Deref(app.Spec.Suspend, false))
	if v.Why != "" && (v.Why != resolution.Blocked || !everybody) {
		return rollout.Excuse{Reason: string(v.Why), Message: cmp.Or(v.Message, v.DecidedBy.Reason)}
	}
	if c.Seen.Missing[v1alpha1.NamespaceFor(m.Name, v.Environment)] { //guard:environment-must-exist
		return rollout.Excuse{Reason: codeEnvironment, Message: "environment " + v.Environment + " is not there yet", Away: true}
	}
	if there != nil && ptr.Deref(there.Spec.Suspend, false) {
		return rollout.Excuse{Reason: rollout.ReasonSuspended, Message: "the AppInstallation in " + there.Namespace + " is suspended (spec.suspend)", Away: true}
	}
	return c.lacks(m, v, there)
}

// lacks is the excuse of a place where an app that this one requires is not there yet. A place
// that has the version already needs none.
func (c *Country) lacks(m *v1alpha1.Municipality, v resolution.Verdict, there *v1alpha1.AppInstallation) rollout.Excuse {
	app := c.Seen.Apps[v.App]
	if app == nil || app.Spec.Requires == nil || (there != nil && there.Spec.Digest == v.Target.Digest) {
		return rollout.Excuse{}
	}
	for _, needed := range app.Spec.Requires.Apps {
		found := c.Seen.Installations[m.Name][resolution.Place{App: needed.Name, Environment: v.Environment}]
		if unmet := dependency.Unmet(needed, found); unmet != "" { //guard:required-apps-must-run
			return rollout.Excuse{Reason: codeDependency, Message: v.Environment + ": " + v.App + " requires " + unmet, Away: true}
		}
	}
	return rollout.Excuse{}
}

// left are the municipalities that a rollout moved and that are no members any longer.
func (c *Country) left(r *v1alpha1.Rollout, present []rollout.Member) []rollout.Left {
	gone := map[string]rollout.Left{}
	stays := func(name string) bool {
		_, found := slices.BinarySearchFunc(present, name, func(m rollout.Member, name string) int { return cmp.Compare(m.Name, name) })
		return found
	}
	for _, i := range c.movedBy()[r.Name] {
		name := i.Labels[v1alpha1.LabelMunicipality]
		if stays(name) || i.Spec.Move.Wave == "" {
			continue
		}
		l := gone[name]
		l.Name, l.Wave = name, max(l.Wave, i.Spec.Move.Wave) // of two, where waves were edited, always the same
		l.Failed = l.Failed || i.Spec.Move.Outcome != ""     //guard:failed-and-left-counts
		gone[name] = l
	}
	for _, note := range r.Status.FailedMembers { // whose installations went with them
		if _, known := gone[note.Name]; !known && !stays(note.Name) {
			gone[note.Name] = rollout.Left{Name: note.Name, Wave: note.Wave, Failed: true}
		}
	}
	all := make([]rollout.Left, 0, len(gone))
	for _, l := range gone {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b rollout.Left) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
