// Package strategycheck finds what is wrong with a rollout strategy that no schema can find, as one
// must know the members and the catalogue to see it. It is pure.
//
// The Platform and each Network say their strategies in the same words, so both are checked the
// same of theirs, each of what it says itself:
//
//   - waves that overlap, that are empty, or that name who does not exist (waves.go);
//   - approvals and retries that can't match any rollout (approvals.go);
//   - selectors, windows and freezes that can't be read.
//
// Of waves that a network inherits nothing is reported in that network: one that picks nobody
// there is normal, since it was written for the whole country. Where such a wave picks nobody
// at all, or two overlap, it is reported once, in the Platform, where it can be fixed.
package strategycheck

import (
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/planner"
)

// Input is a strategy and what it is held against. Nothing in it is changed.
type Input struct {
	// Said is spec.rollout of the object that is checked; nil says nothing, which is never wrong.
	Said *v1alpha1.RolloutStrategy
	// General is spec.rollout of the Platform, whose waves hold for a network that says none;
	// nil where there is none, and for the Platform itself.
	General *v1alpha1.RolloutStrategy
	// Members whom the waves divide: those of the network, or for the Platform the whole country.
	Members []*v1alpha1.Municipality
	// Noun that one of Members goes by, as "member" or "Municipality".
	Noun string
	// Apps of the catalogue.
	Apps catalogue.Apps
	// Proposed apps. That one of them is not in the catalogue is reported at the proposal, once.
	Proposed []v1alpha1.Proposal
}

// Check finds what is wrong with what is said. Faults are what a person must fix, each with its
// field and the fix. Notes are what may be meant, such as a wave for members that are still to
// come; they stop nobody.
func Check(in Input) (faults, notes []string) {
	if in.Said == nil {
		return nil, nil
	}
	compiled, misread := planner.Compile(in.Said)
	for _, f := range misread {
		faults = append(faults, fmt.Sprintf("spec.rollout.%s; until then nothing new starts where this strategy holds", f))
	}
	picked := waves{list: in.Said.Waves, compiled: compiled.Waves, noun: in.Noun}
	faults = append(faults, picked.overlaps(in.Members)...)
	faults = append(faults, entryFaults(in)...)
	if len(in.Members) == 0 {
		return faults, nil
	}
	if len(faults) == 0 { // else a wave may be empty because of a fault
		notes = picked.empty(in.Members)
	}
	return faults, append(notes, picked.strangers(in.Members)...)
}

// Names lists some of many names, and counts the others.
func Names(all []string, most int) string {
	shown := strings.Join(all[:min(len(all), most)], ", ")
	if left := len(all) - most; left > 0 {
		return fmt.Sprintf("%s and %d more", shown, left)
	}
	return shown
}
