package resolution

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

// Networks knows who belongs to which network at a point in time: directly, because
// one network holds another, or because one has ended and another took its place. It
// is compiled once and then asked about many municipalities. It keeps what it was made
// of, and never writes to it.
type Networks struct {
	// all of them, sorted by name.
	all []member
	// at is the index of each name.
	at map[string]int
	// naming finds the networks that name a municipality.
	naming map[string][]int
	// next is when the next of them ends.
	next time.Time
}

// member is one network among the others.
type member struct {
	network *v1alpha1.Network
	// selector is nil where it picks nobody.
	selector labels.Selector
	// heir stands in this network's place: itself, or its last successor; -1 where it
	// is over and left none.
	heir int
	// within are the networks that its direct members belong to.
	within []int
	// nestedCircle and successorCircle lead from the network back to itself; nil where it is on none.
	nestedCircle, successorCircle []int
}

// NewNetworks compiles what a list of networks comes to at a point in time. The list
// must hold all networks, also those that have ended: their members pass through them.
func NewNetworks(list []v1alpha1.Network, now time.Time) *Networks {
	n := &Networks{all: make([]member, len(list)), at: make(map[string]int, len(list)), naming: map[string][]int{}}
	for i := range list {
		n.all[i] = member{network: &list[i], selector: selectorOf(&list[i])}
	}
	slices.SortFunc(n.all, func(a, b member) int { return strings.Compare(a.network.Name, b.network.Name) })
	for i := range n.all {
		network := n.all[i].network
		n.at[network.Name] = i
		for _, name := range network.Spec.Members.Names {
			n.naming[name] = append(n.naming[name], i)
		}
		if ends := network.Spec.Ends; ends != nil && now.Before(ends.Time) {
			n.next = calendar.Earliest(n.next, ends.Time)
		}
	}
	n.inherit(now)
	n.nest()
	return n
}

// selectorOf is the selector of a network; nil where it has none, an empty one, or one
// that does not parse. The network's own status reports that.
func selectorOf(n *v1alpha1.Network) labels.Selector {
	selector, err := metav1.LabelSelectorAsSelector(n.Spec.Members.Selector)
	if err != nil || selector.Empty() || n.Spec.Members.Selector == nil {
		return nil
	}
	return selector
}

// inherit finds who stands in whose place. A successor that nobody knows takes nothing over.
func (n *Networks) inherit(now time.Time) {
	named := make(links, len(n.all))
	for i := range n.all {
		if to, known := n.at[n.all[i].network.Spec.Successor]; known {
			named[i] = []int{to}
		}
	}
	successors, circles := named.open()
	for i := range n.all {
		n.all[i].successorCircle = circles[i]
		heir := i
		for len(successors[heir]) > 0 && handsOver(n.all[heir].network, now) {
			heir = successors[heir][0]
		}
		if over(n.all[heir].network, now) {
			heir = -1
		}
		n.all[i].heir = heir
	}
}

// over says whether a network has ended, or is on its way out.
func over(n *v1alpha1.Network, now time.Time) bool {
	return !n.DeletionTimestamp.IsZero() || (n.Spec.Ends != nil && !now.Before(n.Spec.Ends.Time))
}

// handsOver says whether the time of a network's successor has come, if it has one.
func handsOver(n *v1alpha1.Network, now time.Time) bool {
	return n.Spec.Ends == nil || over(n, now)
}

// nest finds the networks that each network counts for: its heir, and all that hold that one.
func (n *Networks) nest() {
	holds, circles := n.holds().open()
	heldBy := holds.reversed()
	for i := range n.all {
		n.all[i].nestedCircle = circles[i]
		if heir := n.all[i].heir; heir >= 0 {
			n.all[i].within = heldBy.reach(heir)
		}
	}
}

// holds leads from the networks that hold others to those. An heir holds what those in whose
// place it has taken held, and is held where they were.
func (n *Networks) holds() links {
	holds := make(links, len(n.all))
	for i := range n.all {
		for _, name := range n.all[i].network.Spec.Members.Networks {
			inner, known := n.at[name]
			if !known {
				continue
			}
			outer, heir := n.all[i].heir, n.all[inner].heir
			if outer < 0 || heir < 0 || (outer == heir && inner != outer) || slices.Contains(holds[outer], heir) {
				continue // it adds nobody: one that holds its own predecessor has those members anyway
			}
			holds[outer] = append(holds[outer], heir)
		}
	}
	for i := range holds {
		slices.Sort(holds[i]) // so that of two shortest circles always the same is reported
	}
	return holds
}

