package installation

import (
	"cmp"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// doorsOf are the doors that a municipality asks for with an app among the clients. They rest on the request, and on where the host
// has the app: what an app knows of an address does not change when the door closes, so that nothing of it is started again for that.
func doorsOf(rest Rest, m *v1alpha1.Municipality, environment, app string) []v1alpha1.InstalledDoor {
	var all []v1alpha1.InstalledDoor
	for i := range m.Spec.Connects {
		r := &m.Spec.Connects[i]
		if r.Environment != environment || !slices.Contains(r.Clients, app) {
			continue
		}
		d := v1alpha1.InstalledDoor{App: r.App, Service: r.Service, Host: r.Host, HostEnvironment: r.At(), Address: r.Service + "." + homeAt(rest, r) + ".svc"}
		if r.SecretRef != nil {
			d.Secret = r.SecretRef.Name
		}
		all = append(all, d)
	}
	return all
}

// homeAt is the namespace of an app at its host: where it is, also when the catalogue has lost it or says something else by now, or
// where it would be.
func homeAt(rest Rest, r *v1alpha1.DoorRequest) string {
	if i := rest.Installed(r.Host, resolution.Place{App: r.App, Environment: r.At()}); i != nil {
		return tenancy.Home(i)
	}
	environment := v1alpha1.NamespaceFor(r.Host, r.At())
	if catalogue.Isolation(rest.Apps.Of(r.App)) == v1alpha1.IsolationOwn {
		return tenancy.OwnNamespace(environment, r.App)
	}
	return environment
}

// carriedDoors are the doors of a wish, and those that what is installed knows of and that nobody asks for any longer: that a request is taken out
// starts nothing again. They are in order.
func carriedDoors(want, live []v1alpha1.InstalledDoor) []v1alpha1.InstalledDoor {
	all := slices.Clone(want)
	for _, d := range live {
		if !slices.ContainsFunc(want, func(w v1alpha1.InstalledDoor) bool { return w.App == d.App && w.Service == d.Service }) {
			all = append(all, d)
		}
	}
	return inOrder(all)
}

// inOrder sorts doors: in which order the API server keeps them says nothing.
func inOrder(doors []v1alpha1.InstalledDoor) []v1alpha1.InstalledDoor {
	sorted := slices.Clone(doors)
	slices.SortFunc(sorted, func(a, b v1alpha1.InstalledDoor) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Service, b.Service))
	})
	return sorted
}
