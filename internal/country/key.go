package country

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// separator sorts before every letter that a name may hold, so that pairs of names sort as
// their parts do.
const separator = "\x00"

// pair of names, as a key.
func pair(first, second string) string { return first + separator + second }

// hasFirst says whether a name is the first of a pair, or of more.
func hasFirst(key, name string) bool {
	return len(key) > len(name) && key[len(name)] == separator[0] && strings.HasPrefix(key, name)
}

// subjectKey is a group and an app.
type subjectKey struct {
	group resolution.Group
	app   string
}

// text is the key by which subjects are sorted: by the name of the group, app and channel.
func (k subjectKey) text() string {
	return pair(groupName(k.group), pair(k.app, k.group.Channel))
}

func keyOf(r *v1alpha1.Rollout) subjectKey {
	return subjectKey{resolution.Group{Network: r.Spec.Network, Channel: r.Spec.Channel}, r.Spec.App}
}

// movedBy is the subject whose rollout moved an installation last; false where none did.
func movedBy(i *v1alpha1.AppInstallation) (subjectKey, bool) {
	move := i.Spec.Move
	if move == nil || (move.Network == "" && move.Channel == "") {
		return subjectKey{}, false
	}
	return subjectKey{resolution.Group{Network: move.Network, Channel: move.Channel}, i.Spec.App}, true
}

// groupName is the name that a group is worked on by.
func groupName(g resolution.Group) string { return cmp.Or(g.Network, Direct) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
