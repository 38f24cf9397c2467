package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/spelling"
)

// Doors finds names in the doors of a municipality that lead nowhere, given the names of all municipalities. A door that is closed for
// another reason says so itself.
func Doors(m *v1alpha1.Municipality, k Known, municipalities []string) []string {
	var faults []string
	for i := range m.Spec.Hosts {
		o, field := &m.Spec.Hosts[i], fmt.Sprintf("spec.hosts[%d]", i)
		faults = append(faults, serviceMissing(field, o.App, o.Service, k))
		for n, name := range o.To.Municipalities {
			faults = append(faults, nobody(fmt.Sprintf("%s.to.municipalities[%d]", field, n), name, municipalities))
		}
		for n, name := range o.To.Networks {
			if !k.NoNetworks && k.Networks.Named(name) == nil {
				faults = append(faults, fmt.Sprintf("%s.to.networks[%d]: there is no Network %q: correct the name, or take it out", field, n, name))
			}
		}
	}
	for i := range m.Spec.Connects {
		r, field := &m.Spec.Connects[i], fmt.Sprintf("spec.connects[%d]", i)
		faults = append(faults, serviceMissing(field, r.App, r.Service, k), nobody(field+".host", r.Host, municipalities))
		for n, client := range r.Clients {
			if !k.NoApps && !k.Apps.Of(client).Exists() {
				faults = append(faults, fmt.Sprintf("%s.clients[%d]: there is no SharedApp %q: correct the name, or take it out", field, n, client))
			}
		}
	}
	return distinct(faults)
}

// nobody says that there is no municipality of a name.
func nobody(field, name string, all []string) string {
	if slices.Contains(all, name) {
		return ""
	}
	meant := ""
	if near := spelling.Near(name, all); len(near) > 0 {
		meant = ", but " + strings.Join(near, ", ")
	}
	return fmt.Sprintf("%s: there is no Municipality %q%s: correct the name, or take it out", field, name, meant)
}

// serviceMissing says that an app is not there, or that no version of it has a service.
func serviceMissing(field, app, service string, k Known) string {
	offer := k.Apps.Of(app)
	switch {
	case k.NoApps:
		return ""
	case !offer.Exists():
		return fmt.Sprintf("%s.app: there is no SharedApp %q: correct the name, or take it out", field, app)
	case offer.Object.Spec.Hosting == nil:
		return fmt.Sprintf("%s.app: SharedApp %s serves nobody but its own municipality: its publisher says in spec.hosting if it may", field, app)
	}
	names := servicesOf(offer)
	if slices.Contains(names, service) {
		return ""
	}
	return fmt.Sprintf("%s.service: no version of SharedApp %s has a service %q: it has %s", field, app, service, strings.Join(append(names, "none")[:max(1, len(names))], ", "))
}

// servicesOf are the services of all versions of an app.
func servicesOf(app *catalogue.App) []string {
	var names []string
	for _, v := range app.Versions() {
		for _, s := range v.Services() {
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}
