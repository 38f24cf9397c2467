package appinstallation

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// askedFor is the door by which the municipality asks for a service; nil where it does not, for this app.
func askedFor(i *v1alpha1.AppInstallation, required v1alpha1.RequiredService) *v1alpha1.InstalledDoor {
	at := slices.IndexFunc(i.Spec.Doors, func(d v1alpha1.InstalledDoor) bool { return d.App == required.App && d.Service == required.Service })
	if at < 0 {
		return nil
	}
	return &i.Spec.Doors[at]
}

// doorsOpen waits for the doors that the version requires, before it is first installed or changes its version. Later it stays,
// whatever becomes of them.
func doorsOpen(seen observed) *condition.Outcome {
	if isApplied(seen) {
		return nil
	}
	closed := doorClosed(seen)
	if closed != nil {
		closed.State = condition.Progressing
	}
	return closed
}

// doorClosed says which door that the version requires is not open, and what to do.
func doorClosed(seen observed) *condition.Outcome {
	i := &seen.installation
	for _, required := range seen.offer.Version(i.Spec.Version).Connects() {
		asked := askedFor(i, required)
		switch {
		case asked == nil:
			return stalled(v1alpha1.ReasonDoorClosed, fmt.Sprintf("%s %s connects to service %s of %s: ask a host for it in spec.connects of Municipality %s, with %s among the clients",
				i.Spec.App, i.Spec.Version, required.Service, required.App, i.Spec.Tenant.Municipality, i.Spec.App))
		case !seen.doors[required]:
			return stalled(v1alpha1.ReasonDoorClosed, fmt.Sprintf("%s %s connects to service %s of %s at %s, and that door is not open: see status.doors of Municipality %s",
				i.Spec.App, i.Spec.Version, required.Service, required.App, asked.Host, i.Spec.Tenant.Municipality))
		}
	}
	return nil
}
