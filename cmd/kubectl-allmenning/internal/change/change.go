// Package change decides what the writing commands write, and refuses what would do
// harm. It is pure: a Change is a value, which the command then prints, makes in files
// or sends to a cluster.
package change

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// Change of one object that is there already.
type Change struct {
	Kind string
	Name string
	Edit manifest.Edit
	// Message says what was changed, in the past tense.
	Message string
}

// refuse names the object that does not let a change be made, what is wrong, and what to do.
func refuse(kind, name, format string, args ...any) error {
	return fmt.Errorf("%s %s: %s", kind, name, fmt.Sprintf(format, args...))
}

// Promote points a channel at another version.
func Promote(w *world.World, app, version, channel string) (Change, error) {
	a, err := w.App(app)
	if err != nil {
		return Change{}, err
	}
	if _, err := world.Version(a, version); err != nil {
		return Change{}, err
	}
	for _, s := range a.Status.Versions {
		if s.Version == version && !s.Available && s.Message != "" {
			return Change{}, refuse("SharedApp", app, "version %s is not available: %s", version, s.Message)
		}
	}
	at := slices.IndexFunc(a.Spec.Channels, func(c v1alpha1.Channel) bool { return c.Name == channel })
	if at < 0 {
		return Change{}, refuse("SharedApp", app, "spec.channels has no %q: name one that it has with --channel, or add it by hand", channel)
	}
	was := a.Spec.Channels[at].Version
	if was == version {
		return Change{}, refuse("SharedApp", app, "spec.channels[%s].version is %s already: there is nothing to promote", channel, version)
	}
	return Change{
		Kind: "SharedApp", Name: app,
		Edit: manifest.Edit{
			Path:  []manifest.Step{manifest.Key("spec"), manifest.Key("channels"), manifest.Item("name", channel), manifest.Key("version")},
			Value: version,
		},
		Message: fmt.Sprintf("SharedApp %s: promoted %s to channel %s, where %s was", app, version, channel, was),
	}, nil
}