// Of are the networks that a municipality belongs to now, sorted by name. A network
// that has ended, was handed over or is being deleted is none of them, as it proposes
// nothing any longer: its successor is, if it has one.
func (n *Networks) Of(m *v1alpha1.Municipality) []*v1alpha1.Network {
	belongs, count := make([]bool, len(n.all)), 0
	join := func(i int) {
		for _, to := range n.all[i].within {
			if !belongs[to] {
				belongs[to] = true
				count++
			}
		}
	}
	for _, i := range n.naming[m.Name] {
		if !n.all[i].observes(m.Name) {
			join(i)
		}
	}
	for i := range n.all {
		if n.all[i].selects(m) && !n.all[i].observes(m.Name) {
			join(i)
		}
	}
	if count == 0 {
		return nil
	}

	own := make([]*v1alpha1.Network, 0, count)
	for i := range n.all {
		if belongs[i] && !n.all[i].observes(m.Name) {
			own = append(own, n.all[i].network)
		}
	}

	return own
}

// observes says whether a municipality only observes the network, however it is picked.
func (m *member) observes(municipality string) bool {
	return slices.Contains(m.network.Spec.Members.Observers, municipality)
}

// selects says whether the network's selector picks a municipality.
func (m *member) selects(municipality *v1alpha1.Municipality) bool {
	return m.selector != nil && m.selector.Matches(labels.Set(municipality.Labels))
}

// Observers are the networks that a municipality observes now, sorted by name: it sees them, gets no
// apps by them and counts nowhere. One that is over, or was handed over, is not observed any longer.
func (n *Networks) Observers(m *v1alpha1.Municipality) []*v1alpha1.Network {
	var observed []*v1alpha1.Network
	for i := range n.all {
		if n.all[i].heir == i && n.all[i].observes(m.Name) {
			observed = append(observed, n.all[i].network)
		}
	}

	return observed
}

// Naming are the networks that name a municipality as a member, also those that are over.
func (n *Networks) Naming(municipality string) []*v1alpha1.Network {
	all := make([]*v1alpha1.Network, 0, len(n.naming[municipality]))
	for _, i := range n.naming[municipality] {
		all = append(all, n.all[i].network)
	}

	return all
}

// Named finds a network by name; nil where there is none.
func (n *Networks) Named(name string) *v1alpha1.Network {
	i, known := n.at[name]
	if !known {
		return nil
	}

	return n.all[i].network
}

// Heir is the name of the network that stands in the place of another now: its own while
// it goes on, that of its last successor once it was handed over, and empty where it is
// over and left none, or is unknown.
func (n *Networks) Heir(name string) string {
	i, known := n.at[name]
	if !known || n.all[i].heir < 0 {
		return ""
	}
	return n.all[n.all[i].heir].network.Name
}

// Faults reports what is wrong with how a network holds and follows others, one message
// for each fault, with the field and what to do. Until it is fixed, the faulty link
// counts for nobody; the rest of the network does.
func (n *Networks) Faults(name string) []string {
	i, known := n.at[name]
	if !known {
		return nil
	}
	var faults []string
	spec := n.all[i].network.Spec
	for j, inner := range spec.Members.Networks {
		if _, known := n.at[inner]; !known {
			faults = append(faults, fmt.Sprintf("spec.members.networks[%d] %q: there is no Network of that name: correct the name, or take it out; until then it adds nobody", j, inner))
		}
	}
	if circle := n.all[i].nestedCircle; circle != nil {
		faults = append(faults, fmt.Sprintf("spec.members.networks: %s is a circle of networks that hold each other: take one of them out; until then none of these links adds anybody", n.text(circle)))
	}
	if _, known := n.at[spec.Successor]; !known && spec.Successor != "" {
		faults = append(faults, fmt.Sprintf("spec.successor %q: there is no Network of that name: correct the name, or make that Network; until then nobody takes the members over", spec.Successor))
	}
	if circle := n.all[i].successorCircle; circle != nil {
		faults = append(faults, fmt.Sprintf("spec.successor: %s is a circle of successors: take one of them out; until then none of them takes members over", n.text(circle)))
	}
	return faults
}

// text is a circle for people, as "a > b > a".
func (n *Networks) text(circle []int) string {
	names := make([]string, 0, len(circle))
	for _, i := range circle {
		names = append(names, n.all[i].network.Name)
	}
	return strings.Join(names, " > ")
}

// NextChange is when the next network ends, which may change who belongs to which;
// zero where none will.
func (n *Networks) NextChange() time.Time { return n.next }
