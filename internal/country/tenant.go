package country

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// Tenant is what is known of one municipality, and what was decided on its apps. It is never
// changed: another takes its place.
type Tenant struct {
	Name string
	// Municipality is nil where installations stay that it left behind.
	Municipality *v1alpha1.Municipality
	// Networks that it belongs to now, sorted by name.
	Networks []*v1alpha1.Network
	// Observed are the networks that it only observes now, sorted by name.
	Observed []*v1alpha1.Network
	// Calendar of its windows and freezes; nil is always. One with a fault never opens.
	Calendar *calendar.Calendar
	// CalendarFaults say what a person has to fix in windows and freezes.
	CalendarFaults []calendar.Fault
	// NumberTaken says which of its numbers belongs to an older municipality; empty where none does. Nothing
	// is asked for in its name then.
	NumberTaken string
	// Installed are its AppInstallations, also in environments that are no longer in its spec.
	Installed map[resolution.Place]*v1alpha1.AppInstallation
	// Missing are the environments of its spec whose namespaces are not there yet, or on their way out.
	Missing map[string]bool
	// Incomplete are those that lack anything that an app may count on, the missing ones included.
	Incomplete map[string]bool
	// Rows are the places that there is anything to say about, sorted by environment and app.
	Rows []*Row
	// Until is when time alone changes a verdict, or how a rollout counts a place; zero if never.
	Until time.Time
	// Revision in which it was worked out last.
	Revision uint64

	// refused is what the API server refused last, whether that counts still or not.
	refused map[resolution.Place]*Refusal
	// considered are all places that were looked at, also those without a row.
	considered map[resolution.Place]*Row
	// apps are those that it was looked at for, or that its status lists.
	apps    map[string]bool
	members map[subjectKey]*planner.Member
	// shares in the counts of networks and apps.
	shares map[shareKey]*share
}

// Row is one place: an app in an environment. It is never changed.
type Row struct {
	// Verdict is what was decided.
	Verdict resolution.Verdict
	// Installed is the AppInstallation; nil where there is none.
	Installed *v1alpha1.AppInstallation
	// Remembered is what the Municipality's status says of an AppInstallation that somebody
	// deleted; nil where Installed is not.
	Remembered *v1alpha1.AppInstallation
	// Refused is what the API server refuses to have written here; nil where it refuses nothing.
	Refused *Refusal
	// Place is how a rollout counts it.
	Place planner.MemberPlace
	// Own is how the municipality's own moves count it; nil where it makes none here.
	Own *planner.OwnPlace
	// Status is how it is doing.
	Status Status

	// until is when time alone changes how it is counted; zero if never.
	until time.Time
}

// compiler works out tenants. It has what they all rest on.
type compiler struct {
	*Country

	// given are the objects of all tenants: those that are worked out later are not in the Country yet.
	given map[string]*inputs
	// missing are environments that are not there, by the names of municipality and environment.
	missing map[string]bool
	// related are apps that one requires, or that require it.
	related map[string][]string
	claims  claims
	// edited are subjects that are being changed, with the Rollouts that they have by now.
	edited map[subjectKey]*Subject
}

// touched says what of a tenant must be worked out again.
type touched struct {
	all    bool
	places map[resolution.Place]bool
	apps   map[string]bool
}

// tenant works out a tenant again, as far as it was touched. What it says of places that
// were not touched is taken over.
func (c compiler) tenant(name string, was *Tenant, in *inputs, t touched) *Tenant {
	now := &Tenant{Name: name, Municipality: in.municipality, Installed: in.installed, refused: in.refused, considered: map[resolution.Place]*Row{}, apps: map[string]bool{}}
	if now.Municipality == nil {
		return now
	}

	now.joinNetworks(c.Networks, was, t)
	now.Calendar, now.CalendarFaults = calendarOf(now.Municipality, was)
	now.Missing, now.Incomplete = c.missingOf(now.Municipality)
	now.NumberTaken = c.claims.taken(now.Municipality)

	for i := range now.Municipality.Status.Apps {
		now.apps[now.Municipality.Status.Apps[i].Name] = true // it may be remembered
	}
	for app := range doorApps(now.Municipality) {
		now.apps[app] = true // its doors rest on it
	}
	known := resolution.Remember(now.Municipality, c.Apps, now.Installed, in.deleted)
	rest := resolution.Input{
		Municipality: now.Municipality, Networks: now.Networks, All: c.Networks, Apps: c.Apps,
		Installed: known, Freeze: isTrue(c.Platform.Freeze), Now: c.Now,
	}
	for i := range now.Municipality.Spec.Environments {
		environment := &now.Municipality.Spec.Environments[i]
		for _, app := range resolution.Apps(rest, environment.Name) {
			place := resolution.Place{App: app, Environment: environment.Name}
			now.consider(place, c.row(was, now, rest, environment, place, t))
		}
	}
	slices.SortFunc(now.Rows, compareRows)
	changed := now.changedApps(was)
	for place := range t.places {
		changed[place.App] = changed[place.App] || now.takenOut(place)
	}
	now.count(was, changed)
	now.shareOut(was, changed, t.all)
	return now
}

