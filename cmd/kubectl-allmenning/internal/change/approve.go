package change

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/progress"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/planner"
)

// Approve lets a wave of a rollout begin; without a name, the one whose turn it is.
func Approve(w *world.World, r *v1alpha1.Rollout, wave string, now time.Time) (Change, error) {
	if err := goesOn(r); err != nil {
		return Change{}, err
	}
	kind, name, approvals, err := approver(w, r)
	if err != nil {
		return Change{}, err
	}

	if wave == "" {
		if wave, err = turn(r, approvals); err != nil {
			return Change{}, err
		}
	}
	if !slices.Contains(wanting(r, approvals), wave) {
		return Change{}, notWanting(r, approvals, wave, kind, name)
	}
	return Change{
		Kind: kind, Name: name,
		Edit: manifest.Edit{
			Path:   []manifest.Step{manifest.Key("spec"), manifest.Key("rollout"), manifest.Key("approvals")},
			Append: true,
			Value:  approvalOf(r, wave),
		},
		Message: fmt.Sprintf("%s %s: approved wave %s of %s %s, attempt %d", kind, name, wave, r.Spec.App, r.Spec.Version, r.Spec.Attempt),
		Remarks: progress.Remarks(r, w.Country(now).Strategy(r.Spec.Network)),
	}, nil
}

// Unapproved are the waves of a rollout that need an approval and have none, in their order.
func Unapproved(w *world.World, r *v1alpha1.Rollout) []string {
	if goesOn(r) != nil {
		return nil
	}
	_, _, approvals, err := approver(w, r)
	if err != nil { // one may not read who approves: an approval too many does no harm
		approvals = nil
	}
	return wanting(r, approvals)
}

// wanting are the waves of which the Rollout says that an approval is wanting, but for those that
// have one by now.
func wanting(r *v1alpha1.Rollout, approvals []v1alpha1.Approval) []string {
	var all []string
	for i := range r.Status.Waves {
		s := &r.Status.Waves[i]
		if s.Approval == v1alpha1.ApprovalWanting && !planner.Approved(approvals, r.Spec, s.Name) {
			all = append(all, s.Name)
		}
	}
	return all
}

// goesOn refuses rollouts that an approval would do nothing for.
func goesOn(r *v1alpha1.Rollout) error {
	switch r.Status.Phase {
	case v1alpha1.RolloutSuperseded, v1alpha1.RolloutWithdrawn:
		return refuse("Rollout", r.Name, "it is %s: approve the one that took its place", r.Status.Phase)
	case v1alpha1.RolloutHalted:
		return refuse("Rollout", r.Name, "it is Halted (%s), and an approval does not get it going again: promote another version, or ask for a retry in spec.rollout.retries",
			cmp.Or(r.Status.Next, "too many members failed"))
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutCompleted:
	}
	if len(r.Status.Waves) == 0 {
		return refuse("Rollout", r.Name, "its status shows no waves yet: try again in a moment, and see that the operator runs")
	}
	return nil
}

// turn is the first wave that is not done, or that somebody joined afterwards, if an approval is
// what it waits for.
func turn(r *v1alpha1.Rollout, approvals []v1alpha1.Approval) (string, error) {
	all := wanting(r, approvals)
	ahead := ", and no other waits for an approval"
	if len(all) > 0 {
		ahead = ": approve a later one ahead with --wave: " + strings.Join(all, ", ")
	}
	for i := range r.Status.Waves {
		s := &r.Status.Waves[i]
		switch {
		case slices.Contains(all, s.Name):
			return s.Name, nil
		case s.State == v1alpha1.WaveDone:
			continue
		case s.Approval != "":
			return "", refuse("Rollout", r.Name, "wave %s is approved already%s", s.Name, ahead)
		case len(all) == 0:
			return "", refuse("Rollout", r.Name, "no wave of it waits for an approval")
		}
		return "", refuse("Rollout", r.Name, "wave %s comes first, and needs no approval%s", s.Name, ahead)
	}
	return "", refuse("Rollout", r.Name, "no wave of it waits for an approval")
}

// notWanting says why a wave is not to be approved.
func notWanting(r *v1alpha1.Rollout, approvals []v1alpha1.Approval, wave, kind, name string) error {
	at := slices.IndexFunc(r.Status.Waves, func(s v1alpha1.WaveStatus) bool { return s.Name == wave })
	switch {
	case at < 0:
		return refuse("Rollout", r.Name, "it has no wave %q: it has %s", wave, named(r.Status.Waves))
	case planner.Approved(approvals, r.Spec, wave):
		return refuse(kind, name, "spec.rollout.approvals has wave %s of attempt %d of this digest already", wave, r.Spec.Attempt)
	case r.Status.Waves[at].Approval == v1alpha1.ApprovalGiven:
		return refuse("Rollout", r.Name, "wave %s is approved already", wave)
	}
	return refuse("Rollout", r.Name, "wave %s waits for no approval: spec.rollout.waves[%s].requireApproval is not set, or the wave was done before", wave, wave)
}

// approvalOf is the entry that approves a wave. One for direct adopters names their channel, as
// others may follow another channel to the same bundle.
func approvalOf(r *v1alpha1.Rollout, wave string) []manifest.Field {
	fields := []manifest.Field{{Key: "app", Value: r.Spec.App}}
	if r.Spec.Channel != "" {
		fields = append(fields, manifest.Field{Key: "channel", Value: r.Spec.Channel})
	}
	return append(fields, manifest.Field{Key: "digest", Value: r.Spec.Digest},
		manifest.Field{Key: "wave", Value: wave}, manifest.Field{Key: "attempt", Value: int64(r.Spec.Attempt)})
}

// approver finds the object that holds the approvals of a rollout, and these.
func approver(w *world.World, r *v1alpha1.Rollout) (kind, name string, approvals []v1alpha1.Approval, err error) {
	if r.Spec.Network != "" {
		n, err := w.Network(r.Spec.Network)
		if err != nil {
			return "", "", nil, err
		}
		if n.Spec.Rollout != nil {
			approvals = n.Spec.Rollout.Approvals
		}
		return "Network", n.Name, approvals, nil
	}
	if w.Platform != nil && w.Platform.Spec.Rollout != nil {
		approvals = w.Platform.Spec.Rollout.Approvals
	}
	return "Platform", v1alpha1.PlatformName, approvals, nil
}

func named(waves []v1alpha1.WaveStatus) string {
	names := make([]string, len(waves))
	for i := range waves {
		names[i] = waves[i].Name
	}
	return strings.Join(names, ", ")
}
