package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/allmenning/allmenning/test/controlplane"
)

// location is where a cluster's folder is: <dir>/<name>.
type location struct {
	dir, name string
}

var validName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$`)

// folder is the cluster's own folder.
func (l location) folder() (string, error) {
	if !validName.MatchString(l.name) {
		return "", fmt.Errorf("the name %q is not valid: use at most 42 of a-z, 0-9 and dashes between them", l.name)
	}
	if l.dir != "" {
		return filepath.Join(l.dir, l.name), nil
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding a place for clusters: %w; name one with --dir", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "allmenning", "clusters", l.name), nil
}

// open finds the cluster that runs there.
func (l location) open() (*controlplane.ControlPlane, error) {
	folder, err := l.folder()
	if err != nil {
		return nil, err
	}
	return controlplane.Open(folder)
}

// openReady finds the cluster, and refuses one that cannot be used.
func (l location) openReady() (*controlplane.ControlPlane, error) {
	plane, err := l.open()
	if err != nil {
		return nil, fmt.Errorf("cluster %q is not up: %w", l.name, err)
	}
	if !plane.Ready() {
		return nil, fmt.Errorf("cluster %q is not ready; see `status`", l.name)
	}
	return plane, nil
}

func newCommand() *cobra.Command {
	at := &location{}
	root := &cobra.Command{
		Use:           "cluster",
		Short:         "Keep Kubernetes clusters on this machine, without a container engine",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&at.name, "name", "default", "name of the cluster; several run side by side under different names")
	root.PersistentFlags().StringVar(&at.dir, "dir", "", "folder that holds the clusters' folders (default ${XDG_STATE_HOME:-~/.local/state}/allmenning/clusters)")
	root.AddCommand(newUp(at), newDown(at), newStatus(at), newKubeconfig(at), newFor(at))
	return root
}

func newKubeconfig(at *location) *cobra.Command {
	return &cobra.Command{
		Use:     "kubeconfig",
		Short:   "Print the path of the administrator's kubeconfig",
		Example: "  kubectl --kubeconfig $(go run ./hack/cluster kubeconfig) get nodes",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			plane, err := at.openReady()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(command.OutOrStdout(), plane.Kubeconfig())
			return err
		},
	}
}

func newFor(at *location) *cobra.Command {
	var groups []string
	command := &cobra.Command{
		Use:   "for USER",
		Short: "Print the path of a kubeconfig for any identity",
		Long: "Make a client certificate for any user or service account and print the path of a kubeconfig with it.\n" +
			"What that identity may do is up to RBAC; a service account gets its groups by itself.",
		Example: "  kubectl --kubeconfig $(go run ./hack/cluster for anna --group vinje-ikt) -n vinje-prod get pods\n" +
			"  go run ./hack/cluster for system:serviceaccount:allmenning-system:allmenning-manager",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, users []string) error {
			plane, err := at.openReady()
			if err != nil {
				return err
			}
			path, err := plane.KubeconfigFor(users[0], groups...)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(command.OutOrStdout(), path)
			return err
		},
	}
	command.Flags().StringSliceVar(&groups, "group", nil, "a group of the user; may be given several times")
	return command
}

func newStatus(at *location) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show what runs of the cluster, and where its logs are; fails unless all of it does",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			plane, err := at.open()
			if err != nil {
				return fmt.Errorf("cluster %q is not up: %w", at.name, err)
			}
			if plane.Starting() {
				return fmt.Errorf("cluster %q is being started", at.name)
			}
			table := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "PART\tPROCESS\tLOG")
			for _, part := range plane.Parts() {
				process := "dead"
				if part.PID != 0 {
					process = fmt.Sprint(part.PID)
				}
				fmt.Fprintf(table, "%s\t%s\t%s\n", part.Name, process, part.Log)
			}
			if err := table.Flush(); err != nil {
				return err
			}
			if !plane.Ready() {
				return fmt.Errorf("cluster %q is broken: see the logs, then `down` and `up`", at.name)
			}
			fmt.Fprintf(command.OutOrStdout(), "\nready at %s\nexport KUBECONFIG=%s\n", plane.Server(), shellQuote(plane.Kubeconfig()))
			return nil
		},
	}
}
