package truth

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Group is whose rollout brings versions: a network, or those who follow a channel by themselves.
type Group struct{ Network, Channel string }

// municipal is, among those who bring versions, the municipality itself.
var municipal = Group{}

func groupOf(r *v1alpha1.Rollout) Group { return Group{r.Spec.Network, r.Spec.Channel} }

func (g Group) String() string {
	switch {
	case g.Network != "":
		return g.Network
	case g.Channel != "":
		return "channel " + g.Channel
	}
	return "no group"
}

// words are what a municipality says about an app in one environment.
type words struct {
	decision                 v1alpha1.Decision
	reason                   string
	hold                     *v1alpha1.Hold
	network, channel, pinned string
	// immediate says that a version it names comes everywhere at once.
	immediate bool
}

// lasts says whether something lasts at a time; what has no end does.
func lasts(until *metav1.Time, now time.Time) bool { return until == nil || now.Before(until.Time) }

// wordsOf a municipality at a time. Those for the environment go before those for all; what has
// run out leaves what was said before it.
func wordsOf(m *v1alpha1.Municipality, k Key, now time.Time) words {
	at := slices.IndexFunc(m.Spec.Apps, func(d v1alpha1.AppDecision) bool { return d.Name == k.App })
	if at < 0 {
		return words{}
	}
	said := m.Spec.Apps[at]
	var w words
	if said.Decision == v1alpha1.DecisionAdopt {
		w.network, w.channel, w.pinned = said.Network, said.Channel, said.Version
	}
	w.immediate = ptr.Deref(said.Immediate, false)
	w.reason = said.Reason
	w.decides(said.Decision, said.Reason, said.Until, now)
	w.holds(said.Hold, now)
	for _, here := range said.Environments {
		if here.Name == k.Environment {
			reason := here.Reason
			if reason == "" {
				reason = w.reason
			}
			w.decides(here.Decision, reason, here.Until, now)
			w.holds(here.Hold, now)
		}
	}
	return w
}

func (w *words) decides(d v1alpha1.Decision, reason string, until *metav1.Time, now time.Time) {
	if d != "" && (d != v1alpha1.DecisionDefer || lasts(until, now)) {
		w.decision, w.reason = d, reason
	}
}

func (w *words) holds(h *v1alpha1.Hold, now time.Time) {
	if h != nil && lasts(h.Until, now) {
		w.hold = h
	}
}

// proposal is a network's wish for an app.
type proposal struct {
	network *v1alpha1.Network
	asked   *v1alpha1.Proposal
}

// follows is the proposal that a municipality follows at a place: of the network that it names or
// of who took that over, else the strongest. False where it names one that proposes nothing to it.
func (t *Truth) follows(m *v1alpha1.Municipality, k Key, said words) (*proposal, bool) {
	var best *proposal
	named := said.network
	if heir := t.Heir(named); heir != "" {
		named = heir
	}
	for _, name := range t.networksOf(m) {
		n := t.Networks[name]
		for i := range n.Spec.Apps {
			asked := &n.Spec.Apps[i]
			if asked.Name != k.App || !slices.Contains(asked.Stages, m.Spec.StageOf(k.Environment)) || (named != "" && name != named) {
				continue
			}
			if one := (&proposal{n, asked}); best == nil || one.beats(best) {
				best = one
			}
		}
	}
	return best, best != nil || named == ""
}

// beats says whether a proposal is stronger: by obligation, then by the network's priority, then as
// the older network, then by name, by which they come.
func (p *proposal) beats(other *proposal) bool {
	strength := []v1alpha1.Obligation{v1alpha1.ObligationMandatory, v1alpha1.ObligationRecommended, v1alpha1.ObligationOptional}
	a, b := slices.Index(strength, p.asked.Obligation), slices.Index(strength, other.asked.Obligation)
	if a != b {
		return a < b
	}
	if a, b := ptr.Deref(p.network.Spec.Priority, 0), ptr.Deref(other.network.Spec.Priority, 0); a != b {
		return a > b
	}
	return p.network.CreationTimestamp.Before(&other.network.CreationTimestamp)
}

// Says is what the rules of consent come to at one place.
type Says struct {
	// Group whose rollout brings versions to the place, or counts it as excused; zero where none does.
	Group Group
	// Channel that the group follows.
	Channel string
	// Own is the version that the municipality brings by itself; empty where it does not.
	Own string
	// Excuse says why the place does not take part in the group's rollouts; empty where it does.
	Excuse string
	// Unclear says that it may be excused, or may not: the rules leave that open.
	Unclear bool
	// Declined says that the app is to be uninstalled.
	Declined bool
	// lower says that the group's version is lower than what is there.
	lower bool
}

