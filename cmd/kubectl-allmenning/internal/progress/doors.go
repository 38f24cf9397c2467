package progress

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Door is a door between two municipalities, as the statuses of both say.
type Door struct {
	Host            string             `json:"host"`
	HostEnvironment string             `json:"hostEnvironment,omitempty"`
	App             string             `json:"app"`
	Service         string             `json:"service"`
	Consumer        string             `json:"consumer,omitempty"`
	Environment     string             `json:"environment,omitempty"`
	State           v1alpha1.DoorState `json:"state"`
	Until           string             `json:"until,omitempty"`
	Opens           string             `json:"opens,omitempty"`
	Reason          string             `json:"reason,omitempty"`
	Contact         string             `json:"contact,omitempty"`
	Message         string             `json:"message,omitempty"`
}

// key is what makes it this door.
func (d Door) key() string {
	return strings.Join([]string{d.Host, d.App, d.Service, d.Consumer, d.Environment, d.HostEnvironment}, "/")
}

// Doors are all doors of some municipalities, each once, those first that should be open and are not. Where the two sides do not say the
// same, as one of them was not looked at yet, what is less open counts.
func Doors(municipalities []v1alpha1.Municipality, of, app string) []Door {
	all := map[string]Door{}
	for i := range municipalities {
		m := &municipalities[i]
		for _, row := range m.Status.Doors {
			d := doorOf(m.Name, row)
			if (of != "" && d.Host != of && d.Consumer != of) || (app != "" && d.App != app) {
				continue
			}
			if known, found := all[d.key()]; !found || doorRank(d.State) < doorRank(known.State) {
				all[d.key()] = d
			}
		}
	}
	sorted := make([]Door, 0, len(all))
	for _, d := range all {
		sorted = append(sorted, d)
	}
	slices.SortFunc(sorted, func(a, b Door) int {
		return cmp.Or(cmp.Compare(doorRank(a.State), doorRank(b.State)), cmp.Compare(a.key(), b.key()))
	})
	return sorted
}

func doorOf(municipality string, row v1alpha1.Door) Door {
	d := Door{
		Host: municipality, HostEnvironment: row.Environment, Consumer: row.Peer, Environment: row.PeerEnvironment, App: row.App, Service: row.Service,
		State: row.State, Opens: row.Opens, Reason: row.Reason, Contact: row.Contact, Message: row.Message,
	}
	if row.Side == v1alpha1.DoorConsumer {
		d.Host, d.HostEnvironment, d.Consumer, d.Environment = row.Peer, row.PeerEnvironment, municipality, row.Environment
	}
	if d.State == v1alpha1.DoorOffered || (d.State == v1alpha1.DoorEnded && row.PeerEnvironment == "") {
		d.Environment = "" // nothing says where it would come from
	}
	if row.Until != nil {
		d.Until = row.Until.UTC().Format(time.RFC3339)
	}
	return d
}

// doorRank puts first what a person should look at.
func doorRank(state v1alpha1.DoorState) int {
	return slices.Index([]v1alpha1.DoorState{
		v1alpha1.DoorClosed, v1alpha1.DoorEnded, v1alpha1.DoorExpired, v1alpha1.DoorAsked, v1alpha1.DoorOpening, v1alpha1.DoorOpen, v1alpha1.DoorOffered,
	}, state)
}

// DoorLines are the table of doors, its heading first.
func DoorLines(doors []Door) []string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "HOST\tENVIRONMENT\tAPP\tSERVICE\tCONSUMER\tFROM\tSTATE\tUNTIL\tMESSAGE")
	for _, d := range doors {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.Host, cmp.Or(d.HostEnvironment, "-"), d.App, d.Service, cmp.Or(d.Consumer, "-"), cmp.Or(d.Environment, "-"),
			d.State, cmp.Or(d.Until, "-"), d.Message)
	}
	_ = table.Flush() // a strings.Builder takes everything
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}
