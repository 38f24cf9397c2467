package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/change"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

func newPromote(c *connection) *cobra.Command {
	var d destination
	var channel string
	cmd := &cobra.Command{
		Use:   "promote APP VERSION",
		Short: "Point a channel of an app at another version",
		Long: "Point a channel of a SharedApp at another of its versions: spec.channels[].version. Networks that follow the channel\n" +
			"begin a rollout. Ask first who would get it when, with `kubectl allmenning plan`." + destinationHelp,
		Example: examples(
			"kubectl allmenning promote svarut 2.5.0 --apply",
			"kubectl allmenning promote svarut 2.5.0 --channel pilot -f apps/",
		),
		Args:              between(2, 2),
		ValidArgsFunction: c.completeArgs(&d.files, appNames(), versionNames()),
		RunE: func(cmd *cobra.Command, args []string) error {
			read := func(ctx context.Context, reader client.Client) (*world.World, error) {
				return world.AroundApp(ctx, reader, args[0])
			}
			return d.run(cmd, c, read, func(w *world.World) (written, error) {
				x, err := change.Promote(w, args[0], args[1], channel)
				if err != nil {
					return written{}, fmt.Errorf("promote: %w", err)
				}
				return written{change: &x}, nil
			})
		},
	}

	cmd.Flags().StringVar(&channel, "channel", v1alpha1.DefaultChannel, "name of the channel")
	complete(cmd, "channel", c.completeFlag(&d.files, channelNames()))
	d.addFlags(cmd)
	return cmd
}
