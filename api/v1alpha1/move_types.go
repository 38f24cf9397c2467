package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MoveOutcome is what became of a move that failed.
// +kubebuilder:validation:Enum=Returned;Stuck
type MoveOutcome string

// The outcomes of a failed move. While a move goes well there is none.
const (
	// OutcomeReturned means that the installation returned to its last verified release.
	OutcomeReturned MoveOutcome = "Returned"
	// OutcomeStuck means that there is no verified release to return to: it stays as it is.
	OutcomeStuck MoveOutcome = "Stuck"
)

// Move is the record of the last change of version of an installation. It is part of the spec
// because a lost status must not lose it; why a move failed is in the annotation
// allmenning.dev/failure.
type Move struct {
	// rollout is the name of the Rollout that moved the installation; empty where the municipality
	// named the version itself.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Rollout string `json:"rollout,omitempty"`
	// network whose Rollout it is; empty for direct adopters, and for a municipality's own move.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Network string `json:"network,omitempty"`
	// channel that the direct adopters of the Rollout follow; empty for a network's Rollout, and for
	// a municipality's own move.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Channel string `json:"channel,omitempty"`
	// attempt of the Rollout; unset for a municipality's own move.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Attempt int32 `json:"attempt,omitempty"`
	// target is the release that the move brings, which is not what is installed once the move has
	// returned.
	// +required
	Target Release `json:"target,omitzero"`
	// wave that the municipality took part in; empty where it got what was completed before its turn.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Wave string `json:"wave,omitempty"`
	// movedAt is when the installation was asked to move, or to return.
	// +required
	MovedAt metav1.Time `json:"movedAt,omitzero"`
	// foundFrom is who brought the release, where the Rollout did not move it here but found it, and it
	// failed; unset where the Rollout brought it.
	// +optional
	FoundFrom *Bringer `json:"foundFrom,omitempty"`
	// outcome of a move that failed: Returned or Stuck. A newer rollout, or a retry, moves it again.
	// +optional
	Outcome MoveOutcome `json:"outcome,omitempty"`
}

// Bringer is whose Rollout brought a release: that of a network, or that of the direct adopters of a
// channel. It is empty where the municipality named the version itself.
type Bringer struct {
	// network whose Rollout it was; empty for direct adopters.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Network string `json:"network,omitempty"`
	// channel that the direct adopters follow; empty for a network's Rollout.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Channel string `json:"channel,omitempty"`
}

// BroughtBy is who brought the release that is installed; another may decide now. It is read from the
// last move; where there is none, a network that decided counts as the one that brought it.
func (s *AppInstallationSpec) BroughtBy() Bringer {
	switch {
	case s.Move == nil && s.DecidedBy.Level == LevelNetwork:
		return Bringer{Network: s.DecidedBy.Name}
	case s.Move == nil:
		return Bringer{}
	case s.Move.Outcome == OutcomeReturned:
		return s.LastVerifiedBy
	case s.Move.FoundFrom != nil:
		return *s.Move.FoundFrom
	}

	return Bringer{Network: s.Move.Network, Channel: s.Move.Channel}
}
