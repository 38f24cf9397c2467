package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/bulletin"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/folder"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/provenance"
)

// errChanges says that something changes, by the exit code alone: what does was written.
var errChanges = errors.New("something changes")

// planning is what was asked for.
type planning struct {
	question              outlook.Question
	files, before, output string
	days                  int
	members               bool
}

func newPlan(c *connection) *cobra.Command {
	var p planning
	cmd := &cobra.Command{
		Use:   "plan [APP VERSION]",
		Short: "Foresee who would get a version when, and who would not",
		Long: "Foresee what a promotion comes to: which rollouts would be made, who would get the version when and in which wave,\n" +
			"who would not and why, and which approvals are wanting. Nothing is changed. It is the operator's own plan, played\n" +
			"forward as if all went well. With --filename it works on a folder of manifests, and with --before on all channels that\n" +
			"point at another version there than in a folder of before, for merge requests.\n\n" +
			"The exit code is 0 where nothing changes, 2 where something does, and 1 where something is broken; in each case what\n" +
			"--output asks for is written, with all faults at once.",
		Example: examples(
			"kubectl allmenning plan svarut 2.5.0",
			"kubectl allmenning plan svarut 2.5.0 --network digi-tv --members",
			"kubectl allmenning plan svarut 2.5.0 -f manifests/ -o json",
			"kubectl allmenning plan -f manifests/ --before /tmp/main/manifests -o markdown",
		),
		Args:              between(0, 2),
		ValidArgsFunction: c.completeArgs(&p.files, appNames(), versionNames()),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.check(cmd, args); err != nil {
				return err
			}
			b, failed := p.bulletin(cmd.Context(), c, args)
			if failed != nil && p.output == "" {
				return failed
			}
			if err := p.write(cmd, b); err != nil {
				return err
			}
			return cmp.Or(failed, verdict(b))
		},
	}

	p.addFlags(cmd, c)
	return cmd
}

func (p *planning) addFlags(cmd *cobra.Command, c *connection) {
	flags, q := cmd.Flags(), &p.question
	flags.StringVarP(&p.files, "filename", "f", "", "read a file or a folder of manifests in place of the cluster")
	flags.StringVar(&p.before, "before", "", "with --filename: the file or folder as it was before, to plan all that differs")
	flags.StringVar(&q.Channel, "channel", v1alpha1.DefaultChannel, "channel that would point at the version")
	flags.StringVar(&q.Network, "network", "", "only this network")
	flags.BoolVar(&q.Approved, "approved", true, "take approvals as given when they are needed; with =false waves wait for those that are wanting")
	flags.DurationVar(&q.Install, "install", planner.DefaultInstall, "how long an environment is taken to need to get healthy")
	flags.IntVar(&p.days, "days", 90, "how far to look, in days")
	flags.BoolVar(&p.members, "members", false, "show the time of each municipality and environment")
	flags.StringVarP(&p.output, "output", "o", "", strings.Join(bulletin.Formats(), ", ")+", for pipelines; else text for people")
	complete(cmd, "output", oneOf(bulletin.Formats()...))
	complete(cmd, "network", c.completeFlag(&p.files, networkNamesOfApp()))
	complete(cmd, "channel", c.completeFlag(&p.files, channelNames()))
	completeNothing(cmd, "install", "days")
}

// check refuses what was not meant, before anything is read.
func (p *planning) check(cmd *cobra.Command, args []string) error {
	switch {
	case p.output != "" && !slices.Contains(bulletin.Formats(), p.output):
		return fmt.Errorf("--output %q: use one of %s, or leave it out for text", p.output, strings.Join(bulletin.Formats(), ", "))
	case p.days < 1 || p.question.Install <= 0:
		return errors.New("--days and --install must be more than 0")
	case p.before == "":
		return between(2, 2)(cmd, args)
	case p.files == "":
		return errors.New("--before is compared with --filename: give both")
	case len(args) > 0 || cmd.Flags().Changed("channel"):
		return errors.New("--before finds apps, channels and versions by itself: leave APP, VERSION and --channel out, or --before")
	}
	return nil
}

// bulletin plans. Where that fails the bulletin says why, for pipelines.
func (p *planning) bulletin(ctx context.Context, c *connection, args []string) (*bulletin.Bulletin, error) {
	b, err := p.plan(ctx, c, args)
	if err != nil {
		return bulletin.Failed(each(err)), err
	}
	return b, nil
}

func (p *planning) plan(ctx context.Context, c *connection, args []string) (*bulletin.Bulletin, error) {
	w, err := c.everything(ctx, p.files)
	if err != nil {
		return nil, err
	}
	p.question.Now = time.Now().Truncate(time.Second)
	p.question.Until = p.question.Now.AddDate(0, 0, p.days)
	if p.before != "" {
		return p.compare(w)
	}

	one, err := p.foresee(w, outlook.Promotion{App: args[0], Version: args[1], Channel: p.question.Channel})
	if err != nil {
		return nil, err
	}
	return bulletin.Of([]bulletin.Plan{one}, nil, nil), nil
}

// compare plans all that differs between two folders. What is wrong with the one before does not matter any longer.
func (p *planning) compare(w *world.World) (*bulletin.Bulletin, error) {
	f, err := world.ReadFolder(p.before, nil)
	if err != nil && !errors.Is(err, folder.ErrNoFiles) {
		return nil, err
	}
	before := world.Names(f)

	var plans []bulletin.Plan
	var faults []error
	for _, promotion := range outlook.Promotions(before, w) {
		one, err := p.foresee(w, promotion)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		plans = append(plans, one)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return bulletin.Of(plans, outlook.Edits(before, w), outlook.Faults(w, p.question)), nil
}

// foresee is the plan of one promotion.
func (p *planning) foresee(w *world.World, of outlook.Promotion) (bulletin.Plan, error) {
	q := p.question
	q.App, q.Channel, q.Version, q.Was = of.App, of.Channel, of.Version, of.Was
	o, err := outlook.Of(w, q)
	if err != nil {
		return bulletin.Plan{}, fmt.Errorf("plan: %w", err)
	}
	return bulletin.Plan{Outlook: o, Place: w.Place("SharedApp", of.App, "spec.channels["+of.Channel+"].version")}, nil
}

func (p *planning) write(cmd *cobra.Command, b *bulletin.Bulletin) error {
	if p.output == "" {
		b.Text(cmd.OutOrStdout(), p.members)
		return nil
	}
	return b.Write(cmd.OutOrStdout(), p.output, provenance.OfThisProgram().Version)
}

// verdict is what the exit code says of a bulletin.
func verdict(b *bulletin.Bulletin) error {
	switch b.Outcome {
	case bulletin.Nothing:
		return nil
	case bulletin.Changes:
		return errChanges
	}
	return fmt.Errorf("plan: %s to be fixed: see the answer", b.CountFaults())
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
