package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/change"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

func newApprove(c *connection) *cobra.Command {
	var d destination
	var wave string
	cmd := &cobra.Command{
		Use:   "approve ROLLOUT",
		Short: "Let a wave of a rollout begin",
		Long: "Let a wave of a rollout begin that requires approval: the one that waits for it, unless --wave names another. The\n" +
			"approval is a field of the Network, spec.rollout.approvals; of those who take an app directly, one of the Platform.\n" +
			"It names app, digest, wave and attempt, and counts for these alone. Whether it is a security fix, and who stands in\n" +
			"for whom in the first wave, is said first." + destinationHelp,
		Example: examples(
			"kubectl allmenning approve digi-tv.svarut.2.4.1.1 --apply",
			"kubectl allmenning approve digi-tv.svarut.2.4.1.1 --wave everyone -f networks/digi-tv.yaml",
		),
		Args:              between(1, 1),
		ValidArgsFunction: c.completeArgs(&d.files, approvableNames()),
		RunE: func(cmd *cobra.Command, args []string) error {
			read := func(ctx context.Context, reader client.Client) (*world.World, error) {
				return world.AroundRollout(ctx, reader, args[0])
			}
			return d.run(cmd, c, read, func(w *world.World) (written, error) {
				r, err := w.Rollout(args[0])
				if err != nil && w.Offline && len(w.Rollouts) == 0 {
					return written{}, errNeedsCluster
				}
				if err != nil {
					return written{}, err
				}
				x, err := change.Approve(w, r, wave, time.Now())
				if err != nil {
					return written{}, fmt.Errorf("approve: %w", err)
				}
				return written{change: &x}, nil
			})
		},
	}

	cmd.Flags().StringVar(&wave, "wave", "", "name of the wave (default: the one that waits for approval)")
	complete(cmd, "wave", c.completeFlag(&d.files, unapprovedWaveNames()))
	d.addFlags(cmd)
	return cmd
}
