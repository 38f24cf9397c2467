package outlook

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/door"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Doors is how doors change with the version, each in a sentence.
type Doors struct {
	Opens  []string `json:"opens,omitempty"`
	Closes []string `json:"closes,omitempty"`
	Moves  []string `json:"moves,omitempty"`
	// Waits are those whose version connects to a service that they have no open door to.
	Waits []string `json:"waits,omitempty"`
}

// none says whether all doors stay as they are.
func (d *Doors) none() bool { return len(d.Opens)+len(d.Closes)+len(d.Moves)+len(d.Waits) == 0 }

// doorsOf says how doors change for those who would get the version: doors that lead to the app, by what it lets others in to; and
// doors that it connects by.
func doorsOf(c *country.Country, visits []Visit, q Question, assumed string) *Doors {
	out, seen := &Doors{}, map[string]bool{}
	app := c.Apps.Of(q.App)
	for i := range visits {
		v := &visits[i]
		if v.Reason != "" {
			continue
		}
		all := country.Doors(c, v.Municipality)
		out.compareAll(all, v, app, versionAt(c, v, q.App, assumed), q.Version)
		for _, text := range waitsOf(all, v, q.App, app.Version(q.Version)) {
			if !seen[text] {
				seen[text] = true
				out.Waits = append(out.Waits, text)
			}
		}
	}
	if out.none() {
		return nil
	}
	return out
}

// versionAt is the version of an app that a place has, or is assumed to have.
func versionAt(c *country.Country, v *Visit, app, assumed string) string {
	t := c.Tenant(v.Municipality)
	if t == nil || assumed != "" {
		return assumed
	}
	if there := t.Installed[resolution.Place{App: app, Environment: v.Environment}]; there != nil {
		return there.Spec.Version
	}
	return assumed
}

// compareAll says what becomes of the doors to an app at a place that has one version and gets another.
func (d *Doors) compareAll(all []door.Door, v *Visit, app *catalogue.App, has, next string) {
	for _, to := range all {
		isHere := to.Host == v.Municipality && to.App == app.Name && to.HostEnvironment == v.Environment
		if isHere && (to.State == v1alpha1.DoorOpen || to.State == v1alpha1.DoorClosed) {
			d.compare(to, app.Version(has).Service(to.Service), app.Version(next).Service(to.Service))
		}
	}
}

// waitsOf are the services that a version connects to, and that a place has no open door to, each in a sentence.
func waitsOf(all []door.Door, v *Visit, app string, next *catalogue.Version) []string {
	var waits []string
	for _, required := range next.Connects() {
		if !hasDoor(all, v, app, required) {
			waits = append(waits, fmt.Sprintf("%s, environment %s: no open door to service %s of %s", v.Municipality, v.Environment, required.Service, required.App))
		}
	}
	return waits
}

// compare says what becomes of a door whose host gets another version.
func (d *Doors) compare(of door.Door, from, to *v1alpha1.HostedService) {
	name := fmt.Sprintf("service %s of %s in %s, to %s", of.Service, of.Host, of.HostEnvironment, of.Consumer)
	if of.Environment != "" {
		name += ", environment " + of.Environment
	}
	switch {
	case from == nil && to != nil:
		d.Opens = append(d.Opens, name)
	case from != nil && to == nil:
		d.Closes = append(d.Closes, name)
	case from != nil && !reflect.DeepEqual(from, to):
		ports := make([]string, 0, len(to.Ports))
		for _, p := range to.Ports {
			ports = append(ports, fmt.Sprint(p.Port))
		}
		d.Moves = append(d.Moves, name+", now at port "+strings.Join(ports, ", "))
	}
}

// hasDoor says whether an environment has an open door to a service for an app.
func hasDoor(all []door.Door, v *Visit, app string, required v1alpha1.RequiredService) bool {
	return slices.ContainsFunc(all, func(d door.Door) bool {
		return d.Consumer == v.Municipality && d.Environment == v.Environment && d.App == required.App && d.Service == required.Service && d.State == v1alpha1.DoorOpen &&
			slices.ContainsFunc(d.Clients, func(client door.Client) bool { return client.App == app })
	})
}

func printDoors(out io.Writer, d *Doors) {
	if d == nil {
		return
	}
	fmt.Fprintln(out, "  Doors")
	for _, part := range []struct {
		word string
		all  []string
	}{{"opens", d.Opens}, {"closes", d.Closes}, {"moves", d.Moves}, {"waits", d.Waits}} {
		for _, text := range part.all {
			fmt.Fprintf(out, "    %-7s %s\n", part.word, text)
		}
	}
}
