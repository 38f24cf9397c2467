package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// versions stands for the versions of the app that was named before.
const versions world.Kind = "versions"

// approvable stands for the Rollouts of which a wave waits for approval.
const approvable world.Kind = "approvable"

// complete sets how a flag is completed; the flag is there, as it was just defined.
func complete(cmd *cobra.Command, flag string, with completion) {
	if err := cmd.RegisterFlagCompletionFunc(flag, with); err != nil {
		panic(fmt.Sprintf("completion of --%s: %v", flag, err))
	}
}

// completeArgs completes arguments with names of kinds, one after the other; what comes
// behind the last of them is of that kind too. Names come from files, if some are given.
func (c *connection) completeArgs(files *string, kinds ...world.Kind) completion {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		kind := kinds[min(len(args), len(kinds)-1)]
		if len(args) >= len(kinds) && kind != world.Rollouts {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
		defer cancel()
		path := ""
		if files != nil {
			path = *files
		}
		w, err := c.toComplete(ctx, path, kind)
		if err != nil {
			cobra.CompDebugln(err.Error(), true)
			return nil, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveError
		}
		return fitTo(namesOf(w, kind, args), args, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

func (c *connection) toComplete(ctx context.Context, path string, kind world.Kind) (*world.World, error) {
	if path != "" {
		f, err := world.ReadFolder(path, nil)
		if err != nil {
			return nil, err
		}
		return world.Names(f), nil
	}
	cluster, err := c.open()
	if err != nil {
		return nil, err
	}
	switch kind {
	case versions:
		kind = world.SharedApps
	case approvable:
		kind = world.Rollouts
	}
	return world.FromCluster(ctx, cluster, kind)
}

// namesOf are names with what they stand for behind a tab, as shells show it.
func namesOf(w *world.World, kind world.Kind, args []string) []string {
	switch kind {
	case world.Municipalities:
		return told(w.Municipalities, func(m *v1alpha1.Municipality) string { return m.Name + "\t" + m.Spec.DisplayName })
	case world.Networks:
		return told(w.Networks, func(n *v1alpha1.Network) string { return n.Name + "\t" + n.Spec.DisplayName })
	case world.SharedApps:
		return told(w.Apps, func(a *v1alpha1.SharedApp) string { return a.Name + "\t" + a.Spec.DisplayName })
	case world.Rollouts:
		return told(w.Rollouts, func(r *v1alpha1.Rollout) string { return r.Name + "\t" + string(r.Status.Phase) })
	case approvable:
		waiting := slices.DeleteFunc(slices.Clone(w.Rollouts), func(r v1alpha1.Rollout) bool { return !waitsForApproval(&r) })
		return told(waiting, func(r *v1alpha1.Rollout) string { return r.Name + "\t" + string(r.Status.Phase) })
	case versions:
		if app, err := w.App(args[0]); err == nil {
			usable := slices.DeleteFunc(slices.Clone(app.Spec.Versions), func(v v1alpha1.Version) bool { return v.State == v1alpha1.VersionWithdrawn })
			return told(usable, func(v *v1alpha1.Version) string { return v.Version + "\t" + string(v.State) })
		}
	case world.Platforms, world.Installations:
	}
	return nil
}

// waitsForApproval goes by the status alone, which whoever approves may read.
func waitsForApproval(r *v1alpha1.Rollout) bool {
	under := r.Status.Phase == v1alpha1.RolloutPending || r.Status.Phase == v1alpha1.RolloutProgressing
	return under && slices.ContainsFunc(r.Status.Waves, func(w v1alpha1.WaveStatus) bool {
		return strings.HasPrefix(w.WaitsFor, "approval of wave "+w.Name)
	})
}

func told[T any](all []T, tell func(*T) string) []string {
	names := make([]string, len(all))
	for i := range all {
		names[i] = tell(&all[i])
	}
	return names
}

// fitTo leaves those that begin as asked for and do not stand in the arguments already.
func fitTo(all, args []string, begun string) []string {
	return slices.DeleteFunc(all, func(s string) bool {
		name, _, _ := strings.Cut(s, "\t")
		return !strings.HasPrefix(name, begun) || slices.Contains(args, name)
	})
}

// completeWaves completes the waves of the rollout that was named.
func (c *connection) completeWaves(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	w, err := c.toComplete(cmd.Context(), "", world.Rollouts)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveError
	}
	r, err := w.Rollout(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	waves := told(r.Status.Waves, func(w *v1alpha1.WaveStatus) string { return w.Name + "\t" + string(w.State) })
	return fitTo(waves, nil, begun), cobra.ShellCompDirectiveNoFileComp
}

// explainCompletion says in the help of `completion` how kubectl comes to complete a plugin.
func explainCompletion(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Short = "Make a script that completes commands and names in your shell"
		cmd.Long = `Make a script that completes commands, and names from the cluster, in your shell.

For "kubectl allmenning ..." no script is needed. kubectl asks a program named
kubectl_complete-allmenning, if there is one on the PATH. Make it once, beside the plugin:

  cat > ~/.local/bin/kubectl_complete-allmenning <<'END'
  #!/bin/sh
  exec kubectl-allmenning __complete "$@"
  END
  chmod +x ~/.local/bin/kubectl_complete-allmenning

The scripts below are for those who call kubectl-allmenning itself.`
	}
}
