package resolution

import (
	"maps"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Remember adds to what is installed the AppInstallations that somebody deleted, as the
// Municipality's status still tells them: their apps run on, so they must be written again,
// also where nobody asks for the app any longer, and where the rollout that would bring
// another version waits. It is the one place where a status counts: as memory of what is
// there, not as a wish. Whoever writes that status keeps the row until it is so.
func Remember(m *v1alpha1.Municipality, apps map[string]*v1alpha1.SharedApp, installed map[Place]*v1alpha1.AppInstallation) map[Place]*v1alpha1.AppInstallation {
	known := installed
	for i := range m.Status.Apps {
		row := &m.Status.Apps[i]
		place := Place{App: row.Name, Environment: row.Environment}
		if installed[place] != nil || row.Version == "" || row.State == v1alpha1.AppRemoving {
			continue
		}
		digest := digestOf(apps[row.Name], row.Version)
		if digest == "" {
			continue
		}
		if len(known) == len(installed) {
			known = maps.Clone(installed)
		}
		if known == nil {
			known = map[Place]*v1alpha1.AppInstallation{}
		}
		known[place] = &v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{
			App: row.Name, Version: row.Version, Digest: digest, State: v1alpha1.InstallationPresent, DecidedBy: v1alpha1.Decider{Level: row.DecidedBy.Level, Name: row.DecidedBy.Name},
		}}
	}
	return known
}

// digestOf is the digest that a version has, or had; empty where nobody knows.
func digestOf(app *v1alpha1.SharedApp, version string) string {
	if app == nil {
		return ""
	}
	for _, v := range app.Status.Versions {
		if v.Version == version {
			return v.Digest
		}
	}
	return ""
}
