package resolution

import (
	"maps"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// Remember adds to what is installed the AppInstallations that somebody deleted: their apps run on,
// so they must be written again at the version that was there, also where nobody asks for the app
// any longer, and where the rollout that would bring another version waits.
//
// Deleted are those whose deletion was seen, as they were last: they are known exactly, with who
// brought them. Where that is not known, as the operator was started since, the Municipality's status
// says. It is the one place where a status counts: as memory of what is there, not as a wish. Who
// writes that status keeps the row until the AppInstallation is back. Of the version that was there, and the one that was
// asked for, the higher comes back: it may have been applied before the status said so.
//
// The status has at most 1,000 rows, and the operator is made for 180 apps in five environments, which
// are 900. Of a municipality that has more, what runs is cut from the status, so that one which is deleted while
// no operator runs is not known: there is nothing else to read it from, and it comes back as a new one does.
func Remember(
	m *v1alpha1.Municipality, apps catalogue.Apps, installed, deleted map[Place]*v1alpha1.AppInstallation,
) map[Place]*v1alpha1.AppInstallation {
	known := maps.Clone(installed)
	if known == nil {
		known = map[Place]*v1alpha1.AppInstallation{}
	}
	for place, was := range deleted {
		if known[place] == nil && was.Spec.State != v1alpha1.InstallationAbsent {
			known[place] = was
		}
	}

	for i := range m.Status.Apps {
		row := &m.Status.Apps[i]
		place := Place{App: row.Name, Environment: row.Environment}
		version := higher(row.Version, row.Asked)
		digest := apps.Of(row.Name).Digest(version)
		if known[place] != nil || deleted[place] != nil || version == "" || row.State == v1alpha1.AppRemoving || digest == "" {
			continue
		}
		known[place] = &v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{
			App: row.Name, Isolation: catalogue.Isolation(apps.Of(row.Name)), Version: version, Digest: digest, State: v1alpha1.InstallationPresent,
			DecidedBy: v1alpha1.Decider{Level: row.DecidedBy.Level, Name: row.DecidedBy.Name},
		}}
	}

	return known
}

// higher is the higher of two versions, either of which may be empty.
func higher(a, b string) string {
	if a == "" || catalogue.Lower(a, b) {
		return b
	}
	return a
}