// Takes says whether the place takes part in the rollouts of its group.
func (s Says) Takes() bool { return s.Group != (Group{}) && s.Excuse == "" }

// Says is what is so of a place now.
func (t *Truth) Says(k Key) Says {
	m := t.Municipalities[k.Municipality]
	if m == nil || m.Spec.Environment(k.Environment) == nil {
		return Says{}
	}
	return t.saidAt(m, k).Says
}

// consent reads as docs/consent.md does.
func (t *Truth) consent(m *v1alpha1.Municipality, k Key, said words) Says {
	followed, found := t.follows(m, k, said)
	adopts := said.decision == v1alpha1.DecisionAdopt
	var s Says
	switch {
	case said.pinned != "":
		s.Own = said.pinned
	case said.channel != "":
		s.Group, s.Channel = Group{Channel: said.channel}, said.channel
	case followed != nil:
		s.Group, s.Channel = Group{Network: followed.network.Name}, followed.asked.Channel
	case adopts && found:
		s.Group, s.Channel = Group{Channel: v1alpha1.DefaultChannel}, v1alpha1.DefaultChannel
	}
	mandatory := followed != nil && followed.asked.Obligation == v1alpha1.ObligationMandatory
	optional := followed == nil || followed.asked.Obligation == v1alpha1.ObligationOptional
	switch {
	case said.decision == v1alpha1.DecisionDecline && (said.reason != "" || !mandatory):
		s.Own, s.Excuse, s.Declined = "", "declined", true
		return s
	case said.decision == v1alpha1.DecisionDefer:
		s.Own, s.Excuse = "", "deferred"
		return s
	case !found, optional && !adopts:
		return Says{} // nobody asks for it
	case said.hold != nil:
		return t.held(k, s, said.hold)
	}
	return t.reachable(k, s)
}

// held keeps what is there; where nothing is, the municipality brings the version of the hold.
func (t *Truth) held(k Key, s Says, hold *v1alpha1.Hold) Says {
	s.Own, s.Excuse = "", "held"
	if t.Before.Present(k) == nil {
		s.Own = hold.Version
	}
	return s
}

// reachable says what of a place's own keeps it from what its group brings. What keeps everybody from
// it is no excuse of one.
func (t *Truth) reachable(k Key, s Says) Says {
	if s.Group == (Group{}) {
		return s
	}
	there, version := t.Before.Present(k), channelVersion(t.Apps[k.App], s.Channel)
	if listed := versionOf(t.Apps[k.App], version); listed != nil && listed.State != v1alpha1.VersionWithdrawn && !t.fits(k, version) {
		s.Excuse = "in another zone than the version requires"
	}
	if r, offered := t.available(k.App, version); offered && (there == nil || releaseOf(there) != r) && s.Excuse == "" {
		s.Excuse = t.unfit(k, version)
	}
	if there == nil || version == "" {
		return s
	}
	if needed := t.neededBy(k, there.Spec.Version, version); needed != "" {
		s.Excuse = "needed there by " + needed + " in the version that it has"
		return s
	}
	if !lower(version, there.Spec.Version) {
		return s
	}
	s.lower = true
	switch t.mayLower(k, there, s.Group) {
	case no:
		s.Excuse = "higher, as another brought that version"
	case perhaps:
		s.Unclear = true
	case yes:
	}
	return s
}

// neededBy is an app at the same place that requires this one in a range that its present version is
// in, and another is not; empty where there is none.
func (t *Truth) neededBy(k Key, present, other string) string {
	for _, name := range Sorted(t.Apps) {
		needing := t.Before.Present(Key{k.Municipality, k.Environment, name})
		if needing == nil {
			continue
		}
		r := needs(t.Apps[name], needing.Spec.Version, k.App)
		if r != nil && inRange(present, r.Version) && !inRange(other, r.Version) {
			return name
		}
	}
	return ""
}

// mayLower says whether a group may lower what is at a place. Where the municipality named that
// version itself, and adopts what the group brings, the rules leave it open.
func (t *Truth) mayLower(k Key, there *v1alpha1.AppInstallation, g Group) answer {
	own := wordsOf(t.Municipalities[k.Municipality], k, t.Now).decision == v1alpha1.DecisionAdopt
	if b := t.Ledger.brought[k][releaseOf(there)]; b != nil && b.by == municipal && own {
		return perhaps
	}
	return t.Ledger.mayLower(k, releaseOf(there), g)
}
