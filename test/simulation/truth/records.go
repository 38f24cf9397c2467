package truth

import (
	"maps"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Made holds a new Rollout to the promises: one for each wish, and attempts are counted.
func (t *Truth) Made(r *v1alpha1.Rollout) {
	for _, name := range Sorted(t.Rollouts) {
		other := t.Rollouts[name]
		if subject(other) == subject(r) && other.Spec.Digest == r.Spec.Digest && other.Spec.Attempt >= r.Spec.Attempt {
			t.Broken("attempts", "%s is made, although %s was attempt %d", r.Name, other.Name, other.Spec.Attempt)
		}
	}
	// Where somebody deleted the record of what had ended, nothing is left that says so.
	if t.Ledger.endings[attempt(r)] && !t.Ledger.erased[attempt(r)] && (t.recorded(r) || t.approvedAny(r)) {
		t.Broken("attempts", "%s is made, although that attempt has ended, and installations or approvals name it", r.Name)
	}
	last := t.Ledger.made[subject(r)]
	if last != nil && target(last) == target(r) && !t.promise(r).retried(r) {
		if live := t.Rollouts[last.Name]; live != nil && live.Status.Phase != v1alpha1.RolloutWithdrawn && !t.Ledger.unasked[last.Name] {
			t.Broken("one wish", "%s is made, and %s is of the same wish", r.Name, last.Name)
		}
	}
	delete(t.Ledger.endings, attempt(r))
	delete(t.Ledger.erased, attempt(r))
	was := t.Ledger.of(r.Name) // be it before somebody deleted its record
	delete(t.Ledger.rollouts, r.Name)
	e := t.Ledger.of(r.Name)
	e.begun, e.withdrawn = was.begun, map[v1alpha1.Release]bool{}
	for _, done := range t.Ledger.completed[subject(r)] {
		v := versionOf(t.Apps[r.Spec.App], done.Version)
		e.withdrawn[done] = v != nil && v.State == v1alpha1.VersionWithdrawn
	}
	t.recallsFailed(r, t.promise(r))
	delete(t.Ledger.planned, r.Name)
	t.Ledger.undoes(r)
	t.Ledger.made[subject(r)] = r
}

// Forgot notes that the status of a Rollout was lost: what installations record of it remains.
func (t *Truth) Forgot(r *v1alpha1.Rollout) {
	t.Ledger.Forgot(r)
	t.recallsFailed(r, t.promise(r))
}

// recallsFailed notes whom installations still record as failed in a Rollout.
func (t *Truth) recallsFailed(r *v1alpha1.Rollout, p Promise) {
	for i := range p.Waves {
		maps.Copy(t.Ledger.of(r.Name).failed, t.leftFailed(r, p, i, nil))
	}
}

// recorded says whether an installation says that a Rollout moved it.
func (t *Truth) recorded(r *v1alpha1.Rollout) bool {
	for _, installed := range t.Installations {
		for _, i := range installed {
			if i.Spec.Move != nil && i.Spec.Move.Rollout == r.Name {
				return true
			}
		}
	}
	return false
}

// approvedAny says whether an approval names the attempt.
func (t *Truth) approvedAny(r *v1alpha1.Rollout) bool {
	p := t.promise(r)
	return slices.ContainsFunc(p.Approvals, func(a v1alpha1.Approval) bool { return p.approved(r, a.Wave) })
}

// Ends holds the end of a Rollout to the promises.
func (t *Truth) Ends(r *v1alpha1.Rollout, phase v1alpha1.RolloutPhase) {
	t.Ledger.of(r.Name).phase = phase
	t.Ledger.endings[attempt(r)] = true
	t.Ledger.planned[r.Name] = phase
	asked := t.asked(r)
	wished, ok := t.wished(r)
	t.Ledger.unasked[r.Name] = !asked || !ok || wished != target(r)
	if phase != v1alpha1.RolloutSuperseded || !asked {
		return
	}
	newest := t.Ledger.made[subject(r)]
	next := *r
	next.Spec.Attempt++
	if newest != nil && newest.Name == r.Name && ok && wished == target(r) && !t.promise(r).retried(&next) {
		t.Broken("one wish", "%s is superseded, and it is the newest of what is wished for", r.Name)
	}
}

// wished is what the channel of a Rollout's group points at; false where that can't be had.
func (t *Truth) wished(r *v1alpha1.Rollout) (v1alpha1.Release, bool) {
	channel := r.Spec.Channel
	if n := t.Networks[r.Spec.Network]; n != nil {
		for _, p := range n.Spec.Apps {
			if p.Name == r.Spec.App {
				channel = p.Channel
			}
		}
	}
	return t.offered(r.Spec.App, channel)
}

// asked says whether the group of a Rollout asks for its app.
func (t *Truth) asked(r *v1alpha1.Rollout) bool {
	if r.Spec.Network == "" {
		return len(t.Followers(r)) > 0
	}
	n := t.Networks[r.Spec.Network]
	return n != nil && t.Heir(n.Name) == n.Name && slices.ContainsFunc(n.Spec.Apps, func(p v1alpha1.Proposal) bool { return p.Name == r.Spec.App })
}

// Deleted holds the deletion of a record by the operator to the promises: not while it is under
// way, nor while an approval or a retry names what it brought.
func (t *Truth) Deleted(r *v1alpha1.Rollout) {
	if r.Status.CompletedAt == nil && (r.Status.Phase == v1alpha1.RolloutProgressing || r.Status.Phase == v1alpha1.RolloutHalted || (r.Status.Phase == v1alpha1.RolloutPending && t.asked(r))) {
		t.Broken("records", "%s is deleted while it is %s", r.Name, r.Status.Phase)
	}
	for _, a := range t.promise(r).Approvals {
		if a.App == r.Spec.App && a.Digest == r.Spec.Digest && a.Channel == r.Spec.Channel {
			t.Broken("attempts", "%s is deleted, and an approval names it", r.Name)
		}
	}
	if !t.recorded(r) { // nothing names it any longer: who approves that attempt from now on means the next one
		delete(t.Ledger.endings, attempt(r))
	}
}
