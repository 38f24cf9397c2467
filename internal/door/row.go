package door

import (
	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// maxText is the longest text of a door in a status, in bytes.
const maxText = 512

// SideOf is the side that a municipality is on.
func (d Door) SideOf(municipality string) v1alpha1.DoorSide {
	if d.Host == municipality {
		return v1alpha1.DoorHost
	}
	return v1alpha1.DoorConsumer
}

// SeenBy is the door as one of its municipalities sees it, as far as it is decided: whether the walls are written the cluster knows.
func (d Door) SeenBy(municipality string) v1alpha1.Door {
	row := v1alpha1.Door{
		Side: d.SideOf(municipality), App: d.App, Service: d.Service, Environment: d.Environment, Peer: d.Host, PeerEnvironment: d.HostEnvironment,
		State: d.State, Reason: d.Reason, Contact: d.Contact, Until: d.Until, Opens: condition.Within(d.Opens(), maxText),
	}
	if row.Side == v1alpha1.DoorHost {
		row.Environment, row.Peer, row.PeerEnvironment = d.HostEnvironment, d.Consumer, d.Environment
	}
	if row.Environment == "" { // an offer says nothing of where those who may come would come from
		row.Environment = d.HostEnvironment
	}
	row.Message = condition.Within(d.message(row.Side), maxText)
	return row
}
