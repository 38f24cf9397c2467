package country

// Changed says whom the last changes concern. What is not named is as it was.
type Changed struct {
	// Decisions are municipalities in which what was decided, or what is asked of an
	// AppInstallation, is another thing now.
	Decisions map[string]bool
	// Municipalities are those of which anything is another thing now.
	Municipalities map[string]bool
	// Doors are municipalities whose doors may be others now.
	Doors map[string]bool
	// Groups are those whose plan may be another one now.
	Groups map[string]bool
	// Courses are those groups of which somebody changed what they ask for, or of whom, or a
	// Rollout: not only how installations are doing.
	Courses map[string]bool
	// Networks are those of whose members or apps anything is another thing now.
	Networks map[string]bool
	// Apps are those of which anything is another thing now, wherever they are installed.
	Apps map[string]bool
	// NetworkSpecs are networks whose spec may make another sense now: itself, or what it rests on.
	NetworkSpecs map[string]bool
	// AppSpecs are the apps of which the same is so.
	AppSpecs map[string]bool
	// PlatformSpec says that it is so of the Platform's strategy.
	PlatformSpec bool
}

func newChanged() Changed {
	return Changed{
		Decisions: map[string]bool{}, Municipalities: map[string]bool{}, Doors: map[string]bool{}, Groups: map[string]bool{}, Courses: map[string]bool{},
		Networks: map[string]bool{}, Apps: map[string]bool{}, NetworkSpecs: map[string]bool{}, AppSpecs: map[string]bool{},
	}
}

// Everything is the change that a reader has to expect who has not seen the country before.
func Everything(c *Country) Changed {
	all := newChanged()
	for t := range c.Tenants {
		all.Decisions[t.Name], all.Municipalities[t.Name], all.Doors[t.Name] = true, true, true
	}
	for _, name := range c.Groups() {
		all.Groups[name] = true
	}
	for name := range c.networks {
		all.Networks[name], all.NetworkSpecs[name] = true, true
	}
	for name := range c.Apps {
		all.Apps[name], all.AppSpecs[name] = true, true
	}
	all.PlatformSpec = true
	return all
}

// Nothing says whether nothing changed.
func (c Changed) Nothing() bool {
	return len(c.Decisions)+len(c.Municipalities)+len(c.Doors)+len(c.Groups)+len(c.Networks)+len(c.Apps)+len(c.NetworkSpecs)+len(c.AppSpecs) == 0 && !c.PlatformSpec
}

// course notes a group whose course may be another one now.
func (c Changed) course(group string) { c.Groups[group], c.Courses[group] = true, true }
