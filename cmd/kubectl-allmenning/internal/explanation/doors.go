package explanation

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
)

// doors are those of the municipality; with an app, those that lead to it or let it out. What is open the operator knows, and
// writes into the status.
func (s subject) doors(app string) []v1alpha1.Door {
	all := slices.Clone(s.municipality.Status.Doors)
	if s.world.Offline {
		all = nil
		for _, d := range country.Doors(s.country, s.municipality.Name) {
			all = append(all, d.SeenBy(s.municipality.Name))
		}
	}
	return slices.DeleteFunc(all, func(d v1alpha1.Door) bool { return app != "" && d.App != app && !s.asks(d, app) })
}

// asks says whether an app is among the clients of a door.
func (s subject) asks(d v1alpha1.Door, app string) bool {
	return d.Side == v1alpha1.DoorConsumer && slices.ContainsFunc(s.municipality.Spec.Connects, func(r v1alpha1.DoorRequest) bool {
		return r.App == d.App && r.Service == d.Service && r.Environment == d.Environment && slices.Contains(r.Clients, app)
	})
}

func printDoors(out io.Writer, all []v1alpha1.Door, width int) {
	for i, d := range all {
		if i == 0 {
			fmt.Fprintln(out, "\nDoors")
		}
		word := "lets in"
		if d.Side == v1alpha1.DoorConsumer {
			word = "connects"
		}
		printLine(out, word, doorText(d), width)
	}
}

// doorText is a door in sentences: who, what, how it is, and what the two sides say.
func doorText(d v1alpha1.Door) string {
	peer, from := d.Peer, ""
	if peer == "" {
		peer = "those who may"
	}
	if d.PeerEnvironment != "" {
		from = ", environment " + d.PeerEnvironment
	}
	text := fmt.Sprintf("%s%s, to service %s of %s in %s: %s", peer, from, d.Service, d.App, d.Environment, d.State)
	if d.Side == v1alpha1.DoorConsumer {
		text = fmt.Sprintf("%s, from %s, to service %s of %s%s: %s", peer, d.Environment, d.Service, d.App, from, d.State)
	}
	if d.Until != nil {
		text += ", until " + d.Until.UTC().Format(time.RFC3339)
	}
	if d.Message != "" { // it may begin with a name, to which a capital does harm
		text += "; " + d.Message
	}
	text += "." + behind(sentence(d.Opens)) + behind(sentence("why: "+d.Reason))
	if d.Contact != "" {
		text += behind(sentence("who answers: " + d.Contact))
	}
	return text
}

// behind is a sentence behind others, if there is one.
func behind(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}
