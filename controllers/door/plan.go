package door

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// planned is what to do in the namespaces of one municipality.
type planned struct {
	// apply in this order, after remove.
	apply []write
	// remove are halves of doors that are closed, and spared those that stay, as the objects are away that they rest on.
	remove, spared []*networkingv1.NetworkPolicy
	// again is when the first of those spared is looked at again; 0 for none.
	again time.Duration
}

// write is a half to be written.
type write struct {
	key    types.NamespacedName
	object apply.Object
}

// plan decides which halves there are to be on the municipality's own side. Where a side is held, none is made; one that is
// there is put back as it should be.
func plan(seen observed) (planned, error) {
	var out planned
	wanted := map[types.NamespacedName]bool{}
	for i := range seen.doors {
		d := &seen.doors[i]
		if d.State != v1alpha1.DoorOpen {
			continue
		}
		for _, h := range halves(d, d.SideOf(seen.name)) {
			live, isLive := seen.policies[h.key()]
			if seen.namespaces[h.Namespace] != seen.name || (d.Held && !isLive) {
				continue
			}
			wanted[h.key()] = true
			object, changed, err := difference(h, live)
			if err != nil {
				return out, err
			}
			if changed {
				out.apply = append(out.apply, write{h.key(), object})
			}
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(seen.policies), func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) }) {
		if !wanted[key] {
			out.remove = append(out.remove, seen.policies[key])
		}
	}
	return out, nil
}

// difference is a half as it should be, and whether the live one differs; live is nil where there is none.
func difference(h half, live *networkingv1.NetworkPolicy) (apply.Object, bool, error) {
	object := apply.NetworkPolicy(h.policy())
	var before apply.Live
	if live != nil {
		before = live
	}
	changed, err := object.Changed(before)
	if err != nil {
		return object, false, fmt.Errorf("compare NetworkPolicy %s: %w", h.key(), err)
	}
	return object, changed, nil
}
