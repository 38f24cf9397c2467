package country

import (
	"github.com/tidwall/btree"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Adoption is how an app is doing at the members of one network, or at those who take it directly.
// It is never changed: another takes its place.
type Adoption struct {
	// Tally of the members that should have the app, by this network.
	Tally

	App string
	// Network is Direct for those who take the app directly.
	Network string
	// Asked says that the network proposes the app now.
	Asked bool

	optedOut  btree.Map[string, v1alpha1.MemberNote]
	elsewhere btree.Map[string, v1alpha1.Decider]
	versions  numbers
	wanted    numbers
}

// OptedOut is the number of members that opted out.
func (a *Adoption) OptedOut() int { return a.optedOut.Len() }

// OptedOutMembers goes through them, sorted by name.
func (a *Adoption) OptedOutMembers(yield func(v1alpha1.MemberNote) bool) {
	a.optedOut.Scan(func(_ string, note v1alpha1.MemberNote) bool { return yield(note) })
}

// Elsewhere is the number of members for which others decide.
func (a *Adoption) Elsewhere() int { return a.elsewhere.Len() }

// DecidedElsewhere goes through them, and who decides, sorted by name.
func (a *Adoption) DecidedElsewhere(yield func(string, v1alpha1.Decider) bool) {
	a.elsewhere.Scan(yield)
}

// Versions goes through the versions that members have, with the number of installations, sorted
// as texts.
func (a *Adoption) Versions(yield func(string, int) bool) { a.versions.all(yield) }

// Wanted is the version that all members want which take part; empty where they want several.
func (a *Adoption) Wanted() string {
	if a.wanted.by.Len() != 1 {
		return ""
	}
	version, _, _ := a.wanted.by.Min()
	return version
}

func (a *Adoption) empty() bool {
	return !a.Asked && a.Counted == 0 && a.optedOut.Len() == 0 && a.elsewhere.Len() == 0 && a.versions.by.Len() == 0
}

func (a *Adoption) copy() *Adoption {
	next := *a
	next.Tally = a.Tally.copy()
	next.optedOut, next.elsewhere = *a.optedOut.Copy(), *a.elsewhere.Copy()
	next.versions, next.wanted = a.versions.copy(), a.wanted.copy()
	return &next
}

func (a *Adoption) add(name string, s *share) {
	for _, version := range s.versions {
		a.versions.add(version, 1)
	}
	switch {
	case s.status != nil:
		a.Tally.add(name, *s.status)
		a.wanted.add(s.wanted, 1)
	case s.optOut.Reason != "":
		a.optedOut.Set(name, s.optOut)
	case s.elsewhere != (v1alpha1.Decider{}):
		a.elsewhere.Set(name, s.elsewhere)
	}
}

func (a *Adoption) remove(name string, s *share) {
	for _, version := range s.versions {
		a.versions.add(version, -1)
	}
	if s.status != nil {
		a.Tally.remove(name, *s.status)
		a.wanted.add(s.wanted, -1)
		return
	}
	a.optedOut.Delete(name)
	a.elsewhere.Delete(name)
}

// Usage is how an app is doing everywhere, and which of its versions are in use. It is never
// changed: another takes its place.
type Usage struct {
	// Tally of the places, by PlaceName.
	Tally

	App string
	// Installations are all there are, also in environments that are in no spec any longer.
	Installations int

	// used are installations by the versions that they have or are asked to have.
	used numbers
	// applied are installations by the version that they have, and their namespace.
	applied btree.Map[string, string]
}

// Versions goes through the versions in use, with the number of installations, sorted as texts. An
// installation on its way from one to another counts for both.
func (u *Usage) Versions(yield func(string, int) bool) { u.used.all(yield) }

// Having goes through the namespaces of the installations that have a version, sorted.
func (u *Usage) Having(version string) func(func(string) bool) {
	return func(yield func(string) bool) {
		u.applied.Ascend(pair(version, ""), func(key, namespace string) bool { return hasFirst(key, version) && yield(namespace) })
	}
}

func (u *Usage) empty() bool { return u.Counted == 0 && u.Installations == 0 }

func (u *Usage) copy() *Usage {
	next := *u
	next.Tally, next.used, next.applied = u.Tally.copy(), u.used.copy(), *u.applied.Copy()
	return &next
}

// install counts an installation, or no longer.
func (u *Usage) install(i *v1alpha1.AppInstallation, by int) {
	if i == nil {
		return
	}
	u.Installations += by
	asked, has := i.Spec.Version, i.Status.AppliedVersion
	u.used.add(asked, by)
	if has == "" {
		return
	}
	if has != asked {
		u.used.add(has, by)
	}
	if by > 0 {
		u.applied.Set(pair(has, i.Namespace), i.Namespace)
	} else {
		u.applied.Delete(pair(has, i.Namespace))
	}
}

// Adoption finds how an app is doing in a network, or in Direct. It is never nil.
func (c *Country) Adoption(app, network string) *Adoption {
	if a, found := c.adoptions.Get(shareKey{app, network}.text()); found {
		return a
	}
	return &Adoption{App: app, Network: network}
}

// Adoptions goes through the networks in which there is anything to say of an app, and Direct,
// sorted by name.
func (c *Country) Adoptions(app string) func(func(*Adoption) bool) {
	return func(yield func(*Adoption) bool) {
		c.adoptions.Ascend(pair(app, ""), func(key string, a *Adoption) bool { return hasFirst(key, app) && yield(a) })
	}
}

// Usage finds how an app is doing everywhere. It is never nil.
func (c *Country) Usage(app string) *Usage {
	if u, found := c.usages.Get(app); found {
		return u
	}
	return &Usage{App: app}
}
