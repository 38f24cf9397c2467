package explanation

import (
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// notes are what a rollout notes of the municipality, as sentences.
func (c course) notes() []string {
	var all []string
	for _, list := range []struct {
		notes []v1alpha1.MemberNote
		text  func(v1alpha1.MemberNote) string
	}{
		{c.rollout.Status.FailedMembers, failed},
		{c.rollout.Status.ExcusedMembers, excused},
		{c.rollout.Status.OnTheWay, onTheWay},
	} {
		for _, n := range list.notes {
			if n.Name == c.municipality.Name {
				all = append(all, list.text(n)+".")
			}
		}
	}
	return all
}

func failed(n v1alpha1.MemberNote) string {
	switch v1alpha1.MoveOutcome(n.Reason) {
	case v1alpha1.OutcomeReturned: // "returned to 1.0.0, as 1.1.0 failed: ..."
		return n.Name + " " + n.Message + since(n)
	case v1alpha1.OutcomeStuck: // "1.1.0 failed: ...; it stays as it is"
		return "In " + n.Name + " " + n.Message + since(n)
	}
	if n.Reason == v1alpha1.ReasonLeft { // "failed, and left the group afterwards"
		return n.Name + " " + n.Message
	}
	return n.Name + " failed" + because(n.Message) + since(n)
}

// excused describes a decision of the municipality, which the note words as what was done to
// the app, "declined: ...", and otherwise why it can't take part.
func excused(n v1alpha1.MemberNote) string {
	decisions := []resolution.Why{resolution.Declined, resolution.Deferred, resolution.Held}
	switch {
	case n.Message == "":
		return fmt.Sprintf("%s is excused (%s)", n.Name, n.Reason)
	case slices.Contains(decisions, resolution.Why(n.Reason)):
		return fmt.Sprintf("%s is excused, as the app is %s", n.Name, n.Message)
	}
	return n.Name + " is excused" + because(n.Message)
}

func onTheWay(n v1alpha1.MemberNote) string {
	switch {
	case n.Message == "" && n.Reason == v1alpha1.ReasonNextStage:
		return n.Name + " is on its way: its next stage is yet to come" + since(n)
	case n.Message == "":
		return fmt.Sprintf("%s is on its way (%s)%s", n.Name, n.Reason, since(n))
	}
	return n.Name + " is on its way" + because(n.Message) + since(n)
}

func since(n v1alpha1.MemberNote) string {
	if n.Since == nil {
		return ""
	}
	return fmt.Sprintf(" (since %s)", stamp(n.Since.Time))
}
