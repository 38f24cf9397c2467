package door

import (
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/internal/door"
)

// patience is how long what was open waits for objects that went with their definition, once that is there again.
const patience = 10 * time.Minute

// spare leaves those halves as they are that would go only because a definition went, and every object of its kind with it: nobody
// meant any of them. What people take out closes at once, as always.
func spare(seen observed, todo planned, definitions map[door.Kind]definition.State) planned {
	remove := todo.remove
	todo.remove = nil
	for _, policy := range remove {
		kind := lacks(seen, policy)
		left := time.Duration(0)
		if kind != "" {
			left = waits(policy.CreationTimestamp.Time, definitions[kind], seen.country.Now)
		}
		if left == 0 {
			todo.remove = append(todo.remove, policy)
			continue
		}
		todo.spared = append(todo.spared, policy)
		if todo.again == 0 || left < todo.again {
			todo.again = left
		}
	}
	return todo
}

// waits is for how long a half waits for objects of a kind; 0 where it does not. It does while the definition is away, and a while
// longer where the half was written before the definition came again.
func waits(made time.Time, is definition.State, now time.Time) time.Duration {
	switch {
	case is.Goes:
		return patience
	case made.Before(is.Since):
		return max(0, is.Since.Add(patience).Sub(now))
	}
	return 0
}

// lacks is the kind of the objects without which a half is not to be there any longer; empty where somebody says so.
func lacks(seen observed, policy *networkingv1.NetworkPolicy) door.Kind {
	side := v1alpha1.DoorSide(policy.Labels[v1alpha1.LabelDoor])
	for i := range seen.doors {
		d := &seen.doors[i]
		if d.State != v1alpha1.DoorOpen && d.State != v1alpha1.DoorOffered && d.Has(side, policy.Name) {
			return d.Lacks
		}
	}
	if seen.namespaces[policy.Namespace] != seen.name || municipalityIn(seen.country, policy.Labels[v1alpha1.LabelPeer]) == nil {
		return door.Municipalities
	}
	return ""
}

// isSpared says whether a half of a door is left as it is on this side.
func isSpared(seen observed, d *door.Door, todo planned) bool {
	side := d.SideOf(seen.name)
	for _, policy := range todo.spared {
		if v1alpha1.DoorSide(policy.Labels[v1alpha1.LabelDoor]) == side && d.Has(side, policy.Name) {
			return true
		}
	}
	return false
}
