package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/change"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// completeAccess completes the role; the group behind it is the identity provider's.
func completeAccess(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	roles := []string{string(v1alpha1.AccessAdministrator) + "=", string(v1alpha1.AccessDeveloper) + "=", string(v1alpha1.AccessViewer) + "="}
	return matching(roles, nil, begun), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func newOnboard(c *connection) *cobra.Command {
	d := destination{creates: true}
	var n change.Newcomer
	cmd := &cobra.Command{
		Use:   "onboard MUNICIPALITY --number NUMBER --display-name NAME",
		Short: "Take a municipality on board, and into a network",
		Long: "Make a Municipality, and with --network a member of that Network: by its name in spec.members.names, unless the\n" +
			"network selects it anyway. The label of its county is the first half of its number." + destinationHelp,
		Example: examples(
			"kubectl allmenning onboard vinje --number 4036 --display-name Vinje --network digi-tv --access Administrator=vinje-ikt --apply",
			"kubectl allmenning onboard vinje --number 4036 --display-name Vinje --network digi-tv -f manifests/",
			"kubectl allmenning onboard vinje --number 4036 --display-name Vinje --environments prod:Production:Closed | kubectl apply -f -",
		),
		Args:              between(1, 1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Name = args[0]
			read := func(ctx context.Context, reader client.Client) (*world.World, error) {
				return world.FromCluster(ctx, reader, world.Municipalities, world.Networks)
			}
			return d.run(cmd, c, read, func(w *world.World) (written, error) {
				m, join, err := change.Onboard(w, n, time.Now())
				if err != nil {
					return written{}, fmt.Errorf("onboard: %w", err)
				}
				return written{create: m, change: join}, nil
			})
		},
	}

	flags := cmd.Flags()
	flags.StringVar(&n.Number, "number", "", "the municipality's official number, four digits")
	flags.StringVar(&n.DisplayName, "display-name", "", "the name that people know")
	flags.StringVar(&n.Network, "network", "", "network to join (default: none but those that select it)")
	flags.StringSliceVar(&n.Environments, "environments", []string{"prod:Production:Closed", "test:Test:Open"}, "environments, each as name:stage:zone")
	flags.StringSliceVar(&n.Access, "access", nil, "groups of the identity provider, each as role=group")
	flags.Int32Var(&n.Inhabitants, "inhabitants", 0, "number of inhabitants, the key for default quotas")
	complete(cmd, "network", c.completeFlag(&d.files, networkNames()))
	complete(cmd, "environments", oneOf("prod:Production:Closed", "prod:Production:Open", "test:Test:Closed", "test:Test:Open", "dev:Development:Closed", "dev:Development:Open"))
	complete(cmd, "access", completeAccess)
	completeNothing(cmd, "number", "display-name", "inhabitants")
	for _, required := range []string{"number", "display-name"} {
		if err := cmd.MarkFlagRequired(required); err != nil {
			panic(err) // the flag was just defined
		}
	}

	d.addFlags(cmd)
	return cmd
}