// Approve lets a wave of a rollout begin; without a name, the one that waits for it.
func Approve(w *world.World, r *v1alpha1.Rollout, wave string) (Change, error) {
	if err := takesApprovals(r); err != nil {
		return Change{}, err
	}
	kind, name, strategy, err := approver(w, r)
	if err != nil {
		return Change{}, err
	}
	waves := w.Waves(r.Spec.Network)
	if len(waves) == 0 && slices.Contains(w.Unread, world.Platforms) { // its waves apply, and only the Rollout shows them
		waves = wavesOf(r)
	}
	if len(waves) == 0 {
		return Change{}, refuse(kind, name, "spec.rollout.waves is empty: one pilot and then the rest need no approval")
	}
	if wave == "" {
		if wave, err = waiting(r, strategy, waves); err != nil {
			return Change{}, err
		}
	}
	at := slices.IndexFunc(waves, func(w v1alpha1.Wave) bool { return w.Name == wave })
	switch {
	case at < 0:
		return Change{}, refuse(kind, name, "spec.rollout.waves has no %q: it has %s", wave, named(waves))
	case !requires(&waves[at]):
		return Change{}, refuse(kind, name, "spec.rollout.waves[%s].requireApproval is not set: the wave begins without", wave)
	case approved(strategy, r, wave):
		return Change{}, refuse(kind, name, "spec.rollout.approvals has wave %s of attempt %d of this digest already", wave, r.Spec.Attempt)
	}
	return Change{
		Kind: kind, Name: name,
		Edit: manifest.Edit{
			Path:   []manifest.Step{manifest.Key("spec"), manifest.Key("rollout"), manifest.Key("approvals")},
			Append: true,
			Value:  approvalOf(r, wave),
		},
		Message: fmt.Sprintf("%s %s: approved wave %s of %s %s, attempt %d%s", kind, name, wave, r.Spec.App, r.Spec.Version, r.Spec.Attempt, remarks(r)),
	}, nil
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

// remarks are what somebody who approves should know.
func remarks(r *v1alpha1.Rollout) string {
	text := ""
	if r.Status.SecurityFix {
		text += "; it is a security fix, so neither announcement nor soak delays it"
	}
	for i := range r.Status.Waves {
		if s := &r.Status.Waves[i]; s.StandIn != "" {
			text += fmt.Sprintf("; %s stands in for wave %s, as none of those it names takes part", s.StandIn, s.Name)
		}
	}
	return text
}

// Unapproved are the waves of a rollout that need an approval and have none, in their order.
// Where one may not read who approves, they are all that are not done: an approval too many does
// no harm.
func Unapproved(w *world.World, r *v1alpha1.Rollout) []string {
	if takesApprovals(r) != nil {
		return nil
	}
	_, _, strategy, err := approver(w, r)
	waves := w.Waves(r.Spec.Network)
	if err != nil || (len(waves) == 0 && slices.Contains(w.Unread, world.Platforms)) {
		waves = wavesOf(r)
	}
	var all []string
	for i := range waves {
		if name := waves[i].Name; requires(&waves[i]) && !approved(strategy, r, name) && !done(r, name) {
			all = append(all, name)
		}
	}
	return all
}

func done(r *v1alpha1.Rollout, wave string) bool {
	return slices.ContainsFunc(r.Status.Waves, func(s v1alpha1.WaveStatus) bool { return s.Name == wave && s.State == v1alpha1.WaveDone })
}

// takesApprovals refuses rollouts that an approval would do nothing for.
func takesApprovals(r *v1alpha1.Rollout) error {
	switch r.Status.Phase {
	case v1alpha1.RolloutCompleted:
		return refuse("Rollout", r.Name, "it is Completed, so there is nothing to approve any longer")
	case v1alpha1.RolloutSuperseded, v1alpha1.RolloutWithdrawn:
		return refuse("Rollout", r.Name, "it is %s: approve the one that took its place", r.Status.Phase)
	case v1alpha1.RolloutHalted:
		return refuse("Rollout", r.Name, "it is Halted (%s), and an approval does not get it going again: promote another version, or ask for a retry in spec.rollout.retries",
			cmp.Or(r.Status.Next, "too many members failed"))
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing:
	}
	return nil
}

// approver finds the object that holds the approvals of a rollout, and its strategy.
func approver(w *world.World, r *v1alpha1.Rollout) (kind, name string, strategy *v1alpha1.RolloutStrategy, err error) {
	if r.Spec.Network != "" {
		n, err := w.Network(r.Spec.Network)
		if err != nil {
			return "", "", nil, err
		}
		return "Network", n.Name, n.Spec.Rollout, nil
	}
	if w.Platform != nil {
		strategy = w.Platform.Spec.Rollout
	}
	return "Platform", v1alpha1.PlatformName, strategy, nil
}

// wavesOf are the waves that a Rollout shows, and whether they need an approval. A Rollout that
// says so of none is taken to need one for each, as an approval too many does no harm.
func wavesOf(r *v1alpha1.Rollout) []v1alpha1.Wave {
	silent := !slices.ContainsFunc(r.Status.Waves, func(s v1alpha1.WaveStatus) bool { return s.Approval != "" })
	waves := make([]v1alpha1.Wave, 0, len(r.Status.Waves))
	for _, s := range r.Status.Waves {
		waves = append(waves, v1alpha1.Wave{Name: s.Name, RequireApproval: new(silent || s.Approval != "")})
	}
	return waves
}

func requires(w *v1alpha1.Wave) bool { return w.RequireApproval != nil && *w.RequireApproval }

func approved(s *v1alpha1.RolloutStrategy, r *v1alpha1.Rollout, wave string) bool {
	return s != nil && slices.ContainsFunc(s.Approvals, func(a v1alpha1.Approval) bool {
		return a.App == r.Spec.App && a.Channel == r.Spec.Channel && a.Digest == r.Spec.Digest && a.Wave == wave && max(a.Attempt, 1) == r.Spec.Attempt
	})
}

// waiting is the wave whose turn it is, if an approval is what it waits for.
func waiting(r *v1alpha1.Rollout, strategy *v1alpha1.RolloutStrategy, waves []v1alpha1.Wave) (string, error) {
	for i := range waves {
		w := &waves[i]
		switch {
		case done(r, w.Name):
			continue
		case requires(w) && !approved(strategy, r, w.Name):
			return w.Name, nil
		case requires(w):
			return "", refuse("Rollout", r.Name, "wave %s is approved already: approve a later one ahead with --wave", w.Name)
		}
		return "", refuse("Rollout", r.Name, "no wave waits for approval now, as wave %s needs none: approve a later one ahead with --wave", w.Name)
	}
	return "", refuse("Rollout", r.Name, "every wave is done: there is nothing to approve any longer")
}

func named(waves []v1alpha1.Wave) string {
	text := ""
	for i := range waves {
		if i > 0 {
			text += ", "
		}
		text += waves[i].Name
	}
	return text
}
