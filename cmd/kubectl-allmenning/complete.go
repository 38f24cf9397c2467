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
		return fromFiles(path)
	}
	cluster, err := c.open()
	if err != nil {
		return nil, err
	}
	if kind == versions {
		kind = world.SharedApps
	}
	return world.FromCluster(ctx, cluster, kind)
}

// namesOf are names with what they stand for behind a tab, as shells show it.
func namesOf(w *world.World, kind world.Kind, args []string) []string {
	var all []string
	switch kind {
	case world.Municipalities:
		for i := range w.Municipalities {
			all = append(all, w.Municipalities[i].Name+"\t"+w.Municipalities[i].Spec.DisplayName)
		}
	case world.Networks:
		for i := range w.Networks {
			all = append(all, w.Networks[i].Name+"\t"+w.Networks[i].Spec.DisplayName)
		}
	case world.SharedApps:
		for i := range w.Apps {
			all = append(all, w.Apps[i].Name+"\t"+w.Apps[i].Spec.DisplayName)
		}
	case world.Rollouts:
		for i := range w.Rollouts {
			all = append(all, w.Rollouts[i].Name+"\t"+string(w.Rollouts[i].Status.Phase))
		}
	case versions:
		if app, err := w.App(args[0]); err == nil {
			all = versionsOf(app)
		}
	case world.Platforms, world.Installations:
	}
	return all
}

func versionsOf(app *v1alpha1.SharedApp) []string {
	var all []string
	for _, v := range app.Spec.Versions {
		if v.State != v1alpha1.VersionWithdrawn {
			all = append(all, v.Version+"\t"+string(v.State))
		}
	}
	return all
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
	var all []string
	for _, wave := range r.Status.Waves {
		all = append(all, wave.Name+"\t"+string(wave.State))
	}
	return fitTo(all, nil, begun), cobra.ShellCompDirectiveNoFileComp
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
