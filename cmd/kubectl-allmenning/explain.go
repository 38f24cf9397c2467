package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/explanation"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

func newExplain(c *connection) *cobra.Command {
	var files, output string
	cmd := &cobra.Command{
		Use:   "explain MUNICIPALITY [APP]",
		Short: "Show who decided on each app of a municipality, and why",
		Long: "Show, in plain words, the chain of decisions behind each app of a municipality: what the nation offers, what\n" +
			"networks propose and which of them is followed, what the municipality itself says, what that comes to, how far\n" +
			"the rollout has come, and what is installed. Environments that are alike are shown once.",
		Example: examples(
			"kubectl allmenning explain vinje",
			"kubectl allmenning explain vinje svarut -o yaml",
			"kubectl allmenning explain vinje -f manifests/    # as files say, without a cluster",
		),
		Args:              between(1, 2),
		ValidArgsFunction: c.completeArgs(&files, municipalityNames(), appNamesAt()),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			w, err := c.around(cmd.Context(), files, args[0])
			if err != nil {
				return err
			}
			m, err := w.Municipality(args[0])
			if err != nil {
				return err
			}
			app, now := "", time.Now()
			if len(args) > 1 {
				app = args[1]
				if err := explanation.Known(w, m, app, now); err != nil {
					return err
				}
			}
			e := explanation.Of(w, m, app, now)
			if output != "" {
				return write(cmd.OutOrStdout(), output, e)
			}
			width, _ := screen(cmd.OutOrStdout())
			explanation.Print(cmd.OutOrStdout(), e, width)
			return nil
		},
	}

	cmd.Flags().StringVarP(&files, "filename", "f", "", "read a file or a folder of manifests in place of the cluster")
	addOutput(cmd, &output)
	return cmd
}

// around reads what concerns a municipality, from files if there are some.
func (c *connection) around(ctx context.Context, files, municipality string) (*world.World, error) {
	if files != "" {
		return fromFiles(files)
	}
	cluster, err := c.open()
	if err != nil {
		return nil, err
	}
	return world.AroundMunicipality(ctx, cluster, municipality)
}

func fromFiles(path string) (*world.World, error) {
	f, err := world.ReadFolder(path, nil)
	if err != nil {
		return nil, err
	}
	return world.FromFolder(f)
}