// joinNetworks finds the networks of a municipality, unless they are as they were.
func (t *Tenant) joinNetworks(all *resolution.Networks, was *Tenant, what touched) {
	if was != nil && !what.all {
		t.Networks, t.Observed = was.Networks, was.Observed
		return
	}
	t.Networks, t.Observed = all.Of(t.Municipality), all.Observers(t.Municipality)
}

// joinsOthers says whether a municipality belongs to, or observes, other networks than the tenant has.
func (t *Tenant) joinsOthers(m *v1alpha1.Municipality, all *resolution.Networks) bool {
	return !sameNetworks(t.Networks, all.Of(m)) || !sameNetworks(t.Observed, all.Observers(m))
}

// row works out one place, or takes over what was known of it; nil where there is nothing to say.
func (c compiler) row(was, now *Tenant, rest resolution.Input, environment *v1alpha1.Environment, place resolution.Place, t touched) *Row {
	if !t.all && !t.apps[place.App] && !c.touches(t, place) && !now.connectsFrom(place, t.apps) {
		if row, found := was.looked(place); found {
			return row
		}
	}

	verdict, found := resolution.One(rest, environment, place.App)
	if !found || comesNoMore(now, place) {
		return nil
	}

	row := &Row{Verdict: verdict, Installed: now.Installed[place]}
	if row.Installed == nil {
		row.Remembered = rest.Installed[place]
	}
	if refused := now.refused[place]; refused.counts(now, row) {
		row.Refused = refused
	}
	var until time.Time
	row.Place, row.until = c.place(now, row)
	row.Own, until = c.ownPlace(now, row)
	row.until = calendar.Earliest(row.until, until)
	row.Status = c.status(now, row)
	if before := was.Row(place); before != nil && sameRow(before, row) {
		return before
	}
	return row
}

// comesNoMore says whether nothing is installed at a place of a municipality that is being deleted: nothing comes there.
func comesNoMore(t *Tenant, place resolution.Place) bool {
	return t.Installed[place] == nil && !t.Municipality.DeletionTimestamp.IsZero()
}

// touches says whether what changed at other places of an environment may matter at this one:
// that is so of the apps that this one requires, and of those that require it.
func (c compiler) touches(t touched, place resolution.Place) bool {
	if t.places[place] {
		return true
	}
	for _, app := range c.related[place.App] {
		if t.places[resolution.Place{App: app, Environment: place.Environment}] || t.apps[app] {
			return true
		}
	}
	return false
}

func (t *Tenant) consider(place resolution.Place, row *Row) {
	t.considered[place], t.apps[place.App] = row, true
	if row != nil {
		t.Rows = append(t.Rows, row)
		t.Until = calendar.Earliest(calendar.Earliest(t.Until, row.Verdict.Until), row.until)
	}
}

// IsThere says whether there is a Municipality, and not only what it left behind.
func (t *Tenant) IsThere() bool { return t != nil && t.Municipality != nil }

// Row finds a place; nil where there is nothing to say about it.
func (t *Tenant) Row(place resolution.Place) *Row {
	row, _ := t.looked(place)
	return row
}

// looked says whether a place was looked at, and what was to say about it. A tenant that is
// not there has looked at none.
func (t *Tenant) looked(place resolution.Place) (*Row, bool) {
	if t == nil {
		return nil, false
	}
	row, found := t.considered[place]
	return row, found
}

