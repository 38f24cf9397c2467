package walls

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Matrix is every source with every target.
type Matrix struct {
	Sources []End
	Targets []Target
}

// Pair names a connection by its ends.
type Pair struct{ From, To string }

// Label is a target's name with its port.
func (t Target) Label() string {
	if t.Protocol == v1alpha1.ProtocolUDP {
		return fmt.Sprintf("%s:%d/udp", t.Name, t.Port)
	}
	return fmt.Sprintf("%s:%d", t.Name, t.Port)
}

// Each calls a function for every connection that may meet a wall: not for those of an end with itself, nor where neither
// end is a pod.
func (m Matrix) Each(do func(from End, to Target)) {
	for _, from := range m.Sources {
		for _, to := range m.Targets {
			if from.Name != to.Name && (from.isPod() || to.isPod()) {
				do(from, to)
			}
		}
	}
}

// Pairs are the connections that a function says are open.
func (m Matrix) Pairs(open func(from End, to Target) bool) map[Pair]bool {
	all := map[Pair]bool{}
	m.Each(func(from End, to Target) { all[Pair{from.Name, to.Label()}] = open(from, to) })
	return all
}

// Render writes what each source reaches, by the sentence that opens it, and how much is closed to it.
func (m Matrix) Render(d Design) string {
	type answers struct {
		open    map[string][]string // by the sentence
		reached int
		closed  int
	}
	all := map[string]*answers{}
	m.Each(func(from End, to Target) {
		a := all[from.Name]
		if a == nil {
			a = &answers{open: map[string][]string{}}
			all[from.Name] = a
		}
		reason, open := d.Open(from, to)
		if !open {
			a.closed++
			return
		}
		a.reached++
		a.open[reason] = append(a.open[reason], to.Label())
	})

	var out strings.Builder
	for _, from := range m.Sources {
		a := all[from.Name]
		fmt.Fprintf(&out, "%s reaches %d, and %d not\n", from.Name, a.reached, a.closed)
		for _, reason := range slices.Sorted(maps.Keys(a.open)) {
			fmt.Fprintf(&out, "  %s: %s\n", reason, strings.Join(a.open[reason], ", "))
		}
	}
	return out.String()
}

// Differences are the connections that two answers differ on, in words.
func Differences(want, got map[Pair]bool) []string {
	word := map[bool]string{true: "open", false: "closed"}
	var all []string
	for pair, open := range want {
		if answer, asked := got[pair]; !asked {
			all = append(all, fmt.Sprintf("%s to %s: not answered", pair.From, pair.To))
		} else if answer != open {
			all = append(all, fmt.Sprintf("%s to %s: %s, and it has to be %s", pair.From, pair.To, word[answer], word[open]))
		}
	}
	slices.Sort(all)
	return all
}
