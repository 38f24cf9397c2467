package country

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// shareKey is an app, and a network that proposes it, or Direct.
type shareKey struct{ app, network string }

func (k shareKey) text() string { return pair(k.app, k.network) }

// share is what one municipality adds to the counts of an app in a network, all its environments
// taken together. A municipality counts once: for what the network decides, else as one that
// opted out, else as decided elsewhere.
type share struct {
	// status is that of the place which somebody should look at first; nil where the network
	// decides on none that takes part.
	status *Status
	// wanted is the version of that place.
	wanted string
	// optOut is why the municipality opted out; its reason is empty where it did not.
	optOut v1alpha1.MemberNote
	// elsewhere is who decides instead, in an environment where somebody else does.
	elsewhere v1alpha1.Decider
	// versions are installed, where nobody else decides.
	versions []string
}

// shareOut finds the shares of a tenant. Those of apps of which nothing changed are taken over.
func (t *Tenant) shareOut(was *Tenant, changed map[string]bool, all bool) {
	t.shares = map[shareKey]*share{}
	if !all && was != nil {
		for key, before := range was.shares {
			if !changed[key.app] {
				t.shares[key] = before
			}
		}
	}

	rows := map[string][]*Row{}
	for _, row := range t.Rows {
		if app := row.Verdict.App; all || changed[app] {
			rows[app] = append(rows[app], row)
		}
	}

	for app, of := range rows {
		for _, n := range t.Networks {
			if at := n.Spec.Proposal(app); at != nil {
				t.shares[shareKey{app, n.Name}] = t.shareIn(n.Name, at, of)
			}
		}
		if direct := slices.DeleteFunc(slices.Clone(of), func(row *Row) bool { return !takenDirectly(row.Verdict) }); len(direct) > 0 {
			t.shares[shareKey{app, Direct}] = t.shareIn(Direct, nil, direct)
		}
	}
}

// changedApps are the apps of which a row is not what it was.
func (t *Tenant) changedApps(was *Tenant) map[string]bool {
	changed := map[string]bool{}
	for _, row := range t.Rows {
		if was.Row(row.Verdict.Place) != row {
			changed[row.Verdict.App] = true
		}
	}
	if was == nil {
		return changed
	}
	for _, row := range was.Rows {
		if t.Row(row.Verdict.Place) == nil {
			changed[row.Verdict.App] = true
		}
	}
	return changed
}

// takenDirectly says whether a municipality takes an app by its own decision.
func takenDirectly(v resolution.Verdict) bool {
	if v.Group == (resolution.Group{}) {
		return v.Action == resolution.Install && v.DecidedBy.Level == v1alpha1.LevelMunicipality
	}
	return v.Group.Channel != ""
}

// shareIn is the share in the counts of a network by its proposal, or of Direct by none.
func (t *Tenant) shareIn(network string, proposed *v1alpha1.Proposal, rows []*Row) *share {
	out := &share{}
	for _, row := range rows {
		if proposed != nil {
			if !proposed.For(row.Place.Stage) {
				continue
			}
			if by := elsewhere(network, t.Name, row.Verdict); by != (v1alpha1.Decider{}) {
				out.elsewhere = by
				continue
			}
		}
		if row.Installed != nil && row.Installed.Status.AppliedVersion != "" {
			out.versions = append(out.versions, row.Installed.Status.AppliedVersion)
		}
		if note := t.optedOut(row); note.Reason != "" {
			if out.optOut.Reason == "" {
				out.optOut = note
			}
			continue
		}
		if out.status == nil || row.Status.urgency() < out.status.urgency() {
			out.status, out.wanted = &row.Status, row.Verdict.Wanted
		}
	}

	return out
}

// elsewhere says who decides on a place where a network's proposal does not; zero where it does,
// and where the place declined, deferred or is asked for by nobody, which is to opt out.
func elsewhere(network, municipality string, v resolution.Verdict) v1alpha1.Decider {
	switch {
	case v.Network != "" && v.Network != network:
		return v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: v.Network}
	case v.Group.Network == network, v.Why == resolution.Declined, v.Why == resolution.Deferred:
		return v1alpha1.Decider{}
	case v.Network != "" && v.Why == resolution.Unrequested:
		return v1alpha1.Decider{}
	}
	return v1alpha1.Decider{Level: v1alpha1.LevelMunicipality, Name: municipality}
}

// optedOut says why a place is not counted in the numbers of a network: the municipality decided
// otherwise, or is suspended. Who is blocked should have the app, and counts here as it does in the
// numbers of its municipality and of the app, whatever the obligation; see Status. That nobody waits for
// it is the matter of the rollout, which excuses it.
func (t *Tenant) optedOut(row *Row) v1alpha1.MemberNote {
	excuse := row.Place.Excuse
	switch {
	case excuse.Away, excuse.Reason == "":
		if t.Municipality.Spec.Suspend.IsSuspended() && !row.Status.UpToDate {
			return v1alpha1.MemberNote{Name: t.Name, Reason: v1alpha1.ReasonSuspended, Message: takeOut(t.Municipality)}
		}
		return v1alpha1.MemberNote{}
	case row.Verdict.Why == resolution.Blocked:
		return v1alpha1.MemberNote{}
	}
	return v1alpha1.MemberNote{Name: t.Name, Reason: excuse.Reason, Message: excuse.Message}
}

// urgency sorts what somebody should look at before what is healthy.
func (s *Status) urgency() int {
	switch {
	case Failed(s.State):
		return 0
	case s.Counted && !s.Settled:
		return 1
	case s.Counted && !s.UpToDate:
		return 2
	case s.Message != "":
		return 3
	}
	return 4
}

// Compare sorts what somebody should look at before what is healthy.
func (s *Status) Compare(other *Status) int { return cmp.Compare(s.urgency(), other.urgency()) }

func sameShare(a, b *share) bool { return a == b || reflect.DeepEqual(a, b) }
