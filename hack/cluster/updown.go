package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/allmenning/allmenning/test/controlplane"
)

const (
	maxNodes   = 1000
	maxVolumes = 10_000
)

func newUp(at *location) *cobra.Command {
	var size controlplane.Options
	command := &cobra.Command{
		Use:   "up",
		Short: "Start the cluster and print the line that selects it",
		Long: "Start etcd, kube-apiserver, kube-controller-manager, kube-scheduler and, with kwok, the nodes, and leave them running.\n" +
			"The first time, the binaries are built, which takes minutes and is reported. Progress goes to stderr; stdout gets\n" +
			"only the line that selects the cluster, so that `eval \"$(go run ./hack/cluster up)\"` works.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if size.Nodes < 0 || size.Nodes > maxNodes {
				return fmt.Errorf("--nodes is %d: it must be from 0 to %d", size.Nodes, maxNodes)
			}
			if size.Volumes < 0 || size.Volumes > maxVolumes {
				return fmt.Errorf("--volumes is %d: it must be from 0 to %d", size.Volumes, maxVolumes)
			}
			return up(command, at, size)
		},
	}
	command.Flags().IntVar(&size.Nodes, "nodes", 5, "how many nodes kwok plays")
	command.Flags().IntVar(&size.Volumes, "volumes", 800, "how many PersistentVolumes lie ready for claims; enough for each of config/samples")
	return command
}

func up(command *cobra.Command, at *location, size controlplane.Options) error {
	folder, err := at.folder()
	if err != nil {
		return err
	}
	plane, err := controlplane.Open(folder)
	switch {
	case errors.Is(err, controlplane.ErrNotFound):
	case err != nil:
		return err
	case plane.Ready():
		fmt.Fprintf(command.ErrOrStderr(), "cluster %q is already up at %s\n", at.name, plane.Server())
		return printExport(command, plane)
	case plane.Starting():
		return fmt.Errorf("cluster %q is being started by another process", at.name)
	case plane.Broken():
		return fmt.Errorf("cluster %q is broken, a part of it has died: see `status`, then `down` and `up`", at.name)
	}
	fmt.Fprintf(command.ErrOrStderr(), "starting cluster %q in %s\n", at.name, folder)
	plane, err = controlplane.Start(command.Context(), controlplane.Options{
		Dir:               folder,
		ControllerManager: true,
		Scheduler:         true,
		Nodes:             size.Nodes,
		Volumes:           size.Volumes,
		Detached:          true,
		Progress:          command.ErrOrStderr(),
	})
	if err != nil {
		return fmt.Errorf("starting cluster %q: %w", at.name, err)
	}
	return printExport(command, plane)
}

func printExport(command *cobra.Command, plane *controlplane.ControlPlane) error {
	_, err := fmt.Fprintf(command.OutOrStdout(), "export KUBECONFIG=%s\n", shellQuote(plane.Kubeconfig()))
	return err
}

// shellQuote makes the path one word for a shell, whatever is in it.
func shellQuote(path string) string {
	if !strings.ContainsAny(path, " \t\n'\"\\$`&|;<>()*?[]#~!{}") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

func newDown(at *location) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Stop the cluster and remove its folder, also after it was killed halfway",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			plane, err := at.open()
			if errors.Is(err, controlplane.ErrNotFound) {
				fmt.Fprintf(command.ErrOrStderr(), "cluster %q is not up\n", at.name)
				return nil
			}
			if err != nil {
				return err
			}
			if err := plane.Stop(); err != nil {
				return fmt.Errorf("stopping cluster %q: %w", at.name, err)
			}
			fmt.Fprintf(command.ErrOrStderr(), "cluster %q is down\n", at.name)
			return nil
		},
	}
}
