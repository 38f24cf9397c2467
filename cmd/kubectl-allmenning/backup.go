package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/backup"
)

// operatorNamespace is where the operator is, unless a flag says otherwise.
const operatorNamespace = "allmenning-system"

func newBackup(c *connection) *cobra.Command {
	var file string
	o := backup.Options{}
	cmd := &cobra.Command{
		Use:   "backup -o FILE",
		Short: "Save decisions, installations and rollouts, with their status, to restore them into an empty cluster",
		Long: "Saves all objects of Allmenning with their status, the namespaces of municipalities, and the bundles that the operator keeps or\n" +
			"SharedApps name. Objects of apps are left out, as the operator makes them again; volumes, and what municipalities run besides,\n" +
			"belong to the backup of the cluster. Secrets are left out unless asked for.",
		Example: examples("kubectl allmenning backup -o country.yaml", "kubectl allmenning backup --secrets -o country.yaml"),
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return seeHelp(cmd, errors.New("--output names no file: give one, or - for the terminal"))
			}
			cluster, err := c.openWith(unhurried)
			if err != nil {
				return err
			}
			all, err := backup.Collect(cmd.Context(), cluster, o)
			if err != nil {
				return err
			}
			if err := save(cmd.OutOrStdout(), file, all); err != nil {
				return err
			}
			left := ""
			if !o.Secrets {
				left = ", without Secrets"
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "Saved %d objects%s.\n", len(all), left)
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "file to write; - for the terminal")
	cmd.Flags().BoolVar(&o.Secrets, "secrets", false, "save Secrets with their values: passwords that the operator made for apps, and what it logs in to registries with")
	cmd.Flags().StringVar(&o.Namespace, "operator-namespace", operatorNamespace, "where the operator is")
	complete(cmd, "output", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	})
	completeNothing(cmd, "operator-namespace")
	return cmd
}

// save writes a list of objects as kubectl does, to the end or not at all. Nobody else may read the file.
func save(out io.Writer, file string, all []*unstructured.Unstructured) error {
	items := make([]any, 0, len(all))
	for _, o := range all {
		items = append(items, o.Object)
	}
	data, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		return err
	}
	if file == "-" {
		_, err = out.Write(data)
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".backup-*")
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the backup: %w", err), os.Remove(temporary.Name()))
	}
	return nil
}

func newRestore(c *connection) *cobra.Command {
	var file, namespace, account string
	var yes bool
	cmd := &cobra.Command{
		Use:   "restore -f FILE",
		Short: "Put a backup into an empty cluster, before the operator starts there",
		Long: "Says what a backup would bring into the cluster; with --yes it does. The release must be installed there, and its operator must not\n" +
			"run: scale it to 0. Meanwhile its Lease is held, so that none starts. Killed in the middle and run again, it goes on.\n" +
			"AppInstallations and Rollouts are created as the operator's account, whom you must be allowed to impersonate.",
		Example: examples("kubectl allmenning restore -f country.yaml", "kubectl allmenning restore -f country.yaml --yes"),
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := readBackup(cmd, file)
			if err != nil {
				return err
			}
			administrator, err := c.openWith(unhurried)
			if err != nil {
				return err
			}
			if account == "" {
				account = "system:serviceaccount:" + namespace + ":allmenning-manager"
			}
			operator, err := c.openWith(unhurried, func(config *rest.Config) { config.Impersonate = rest.ImpersonationConfig{UserName: account} })
			if err != nil {
				return err
			}
			r := backup.Restorer{Client: administrator, Operator: operator, Namespace: namespace, Clock: clock.RealClock{}, Out: cmd.OutOrStdout()}
			return r.Restore(cmd.Context(), all, !yes)
		},
	}
	cmd.Flags().StringVarP(&file, "filename", "f", "", "file that kubectl allmenning backup wrote; - for standard input")
	cmd.Flags().BoolVar(&yes, "yes", false, "restore; without it nothing is changed")
	cmd.Flags().StringVar(&namespace, "operator-namespace", operatorNamespace, "where the operator is")
	cmd.Flags().StringVar(&account, "operator-account", "", "the operator's account, where it is not allmenning-manager of that namespace")
	completeNothing(cmd, "operator-namespace", "operator-account")
	return cmd
}

// readBackup reads the file of a backup.
func readBackup(cmd *cobra.Command, file string) ([]*unstructured.Unstructured, error) {
	switch file {
	case "":
		return nil, seeHelp(cmd, errors.New("--filename names no backup"))
	case "-":
		return backup.Read(cmd.InOrStdin())
	}
	opened, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	defer func() { _ = opened.Close() }() // it was only read
	return backup.Read(opened)
}
