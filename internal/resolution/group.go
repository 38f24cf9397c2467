package resolution

import "fmt"

// Group is whose rollout moves a place: the members of a network, or those who follow
// a channel by their own decision. It is zero where the municipality named the version
// itself, and where nobody moves the place. A place that is excused, as it is held,
// deferred, declined, kept or blocked, still has the group whose rollout counts it so.
type Group struct {
	// Network whose rollout moves the place.
	Network string
	// Channel that the municipality follows directly, where no network moves the place.
	Channel string
}

// String is the group for people.
func (g Group) String() string {
	switch {
	case g.Network != "":
		return g.Network
	case g.Channel != "":
		return fmt.Sprintf("direct adopters of channel %s", g.Channel)
	}
	return "no group"
}
