package planner

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Stamp is the record of the last move of an installation, as its spec and its annotations hold it.
type Stamp struct {
	// Name of the Rollout that moved it.
	Name string
	// Network, or the Channel of direct adopters, whose Rollout it is.
	Network, Channel string
	// Attempt of the Rollout.
	Attempt int32
	// Target is the release that the move brings, or brought before it returned.
	Target v1alpha1.Release
	// Wave that the member took part in; empty where it got what was completed before its turn.
	Wave string
	// MovedAt is when the installation was asked to move, or to return.
	MovedAt metav1.Time
	// FoundFrom is who brought the target, where this rollout found it here and it failed; else nil.
	FoundFrom *v1alpha1.Bringer
	// Verified is the release that was verified here last: what a failed move returns to.
	Verified *v1alpha1.Release
	// VerifiedBy is who brought Verified.
	VerifiedBy v1alpha1.Bringer
	// Outcome of a move that failed.
	Outcome v1alpha1.MoveOutcome
	// Message says why it failed, and why it returned or did not.
	Message string
}

// StampOf reads the record of the last move of an installation; nil where there is none.
func StampOf(i *v1alpha1.AppInstallation) *Stamp {
	move := i.Spec.Move
	if move == nil {
		return nil
	}

	return &Stamp{
		Name: move.Rollout, Network: move.Network, Channel: move.Channel, Attempt: move.Attempt, Target: move.Target,
		Wave: move.Wave, MovedAt: move.MovedAt, FoundFrom: move.FoundFrom, Verified: i.Spec.LastVerified, VerifiedBy: i.Spec.LastVerifiedBy, Outcome: move.Outcome,
		Message: i.Annotations[v1alpha1.AnnotationFailure],
	}
}

// by is whose rollout made the move; zero for a municipality's own.
func (s *Stamp) by() v1alpha1.Bringer {
	return v1alpha1.Bringer{Network: s.Network, Channel: s.Channel}
}

// own says that the move was the municipality's own.
func (s *Stamp) own() bool { return s.Network == "" && s.Channel == "" }

// WriteTo writes the record to an installation.
func (s Stamp) WriteTo(i *v1alpha1.AppInstallation) {
	i.Spec.Move = &v1alpha1.Move{
		Rollout: s.Name, Network: s.Network, Channel: s.Channel, Attempt: s.Attempt, Target: s.Target,
		Wave: s.Wave, MovedAt: s.MovedAt, FoundFrom: s.FoundFrom, Outcome: s.Outcome,
	}
	i.Spec.LastVerified, i.Spec.LastVerifiedBy = s.Verified, s.VerifiedBy
	if s.Message == "" {
		return
	}

	if i.Annotations == nil {
		i.Annotations = map[string]string{}
	}
	i.Annotations[v1alpha1.AnnotationFailure] = s.Message
}
