package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"helm.sh/helm/v4/pkg/strvals"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/publication"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/parameters"
)

func newBundleFromChart() *cobra.Command {
	var t trial
	var files, set []string
	var output string
	cmd := &cobra.Command{
		Use:   "from-chart CHART -o DIR",
		Short: "Render a Helm chart once, into a kustomize folder",
		Long: "Render a chart, a folder or what helm package writes, with values of yours, and write what comes out as a bundle without\n" +
			"Helm: manifests, and a kustomization.yaml that lists them. It is for publishers who want to see and correct each object before they offer\n" +
			"it; the operator renders charts by itself as well. What a chart fills in with the facts of the tenant has one value in such a folder:\n" +
			"those fields are listed, to be written as kustomize replacements. The exit code is 0 where the folder was written and nothing in it is wrong, warnings\n" +
			"aside; 1 where the catalogue would refuse it as it is, or the chart, of which nothing is written then; and 2 where the chart can't be read.",
		Example: examples(
			"kubectl allmenning bundle from-chart ./board -f values.yaml --set replicas=2 -o ./board-bundle",
		),
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return seeHelp(cmd, errors.New("--output is missing: name the folder to write to"))
			}
			b, err := t.read(args[0])
			if err != nil {
				return unreadable{err}
			}
			if t.options.Tenant.Chart, err = withValues(t.options.Tenant.Chart, files, set); err != nil {
				return unreadable{err}
			}
			frozen, err := publication.Freeze(b, t.options)
			var refused *bundle.RefusedError
			if errors.As(err, &refused) {
				var report publication.Report
				for _, f := range refused.Findings {
					report.Findings = append(report.Findings, publication.Located{Finding: f})
				}
				if err := writeReport(cmd.ErrOrStderr(), "", report); err != nil {
					return err
				}
				return fmt.Errorf("%w, so that nothing was written", errRefused)
			}
			if err != nil {
				return err
			}
			if err := writeFolder(output, frozen.Files); err != nil {
				return err
			}
			return sayFrozen(cmd.OutOrStdout(), output, frozen)
		},
	}
	cmd.Flags().StringSliceVarP(&files, "values", "f", nil, "file with values, as for helm; may be repeated")
	cmd.Flags().StringArrayVar(&set, "set", nil, "value as key=value, as for helm; may be repeated")
	cmd.Flags().StringVarP(&output, "output", "o", "", "folder to write to: a new one, or an empty one")
	t.addFlags(cmd)
	return cmd
}

// withValues adds the values of files and flags to those of the settings, which may be nil.
func withValues(settings *chart.Settings, files, set []string) (*chart.Settings, error) {
	out := chart.Settings{}
	if settings != nil {
		out = *settings
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read values: %w", err)
		}
		var values map[string]any
		if err := yaml.Unmarshal(content, &values); err != nil {
			return nil, fmt.Errorf("read values: %s: %w", file, err)
		}
		out.Values = parameters.Merge(out.Values, values)
	}
	if out.Values == nil {
		out.Values = map[string]any{}
	}
	for _, one := range set {
		if err := strvals.ParseInto(one, out.Values); err != nil {
			return nil, fmt.Errorf("--set %s: %w", one, err)
		}
	}
	return &out, nil
}

// writeFolder writes files into a folder that is empty, or not there.
func writeFolder(dir string, files map[string][]byte) error {
	if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
		return fmt.Errorf("%s is not empty: name a new folder, so that nothing of yours is lost", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a folder of the user's
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil { //nolint:gosec // a file of the user's
			return err
		}
	}
	return nil
}

// sayFrozen says what was written, and what of the chart is not in it.
func sayFrozen(out io.Writer, dir string, frozen publication.Frozen) error {
	fmt.Fprintf(out, "wrote %d files to %s\n", len(frozen.Files), dir)
	for _, note := range frozen.Adjusted {
		fmt.Fprintln(out, "made to fit:", note)
	}
	for _, field := range frozen.Same {
		fmt.Fprintln(out, "one value for all:", field)
	}
	if err := writeReport(out, "", frozen.Report); err != nil {
		return err
	}
	if frozen.Report.Refused() {
		return fmt.Errorf("%s was written, and %w as it is: correct there what is listed above, or have kubectl allmenning bundle check %s --fix correct what it can", dir, errRefused, dir)
	}
	return nil
}
