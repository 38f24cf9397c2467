package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/progress"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/planner"
)

func newStatus(c *connection) *cobra.Command {
	var output string
	var filter progress.Filter
	var watch, waves bool
	var doors doorsQuestion
	cmd := &cobra.Command{
		Use:   "status [ROLLOUT...]",
		Short: "Show how far rollouts have come",
		Long: "Show rollouts as a table: those first that are halted or under way. Of each group and app the newest is\n" +
			"shown; earlier ones that are over are left out, unless --records asks for them. Where a rollout is named, its\n" +
			"waves are below it. With --doors, the doors between municipalities are shown instead: who is let in by whom.",
		Example: examples(
			"kubectl allmenning status",
			"kubectl allmenning status --network digi-tv --watch",
			"kubectl allmenning status digi-tv.svarut.2.4.1.1",
			"kubectl allmenning status --doors --municipality vinje",
		),
		ValidArgsFunction: c.completeMany(rolloutNames()),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter.Names = args
			waves = waves || len(args) > 0
			if err := checkOutput(output); err != nil {
				return err
			}
			if err := doors.check(args, filter, watch, waves); err != nil {
				return err
			}
			if doors.doors {
				return c.showDoors(cmd.Context(), cmd.OutOrStdout(), doors, filter.App, output)
			}
			if watch && output != "" {
				return fmt.Errorf("--watch shows a table: leave out --output %s", output)
			}
			return c.showRollouts(cmd.Context(), cmd.OutOrStdout(), filter, watch, waves, output)
		},
	}

	cmd.Flags().BoolVar(&waves, "waves", false, "show the waves of each rollout")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "go on, and show each change, until interrupted")
	c.addStatusFilters(cmd, &filter, &doors)
	addOutput(cmd, &output)
	return cmd
}

// showRollouts prints the rollouts that a filter picks.
func (c *connection) showRollouts(ctx context.Context, out io.Writer, filter progress.Filter, watch, waves bool, output string) error {
	cluster, err := c.open()
	if err != nil {
		return err
	}
	w, err := world.FromCluster(ctx, cluster, world.Rollouts)
	if err != nil {
		return err
	}
	if err := checkFilter(ctx, cluster, w, filter); err != nil {
		return err
	}
	strategies, err := strategiesOf(ctx, cluster, waves)
	if err != nil {
		return err
	}
	if watch {
		return follow(ctx, cluster, out, filter, lines(waves, strategies))
	}
	if err := checkNames(w, filter.Names); err != nil {
		return err
	}
	return printStatus(out, output, progress.Pick(w.Rollouts, filter), lines(waves, strategies))
}

// addStatusFilters adds the flags that pick what is shown.
func (c *connection) addStatusFilters(cmd *cobra.Command, filter *progress.Filter, doors *doorsQuestion) {
	cmd.Flags().StringVar(&filter.Network, "network", "", "only rollouts of this network")
	cmd.Flags().StringVar(&filter.App, "app", "", "only rollouts of this app; with --doors, only doors to it")
	cmd.Flags().BoolVar(&filter.Records, "records", false, "show also rollouts that are over and that another followed")
	cmd.Flags().BoolVar(&doors.doors, "doors", false, "show the doors between municipalities instead of rollouts")
	cmd.Flags().StringVar(&doors.municipality, "municipality", "", "with --doors, only those of this municipality")
	complete(cmd, "municipality", c.completeFlag(nil, municipalityNames()))
	complete(cmd, "network", c.completeFlag(nil, networkNames()))
	complete(cmd, "app", c.completeFlag(nil, appNames()))
}

// checkNames refuses a name that no Rollout has.
func checkNames(w *world.World, names []string) error {
	for _, name := range names {
		if _, err := w.Rollout(name); err != nil {
			return err
		}
	}
	return nil
}

// checkFilter refuses a network and an app that there are not. Those of which there is a
// Rollout are known without asking.
func checkFilter(ctx context.Context, c client.Reader, w *world.World, filter progress.Filter) error {
	is := func(fits func(*v1alpha1.Rollout) bool) bool {
		return slices.ContainsFunc(w.Rollouts, func(r v1alpha1.Rollout) bool { return fits(&r) })
	}
	if name := filter.Network; name != "" && !is(func(r *v1alpha1.Rollout) bool { return r.Spec.Network == name }) {
		there, err := world.FromCluster(ctx, c, world.Networks)
		if err != nil {
			return err
		}
		if _, err := there.Network(name); err != nil {
			return err
		}
	}
	if name := filter.App; name != "" && !is(func(r *v1alpha1.Rollout) bool { return r.Spec.App == name }) {
		there, err := world.FromCluster(ctx, c, world.SharedApps)
		if err != nil {
			return err
		}
		if _, err := there.App(name); err != nil {
			return err
		}
	}
	return nil
}

// strategiesOf reads who gives the waves, if waves are shown. Who may not read that does not see
// whom a wave names.
func strategiesOf(ctx context.Context, c client.Reader, waves bool) (progress.Strategies, error) {
	unknown := func(string) planner.Strategy { return planner.Strategy{} }
	if !waves {
		return unknown, nil
	}
	w, err := world.Readable(ctx, c, world.Networks, world.Platforms)
	if err != nil || len(w.Unread) > 0 {
		return unknown, err
	}
	return w.Country(time.Now()).Strategy, nil
}

// lines are those that show rollouts.
func lines(waves bool, strategies progress.Strategies) func([]v1alpha1.Rollout) []string {
	return func(rollouts []v1alpha1.Rollout) []string { return progress.Lines(rollouts, waves, strategies) }
}

func printStatus(out io.Writer, output string, rollouts []v1alpha1.Rollout, lines func([]v1alpha1.Rollout) []string) error {
	if output != "" {
		list := v1alpha1.RolloutList{Items: make([]v1alpha1.Rollout, 0, len(rollouts))}
		list.APIVersion, list.Kind = v1alpha1.GroupVersion.String(), "RolloutList"
		for i := range rollouts {
			r := rollouts[i]
			r.APIVersion, r.Kind, r.ManagedFields = v1alpha1.GroupVersion.String(), "Rollout", nil
			list.Items = append(list.Items, r)
		}
		return write(out, output, list)
	}
	if len(rollouts) == 0 {
		fmt.Fprintln(out, "There are no rollouts that fit.")
		return nil
	}
	for _, line := range lines(rollouts) {
		fmt.Fprintln(out, line)
	}
	return nil
}
