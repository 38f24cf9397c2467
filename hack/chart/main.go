// Command chart writes those parts of the Helm chart that follow from the rest of the repository: the manifests of config/
// that it ships as they are, and the README of its values.
//
//	go run ./hack/chart                          # write charts/allmenning/files and README.md
//	go run ./hack/chart package --version=1.0.0  # pack it into dist/, always to the same bytes
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

// folder is the chart's, in the repository.
const folder = "charts/allmenning"

// notShipped are the manifests of config/ that the chart writes by templates of its own.
var notShipped = []string{"kustomization.yaml", "service_account.yaml"}

func main() {
	if err := newCommand().Execute(); err != nil {
		fmt.Fprintf(os.Stderr, "chart: %v\n", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "chart", Short: "Write the generated parts of the Helm chart", Args: cobra.NoArgs,
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(*cobra.Command, []string) error {
			return errors.Join(
				ship("config/crd/bases", "crd"), ship("config/policy", "policy"), ship("config/rbac", "rbac"), ship("config/monitoring", "monitoring"),
				writeReadme())
		},
	}
	var p packing
	pack := &cobra.Command{
		Use: "package", Short: "Pack the chart as a release", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return p.run(command.Context(), command.OutOrStdout()) },
	}
	pack.Flags().StringVar(&p.version, "version", "", "version of chart and operator, such as 1.0.0; empty keeps that of Chart.yaml")
	pack.Flags().StringVar(&p.target, "to", "dist", "folder to write the package to")
	pack.Flags().StringVar(&p.archive, "archive", "", "write the OCI image layout of it, too, as a tar archive that skopeo and oras push")
	command.AddCommand(pack)
	return command
}

// ship copies the manifests of a folder into the chart, and deletes what is no longer in it.
func ship(from, name string) error {
	to := filepath.Join(folder, "files", name)
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil { //nolint:gosec // sources are for everybody
		return err
	}
	manifests, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err != nil {
		return err
	}
	dashboards, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil {
		return err
	}
	if len(manifests) == 0 {
		return fmt.Errorf("%s has no manifests; run it in the root of the repository", from)
	}
	for _, manifest := range slices.Concat(manifests, dashboards) {
		base := filepath.Base(manifest)
		if slices.Contains(notShipped, base) {
			continue
		}
		content, err := os.ReadFile(manifest)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, base), content, 0o644); err != nil { //nolint:gosec // sources are for everybody
			return err
		}
	}
	return nil
}
