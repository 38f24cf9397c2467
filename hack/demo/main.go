// Command demo shows Allmenning on this machine, with nothing in it simulated
// but the nodes: a real control plane, the operator under the role that is
// shipped for it, and either all of Norway or six municipalities of Telemark.
//
//	go run ./hack/demo --scenario=norway
//	go run ./hack/demo --scenario=vest-telemark
//
// It starts a cluster of hack/cluster, `demo` by default, applies the samples, and waits until
// every app runs at every member. Then it plays a story: a bad version is promoted, gets
// no further than the pilots of each network, and is taken back; a good one follows it,
// in waves, with an approval. What it leaves running is for the person at the keyboard
// to look at.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/allmenning/allmenning/test/operator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The libraries' logs would tear the progress line; what goes wrong comes back as errors.
	ctrllog.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

// options are the demo's flags.
type options struct {
	name     string
	scenario string
	keep     bool
	patience time.Duration
}

func newCommand() *cobra.Command {
	var flags options
	command := &cobra.Command{
		Use:           "demo",
		Short:         "Show tenants, networks and shared apps on a real control plane",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			chosen, err := scenarioNamed(flags.scenario)
			if err != nil {
				return err
			}
			return run(command.Context(), chosen, flags)
		},
	}
	command.Flags().StringVar(&flags.name, "name", "demo", "name of the cluster; one of that name that is up is stopped first")
	command.Flags().StringVar(&flags.scenario, "scenario", "norway", "what to show: "+scenarioNames())
	command.Flags().BoolVar(&flags.keep, "keep", true, "leave the cluster and the operator running, to look at")
	command.Flags().DurationVar(&flags.patience, "patience", 15*time.Minute, "how long nothing may change before the demo gives up; a slow machine may take as long as it needs")
	return command
}

// run is the demo from its beginning to its end.
func run(ctx context.Context, chosen scenario, flags options) error {
	show := newProgress(os.Stdout)
	if err := requireRoom(chosen.minMemory, chosen.minDisk); err != nil {
		return err
	}
	everything, err := loadManifests(chosen)
	if err != nil {
		return err
	}
	home, err := startCluster(ctx, show, flags.name)
	if err != nil {
		return err
	}
	program, err := runOperator(ctx, show, home, everything)
	if err == nil {
		err = play(ctx, chosen, flags, show, home, program, everything)
	}
	if err != nil {
		return fmt.Errorf("%w\n\nThe cluster runs on, to look into:\n  %s\n  tail %s\nand to stop it:\n  %s",
			err, home.export, operatorLog(home), home.stopLine())
	}
	if !flags.keep {
		return stopAll(ctx, show, home, program)
	}
	return nil
}

// runOperator installs what the operator ships with, and starts it.
func runOperator(ctx context.Context, show *progress, home cluster, everything manifests) (*operator.Process, error) {
	writer, err := newApplier(home.config)
	if err != nil {
		return nil, err
	}
	show.step("installing CRDs, roles and policies (config/default)")
	if err := installDefault(ctx, writer, everything.platform); err != nil {
		return nil, err
	}
	return startOperator(ctx, show, home)
}

// play applies the scenario, plays its story, and sums up what was seen.
func play(ctx context.Context, chosen scenario, flags options, show *progress, home cluster, program *operator.Process, everything manifests) error {
	writer, err := newApplier(home.config)
	if err != nil {
		return err
	}
	eye, err := newObserver(ctx, home.config)
	if err != nil {
		return err
	}
	commands, err := newShell(ctx, show, home)
	if err != nil {
		return err
	}
	watcher := watch{eye: eye, show: show, operator: program, patience: flags.patience}
	end := summary{scenario: chosen, export: home.export, stop: home.stopLine(), plugin: commands.plugin, log: operatorLog(home), keep: flags.keep}
	began := time.Now()
	if err := applyScenario(ctx, writer, show, everything); err != nil {
		return err
	}
	if end.installed, err = watcher.installed(ctx, everything); err != nil {
		return err
	}
	end.installTime = time.Since(began)
	tale := story{scenario: chosen, writer: writer, watch: watcher, shell: commands, show: show}
	if err := tale.careful(ctx, everything.strict); err != nil {
		return err
	}
	if end.reach, err = tale.stopped(ctx); err != nil {
		return err
	}
	if err := tale.patient(ctx, everything.patient); err != nil {
		return err
	}
	if end.move, err = tale.forward(ctx); err != nil {
		return err
	}
	metrics, err := program.Scrape(ctx)
	if err != nil {
		return err
	}
	end.requests = metrics.Requests
	show.write(end.text())
	return nil
}