func sameRow(a, b *Row) bool {
	return a.Installed == b.Installed && a.Refused == b.Refused && a.until.Equal(b.until) && reflect.DeepEqual(a.Verdict, b.Verdict) &&
		a.Status == b.Status && reflect.DeepEqual(a.Place, b.Place) && reflect.DeepEqual(a.Own, b.Own) && reflect.DeepEqual(a.Remembered, b.Remembered)
}

// count makes the members of the subjects that the rows belong to. One that is as it was is
// taken over; of an app of which nothing changed, in a municipality that did not, without a look.
func (t *Tenant) count(was *Tenant, changed map[string]bool) {
	t.members = map[subjectKey]*planner.Member{}
	if !t.Municipality.DeletionTimestamp.IsZero() { //guard:municipality-on-its-way-out
		return
	}

	same := was != nil && was.Municipality == t.Municipality
	if same {
		maps.Copy(t.members, was.members)
		maps.DeleteFunc(t.members, func(key subjectKey, _ *planner.Member) bool { return changed[key.app] })
	}
	for _, row := range t.Rows {
		if row.Verdict.Group == (resolution.Group{}) || (same && !changed[row.Verdict.App]) {
			continue
		}
		key := subjectKey{row.Verdict.Group, row.Verdict.App}
		member := t.members[key]
		if member == nil {
			member = t.member()
			t.members[key] = member
		}
		member.Places = append(member.Places, row.Place)
	}
	t.countTakenOut(func(app string) bool { return !same || changed[app] })
	if was != nil {
		t.takeOver(was.members)
	}
}

// member is the municipality as a member of a group, still without places.
func (t *Tenant) member() *planner.Member {
	return &planner.Member{
		Name: t.Name, Labels: t.Municipality.Labels,
		Suspended: t.Municipality.Spec.Suspend.IsSuspended(), //guard:suspended-municipality
		Frozen:    t.Municipality.Spec.Suspend.IsFrozen(),
		Paused:    isTrue(t.Municipality.Spec.Pause), //guard:paused-municipality
		Calendar:  t.Calendar,                        //guard:windows-of-the-municipality
	}
}

// takeOver takes the members over that are as they were.
func (t *Tenant) takeOver(were map[subjectKey]*planner.Member) {
	for key, member := range t.members {
		if before := were[key]; before != nil && before != member && sameMember(before, member) {
			t.members[key] = before
		}
	}
}

func sameMember(a, b *planner.Member) bool {
	return a.Calendar == b.Calendar && reflect.DeepEqual(a, b)
}

// calendarOf compiles the windows and freezes of a municipality, unless they are as they were.
func calendarOf(m *v1alpha1.Municipality, was *Tenant) (*calendar.Calendar, []calendar.Fault) {
	if len(m.Spec.Windows) == 0 && len(m.Spec.Freezes) == 0 {
		return nil, nil
	}
	if was != nil && was.Municipality != nil &&
		equality.Semantic.DeepEqual(was.Municipality.Spec.Windows, m.Spec.Windows) &&
		equality.Semantic.DeepEqual(was.Municipality.Spec.Freezes, m.Spec.Freezes) {
		return was.Calendar, was.CalendarFaults
	}
	return calendar.New(m.Spec.Windows, m.Spec.Freezes)
}

// missingOf are the environments of a municipality that are not there, and those in which
// nothing can be installed yet.
func (c compiler) missingOf(municipality *v1alpha1.Municipality) (missing, incomplete map[string]bool) {
	missing, incomplete = map[string]bool{}, map[string]bool{}
	for i := range municipality.Spec.Environments {
		name := municipality.Spec.Environments[i].Name
		if c.missing[pair(municipality.Name, name)] {
			missing[name] = true
		}
		if missing[name] || !complete(municipality, name) {
			incomplete[name] = true
		}
	}
	return missing, incomplete
}

// complete says whether an environment has all that an app may count on, as far as anybody
// has looked: of a municipality in a file nobody has.
func complete(m *v1alpha1.Municipality, environment string) bool {
	return m.Status.ObservedGeneration < 1 || tenancy.Complete(m, environment)
}

func isTrue(b *bool) bool { return b != nil && *b }
