package country

import (
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// The shortest and the longest time until the API server is asked again whether it takes what it
// refused. In between, it is as long as it has been refusing: no watch reports that a policy, or a
// quota, was changed.
const (
	shortestRefusal = 10 * time.Second
	longestRefusal  = 5 * time.Minute
)

// Refusal is a write of an AppInstallation that the API server refused for good, such as by an
// admission policy or a quota. Nobody waits for its place, and nothing is written there, while it
// counts: until the municipality, what was decided or the AppInstallation is another one, or until
// the API server takes the write. It is in memory alone: after a restart of the operator the next
// write is refused again. It is never changed.
type Refusal struct {
	// Want is what was to be written.
	Want *v1alpha1.AppInstallation
	// Message names the AppInstallation, what the API server said and the fix.
	Message string
	// Since when the place has been refused.
	Since time.Time
	// Again is when the API server is asked again.
	Again time.Time

	// What the write rested on.
	municipality *v1alpha1.Municipality
	installed    *v1alpha1.AppInstallation
	verdict      resolution.Verdict
}

// Refused is the refusal of a write that was decided upon in this country. It is nil where another
// reason than the municipality's own may be behind it: the place is not decided on any longer, or its
// namespace or AppInstallation is missing or on its way out.
func (c *Country) Refused(want *v1alpha1.AppInstallation, message string) *Refusal {
	municipality, place, placed := installation.PlaceOf(want)
	t := c.Tenant(municipality)
	row := t.Row(place)
	if !placed || row == nil || t.Missing[place.Environment] || (row.Installed != nil && !row.Installed.DeletionTimestamp.IsZero()) {
		return nil
	}

	since := c.Now
	if before := row.Refused; before != nil {
		since = before.Since
	}
	pause := min(max(c.Now.Sub(since), shortestRefusal), longestRefusal)
	return &Refusal{
		Want: want, Message: message, Since: since, Again: c.Now.Add(pause),
		municipality: t.Municipality, installed: row.Installed, verdict: row.Verdict,
	}
}

// counts says whether what a write rested on is as it was. How the installation is doing does not matter.
func (r *Refusal) counts(t *Tenant, row *Row) bool {
	return r != nil && !changesAll(r.municipality, t.Municipality) && sameRequest(r.installed, row.Installed) && reflect.DeepEqual(r.verdict, row.Verdict)
}

// sameRequest says whether two states of an AppInstallation ask for the same.
func sameRequest(a, b *v1alpha1.AppInstallation) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.UID == b.UID && a.Generation == b.Generation &&
		equality.Semantic.DeepEqual(a.Labels, b.Labels) && equality.Semantic.DeepEqual(a.Annotations, b.Annotations)
}

// excuse of a place that can't be written.
func (r *Refusal) excuse() planner.Excuse {
	return planner.Excuse{Reason: v1alpha1.ReasonRefused, Message: r.Message, Away: true}
}

// SetRefused takes what the API server refuses at a place of a municipality; nil where it refuses
// nothing any longer.
func (m *Model) SetRefused(municipality string, place resolution.Place, r *Refusal) {
	in := m.tenants[municipality]
	if in == nil || in.refused[place] == r {
		return
	}
	in.refused = replaced(in.refused, place, r)
	m.touch(municipality).places[place] = true
}
