package walls

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// door says by which door a pod reaches a target, if by any. Both sides have written it, each in its own Municipality:
//
//  1. The consumer asks for a service of an app, from one of its environments to one of the host's.
//  2. The host offers that service there, to the consumer by name, to members of a network, or to everybody; and the publisher of
//     the app lets it serve so widely.
//  3. Both environments are of one stage, and nobody's time is over.
//  4. A Closed zone at the host is entered only by an offer that names it.
//  5. It leads from the pods of the apps that the consumer names, and from those of the environment that are no app's where it says so.
//  6. It leads to the pods of the app that carry the labels of the service, at its ports of pods, as the version has them that is there.
func (d Design) door(from End, to Target) string {
	for _, ask := range d.municipality(from.Municipality).Spec.Connects {
		isIt := from.isTenant() && ask.Environment == from.Environment && ask.Host == to.Municipality &&
			cmp.Or(ask.HostEnvironment, ask.Environment) == to.Environment && ask.App == to.App
		if !isIt || isOver(ask.Until) || d.environment(from).Stage != d.environment(to.End).Stage || !asksFor(ask, from) || !d.serves(ask.Service, to) {
			continue
		}
		for _, offer := range d.municipality(to.Municipality).Spec.Hosts {
			isOf := offer.App == ask.App && offer.Service == ask.Service && offer.Environment == to.Environment
			entersZone := d.environment(to.End).Zone != v1alpha1.ZoneClosed || offer.Zone == v1alpha1.ZoneClosed
			if isOf && entersZone && !isOver(offer.Until) && d.invites(offer, from.Municipality) {
				return fmt.Sprintf("a door to %s of %s in %s: %s", ask.Service, ask.App, ask.Host, offer.Reason)
			}
		}
	}
	return ""
}

// asksFor says whether a pod is among those that a request is for.
func asksFor(ask v1alpha1.DoorRequest, from End) bool {
	if from.App != "" {
		return slices.Contains(ask.Clients, from.App)
	}
	return ask.OwnWorkloads && from.Namespace == from.Municipality+"-"+from.Environment
}

// serves says whether a target is behind a service of the version that it belongs to.
func (d Design) serves(service string, to Target) bool {
	for _, served := range d.version(to.End).Services {
		atPort := slices.ContainsFunc(served.Ports, func(p v1alpha1.HostedPort) bool {
			return cmp.Or(p.TargetPort, p.Port) == to.Port && cmp.Or(p.Protocol, v1alpha1.ProtocolTCP) == cmp.Or(to.Protocol, v1alpha1.ProtocolTCP)
		})
		if served.Name == service && atPort && carries(to.Labels, served.PodLabels) {
			return true
		}
	}
	return false
}

// invites says whether an offer reaches a municipality, and may: by name where the app serves others at all, as a member of a network
// where it serves networks, as anybody where it serves the nation.
func (d Design) invites(offer v1alpha1.DoorOffer, guest string) bool {
	at := slices.IndexFunc(d.Apps, func(app v1alpha1.SharedApp) bool { return app.Name == offer.App && app.Spec.Hosting != nil })
	if at < 0 {
		return false
	}
	by := d.Apps[at].Spec.Hosting.By
	isMember := slices.ContainsFunc(d.Networks, func(n v1alpha1.Network) bool {
		return slices.Contains(offer.To.Networks, n.Name) && slices.Contains(n.Spec.Members.Names, guest)
	})
	return slices.Contains(offer.To.Municipalities, guest) || (isMember && by != v1alpha1.HostedByMunicipality) ||
		(offer.To.Everybody && by == v1alpha1.HostedByNation)
}

// isOver says whether a time has come that something lasts until.
func isOver(until *metav1.Time) bool {
	return until != nil && !time.Now().Before(until.Time)
}

// municipality is the one of a name; an empty one where there is none.
func (d Design) municipality(name string) v1alpha1.Municipality {
	at := slices.IndexFunc(d.Municipalities, func(m v1alpha1.Municipality) bool { return m.Name == name })
	if at < 0 {
		return v1alpha1.Municipality{}
	}
	return d.Municipalities[at]
}
