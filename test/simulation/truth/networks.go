package truth

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// networkEnded says whether a network proposes nothing any longer: its end has come, or it is being deleted.
func (t *Truth) networkEnded(n *v1alpha1.Network) bool {
	return !n.DeletionTimestamp.IsZero() || (n.Spec.Ends != nil && !t.Now.Before(n.Spec.Ends.Time))
}

// successor is the network that a network has handed over to; empty where it has not. A successor
// that does not exist, or that leads back to the network, does not count.
func (t *Truth) successor(name string) string {
	n := t.Networks[name]
	next := n.Spec.Successor
	if t.Networks[next] == nil || (n.Spec.Ends != nil && !t.networkEnded(n)) {
		return ""
	}
	seen := map[string]bool{}
	for at := next; t.Networks[at] != nil && !seen[at]; at = t.Networks[at].Spec.Successor {
		if at == name {
			return ""
		}
		seen[at] = true
	}
	return next
}

// Heir is the network that acts in place of another: itself while it goes on; empty where it has
// ended and nobody took over.
func (t *Truth) Heir(name string) string {
	if t.Networks[name] == nil {
		return ""
	}
	if next := t.successor(name); next != "" {
		return t.Heir(next)
	}
	if t.networkEnded(t.Networks[name]) {
		return ""
	}
	return name
}

// within are the networks that hold a network, directly or through others, and the network itself.
// Networks that hold each other in a circle do not count as holding.
func (t *Truth) within(name string) map[string]bool {
	holding := t.Ledger.found.holding
	if known := holding[name]; known != nil {
		return known
	}
	holders := t.holders()
	all := map[string]bool{}
	holding[name] = all
	var climb func(string)
	climb = func(inner string) {
		if all[inner] {
			return
		}
		all[inner] = true
		for _, outer := range holders[inner] {
			if !reaches(holders, outer, inner) { // else the link is part of a circle
				climb(outer)
			}
		}
	}
	climb(name)
	return all
}

// holders are, for each network, those that hold it. A network that took over another holds what that
// held, and is held where it was.
func (t *Truth) holders() map[string][]string {
	f := t.Ledger.found
	if f.heldBy != nil {
		return f.heldBy
	}
	f.heldBy = map[string][]string{}
	for _, name := range Sorted(t.Networks) {
		for _, inner := range t.Networks[name].Spec.Members.Networks {
			outer, held := t.Heir(name), t.Heir(inner)
			if outer == "" || held == "" || (outer == held && name != inner) {
				continue // nobody, or one that holds whom it took over from
			}
			f.heldBy[held] = append(f.heldBy[held], outer)
		}
	}
	return f.heldBy
}

// reaches says whether holding leads from one network up to another.
func reaches(holders map[string][]string, to, from string) bool {
	seen := map[string]bool{}
	var climb func(string) bool
	climb = func(at string) bool {
		if at == from {
			return true
		}
		if seen[at] {
			return false
		}
		seen[at] = true
		for _, outer := range holders[at] {
			if climb(outer) {
				return true
			}
		}
		return false
	}
	return climb(to)
}

// networksOf are the networks that a municipality belongs to now, sorted.
func (t *Truth) networksOf(m *v1alpha1.Municipality) []string {
	belonging := t.Ledger.found.belonging
	if known := belonging[m.Name]; known.of == m {
		return known.networks
	}
	all := map[string]bool{}
	for _, name := range Sorted(t.Networks) {
		heir := t.Heir(name)
		if heir == "" || !t.picks(t.Networks[name], m) {
			continue
		}
		for network := range t.within(heir) {
			all[network] = all[network] || !slices.Contains(t.Networks[network].Spec.Members.Observers, m.Name)
		}
	}
	for network, counts := range all {
		if !counts {
			delete(all, network) // it observes that one, and gets nothing by it
		}
	}
	belongs := Sorted(all)
	belonging[m.Name] = belonged{m, belongs}
	return belongs
}

// picks says whether a network names or selects a municipality that does not merely observe it.
func (t *Truth) picks(n *v1alpha1.Network, m *v1alpha1.Municipality) bool {
	if slices.Contains(n.Spec.Members.Observers, m.Name) {
		return false
	}
	return slices.Contains(n.Spec.Members.Names, m.Name) || t.selects(n.Spec.Members.Selector, m)
}

// selects says whether a selector selects a municipality. An empty one selects nobody.
func (t *Truth) selects(s *metav1.LabelSelector, m *v1alpha1.Municipality) bool {
	if s == nil {
		return false
	}
	selector, known := t.selectors[s]
	if !known {
		var err error
		if selector, err = metav1.LabelSelectorAsSelector(s); err != nil || selector.Empty() {
			selector = labels.Nothing()
		}
		t.selectors[s] = selector
	}
	return selector.Matches(labels.Set(m.Labels))
}
