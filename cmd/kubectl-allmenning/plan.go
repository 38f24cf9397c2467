package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/planner"
)

func newPlan(c *connection) *cobra.Command {
	var files, output string
	var q outlook.Question
	var days int
	var members bool
	cmd := &cobra.Command{
		Use:   "plan APP VERSION",
		Short: "Foresee who would get a version when, and who would not",
		Long: "Foresee what a promotion comes to: which rollouts would be made, who would get the version when and in which wave,\n" +
			"who would not and why, and which approvals are wanting. Nothing is changed. It is the operator's own plan, played\n" +
			"forward as if all went well. With --filename it works on a folder of manifests, for merge requests.",
		Example: examples(
			"kubectl allmenning plan svarut 2.5.0",
			"kubectl allmenning plan svarut 2.5.0 --network digi-tv --members",
			"kubectl allmenning plan svarut 2.5.0 -f manifests/ -o json",
		),
		Args:              between(2, 2),
		ValidArgsFunction: c.completeArgs(&files, appNames(), versionNames()),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if days < 1 || q.Install <= 0 {
				return errors.New("--days and --install must be more than 0")
			}
			w, err := c.everything(cmd.Context(), files)
			if err != nil {
				return err
			}
			q.App, q.Version, q.Now = args[0], args[1], time.Now().Truncate(time.Second)
			q.Until = q.Now.AddDate(0, 0, days)
			o, err := outlook.Of(w, q)
			if err != nil {
				return fmt.Errorf("plan: %w", err)
			}
			if output != "" {
				return write(cmd.OutOrStdout(), output, o)
			}
			outlook.Print(cmd.OutOrStdout(), o, members)
			return nil
		},
	}

	flags := cmd.Flags()
	flags.StringVarP(&files, "filename", "f", "", "read a file or a folder of manifests in place of the cluster")
	flags.StringVar(&q.Channel, "channel", v1alpha1.DefaultChannel, "channel that would point at the version")
	flags.StringVar(&q.Network, "network", "", "only this network")
	flags.BoolVar(&q.Approved, "approved", true, "take approvals as given when they are needed; with =false waves wait for those that are wanting")
	flags.DurationVar(&q.Install, "install", planner.DefaultInstall, "how long an environment is taken to need to get healthy")
	flags.IntVar(&days, "days", 90, "how far to look, in days")
	flags.BoolVar(&members, "members", false, "show the time of each municipality and environment")
	complete(cmd, "network", c.completeFlag(&files, networkNamesOfApp()))
	complete(cmd, "channel", c.completeFlag(&files, channelNames()))
	completeNothing(cmd, "install", "days")
	addOutput(cmd, &output)
	return cmd
}

// everything reads all that a plan rests on, from files if there are some.
func (c *connection) everything(ctx context.Context, files string) (*world.World, error) {
	if files != "" {
		return fromFiles(files)
	}
	cluster, err := c.open()
	if err != nil {
		return nil, err
	}
	return world.FromCluster(ctx, cluster, world.Platforms, world.Municipalities, world.Networks, world.SharedApps, world.Rollouts, world.Installations)
}
