package planner

import (
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Inherit is the strategy that holds for a network: what it says of its own, which may be nil, and of the
// general one, which may be nil, what it leaves out. Approvals and retries are its own alone.
func Inherit(general, own *v1alpha1.RolloutStrategy) v1alpha1.RolloutStrategy {
	var holds, said v1alpha1.RolloutStrategy
	if general != nil {
		holds = *general
	}
	if own != nil {
		said = *own
	}

	holds.Approvals, holds.Retries = said.Approvals, said.Retries
	if Says(own, "waves") {
		holds.Waves = said.Waves
	}
	if Says(own, "windows") {
		holds.Windows = said.Windows
	}
	if Says(own, "freezes") {
		holds.Freezes = said.Freezes
	}
	if said.Announcement != nil {
		holds.Announcement = said.Announcement
	}
	if said.MaxIntroductions != nil {
		holds.MaxIntroductions = said.MaxIntroductions
	}
	return holds
}

// Says whether a strategy, which may be nil, says itself the list that a field of it is in, such as
// "waves[0].members.selector"; else that is inherited.
func Says(own *v1alpha1.RolloutStrategy, field string) bool {
	if own == nil {
		return false
	}
	list, _, _ := strings.Cut(field, "[")
	return (list == "waves" && own.Waves != nil) || (list == "windows" && own.Windows != nil) || (list == "freezes" && own.Freezes != nil)
}
