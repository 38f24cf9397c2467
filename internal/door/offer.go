package door

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/spelling"
)

// reach is how an offer comes to reach somebody.
type reach int

// The ways, the narrowest last.
const (
	notAtAll reach = iota
	asEverybody
	asMember
	byName
)

// reaches says how an offer reaches a municipality.
func reaches(o *v1alpha1.DoorOffer, who Party) reach {
	switch {
	case slices.Contains(o.To.Municipalities, who.Name):
		return byName
	case slices.ContainsFunc(o.To.Networks, who.isMember):
		return asMember
	case o.To.Everybody:
		return asEverybody
	}
	return notAtAll
}

// widest is how far the hosting of an app reaches; false where it serves nobody else.
func widest(app *catalogue.App) (reach, bool) {
	if !app.Exists() || app.Object.Spec.Hosting == nil {
		return notAtAll, false
	}
	switch app.Object.Spec.Hosting.By {
	case v1alpha1.HostedByNation:
		return asEverybody, true
	case v1alpha1.HostedByNetwork:
		return asMember, true
	case v1alpha1.HostedByMunicipality:
	}
	return byName, true
}

// best is the offer of a host that counts for a consumer; nil where none reaches it. Of several that which lasts longest
// does; one that may not reach so far counts only where there is no other.
func best(host, consumer Party, key Key, rest Rest) *v1alpha1.DoorOffer {
	if host.Municipality == nil {
		return nil
	}
	var found *v1alpha1.DoorOffer
	limit, _ := widest(rest.Apps.Of(key.App))
	within := func(o *v1alpha1.DoorOffer) bool { return reaches(o, consumer) >= limit }
	for i := range host.Municipality.Spec.Hosts {
		o := &host.Municipality.Spec.Hosts[i]
		if !isOf(o, key) || reaches(o, consumer) == notAtAll {
			continue
		}
		if found == nil || isBetter(o, found, within) {
			found = o
		}
	}
	return found
}

// withoutOffer is the kind of an object that may be away where no offer reaches a consumer: the host, or a network that it belonged to.
func withoutOffer(host Party, key Key) Kind {
	if host.Municipality == nil {
		return Municipalities
	}
	if slices.ContainsFunc(host.Municipality.Spec.Hosts, func(o v1alpha1.DoorOffer) bool { return isOf(&o, key) && len(o.To.Networks) > 0 }) {
		return Networks
	}
	return ""
}

// isOf says whether an offer is of the service of a door, in the environment of its host.
func isOf(o *v1alpha1.DoorOffer, key Key) bool {
	return o.App == key.App && o.Service == key.Service && o.Environment == key.HostEnvironment
}

// isBetter says whether an offer counts rather than another: that which may reach so far, and of two alike that which lasts longer.
func isBetter(o, other *v1alpha1.DoorOffer, within func(*v1alpha1.DoorOffer) bool) bool {
	if within(o) != within(other) {
		return within(o)
	}
	return other.Until != nil && (o.Until == nil || other.Until.Before(o.Until))
}

// notOffered says why a door that is asked for is none, to the one that asks.
func (d *Door) notOffered(host Party, at int) string {
	field := fmt.Sprintf("spec.connects[%d]", at)
	m := host.Municipality
	if m == nil {
		return fmt.Sprintf("%s.host: there is no Municipality %q: correct the name, or take it out", field, host.Name)
	}
	var environments, services []string
	for i := range m.Spec.Hosts {
		o := &m.Spec.Hosts[i]
		switch {
		case o.App != d.App:
		case o.Service != d.Service:
			services = append(services, o.Service)
		case o.Environment != d.HostEnvironment:
			environments = append(environments, o.Environment)
		default:
			return fmt.Sprintf("%s offers it, and not to %s: ask %s to add it to spec.hosts[%d].to%s", host.Name, d.Consumer, o.Contact, i, onlyMembers(o))
		}
	}
	switch {
	case len(environments) > 0:
		return fmt.Sprintf("%s.hostEnvironment: %s offers it in %s, and not in %s: name that, if it is of the same stage", field, host.Name, strings.Join(environments, ", "), d.HostEnvironment)
	case len(services) > 0:
		meant := services
		if near := spelling.Near(d.Service, services); len(near) > 0 {
			meant = near
		}
		return fmt.Sprintf("%s.service: %s offers %s of %s, and not %s", field, host.Name, strings.Join(meant, ", "), d.App, d.Service)
	}
	return fmt.Sprintf("%s does not offer it in its spec.hosts: nothing is open until it does", host.Name)
}

// onlyMembers says of an offer to networks that it is for their members.
func onlyMembers(o *v1alpha1.DoorOffer) string {
	if len(o.To.Networks) == 0 {
		return ""
	}
	return ", or join " + strings.Join(o.To.Networks, " or ") + ", whose members may"
}
