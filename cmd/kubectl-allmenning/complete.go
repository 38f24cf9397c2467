package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// patience is how long somebody who completes a name waits for the cluster.
const patience = 5 * time.Second

// complete sets how a flag is completed; the flag is there, as it was just defined.
func complete(cmd *cobra.Command, flag string, with completion) {
	if err := cmd.RegisterFlagCompletionFunc(flag, with); err != nil {
		panic(fmt.Sprintf("completion of --%s: %v", flag, err))
	}
}

// completeNothing is for flags whose values nobody can suggest; without it a shell suggests files.
func completeNothing(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		complete(cmd, flag, cobra.NoFileCompletions)
	}
}

// oneOf completes one of some words.
func oneOf(words ...string) completion {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return matching(slices.Clone(words), nil, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeArgs completes arguments by their place: the first with the first of the names, and
// so on. Names come from files, if some are given.
func (c *connection) completeArgs(files *string, arguments ...names) completion {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(arguments) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return c.suggest(cmd.Context(), files, arguments[len(args)], args, nil, begun)
	}
}

// completeMany completes any number of arguments that are of one kind, each of which is given once.
func (c *connection) completeMany(argument names) completion {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		return c.suggest(cmd.Context(), nil, argument, args, args, begun)
	}
}

// completeFlag completes a flag, whichever arguments are before it.
func (c *connection) completeFlag(files *string, value names) completion {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		return c.suggest(cmd.Context(), files, value, args, nil, begun)
	}
}

// suggest are the names that begin as asked for, but for those that are given already.
func (c *connection) suggest(ctx context.Context, files *string, n names, args, given []string, begun string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	path := ""
	if files != nil {
		path = *files
	}
	w, err := c.toComplete(ctx, path, n, args)
	if err != nil {
		cobra.CompDebugln(err.Error(), true)
		return nil, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveError
	}
	return matching(n.of(w, args), given, begun), cobra.ShellCompDirectiveNoFileComp
}

// toComplete reads what names are made of. Where files are given, the cluster is asked only for
// kinds that the operator writes, and that the files do not hold.
func (c *connection) toComplete(ctx context.Context, path string, n names, args []string) (*world.World, error) {
	if path != "" {
		f, err := world.ReadFolder(path, nil)
		if err != nil {
			return nil, err
		}
		w := world.Names(f)
		if len(w.Rollouts) > 0 || !slices.Contains(n.kinds, world.Rollouts) {
			return w, nil
		}
		remote, err := c.readNames(ctx, n, args)
		if err != nil {
			return nil, err
		}
		w.Rollouts = remote.Rollouts
		return w, nil
	}
	return c.readNames(ctx, n, args)
}

func (c *connection) readNames(ctx context.Context, n names, args []string) (*world.World, error) {
	cluster, err := c.open()
	if err != nil {
		return nil, err
	}
	w, err := world.Readable(ctx, cluster, n.kinds...)
	if err != nil || n.without == nil || len(w.Unread) == 0 {
		return w, err
	}
	return n.without(ctx, cluster, args)
}

// names are what an argument or a flag may be.
type names struct {
	// kinds to read.
	kinds []world.Kind
	// without reads something else where one may not read the kinds; nil where nothing helps.
	without func(ctx context.Context, c client.Reader, args []string) (*world.World, error)
	// of a world, given the arguments before, the names with what they stand for behind a tab,
	// as shells show it.
	of func(w *world.World, args []string) []string
}

// matching are those that begin as asked for and are not given already.
func matching(all, given []string, begun string) []string {
	return slices.DeleteFunc(all, func(s string) bool {
		name, _, _ := strings.Cut(s, "\t")
		return !strings.HasPrefix(name, begun) || slices.Contains(given, name)
	})
}

// completeConnection completes kubectl's own flags.
func (c *connection) completeConnection(root *cobra.Command) {
	known := func(pick func() ([]string, error)) completion {
		return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			all, err := pick()
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveError
			}
			return matching(all, nil, begun), cobra.ShellCompDirectiveNoFileComp
		}
	}

	complete(root, "context", known(func() ([]string, error) {
		config, err := c.rules.Load()
		if err != nil {
			return nil, err
		}
		return slices.Sorted(maps.Keys(config.Contexts)), nil
	}))

	complete(root, "cluster", known(func() ([]string, error) {
		config, err := c.rules.Load()
		if err != nil {
			return nil, err
		}
		return slices.Sorted(maps.Keys(config.Clusters)), nil
	}))

	complete(root, "user", known(func() ([]string, error) {
		config, err := c.rules.Load()
		if err != nil {
			return nil, err
		}
		return slices.Sorted(maps.Keys(config.AuthInfos)), nil
	}))

	completeNothing(root, "as", "as-group", "as-uid", "server", "proxy-url", "token", "username", "password", "namespace", "request-timeout", "tls-server-name")
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
