// Command demo shows Allmenning on this machine, with nothing in it simulated
// but the nodes: a real control plane, the operator under the role that is
// shipped for it, and either all of Norway or six municipalities of Telemark.
//
//	go run ./hack/demo --scenario=norway
//	go run ./hack/demo --scenario=vest-telemark
//
// It starts the cluster `demo` of hack/cluster, applies the samples, waits until
// every app runs at every member, promotes one app by changing one field, and
// waits until every member has moved. What it leaves running is for the person
// at the keyboard to look at.
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
	scenario string
	keep     bool
	timeout  time.Duration
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
	command.Flags().StringVar(&flags.scenario, "scenario", "norway", "what to show: "+scenarioNames())
	command.Flags().BoolVar(&flags.keep, "keep", true, "leave the cluster and the operator running, to look at")
	command.Flags().DurationVar(&flags.timeout, "timeout", 30*time.Minute, "how long installing, and then moving, may take each")
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
	home, err := startCluster(ctx, show)
	if err != nil {
		return err
	}
	program, err := runOperator(ctx, show, home, everything)
	if err == nil {
		err = play(ctx, chosen, flags, show, home, program, everything)
	}
	if err != nil {
		return fmt.Errorf("%w\n\nThe cluster is left as it is, to look into:\n  %s\n  tail %s\nand to stop it:\n  %s",
			err, home.export, program.log, stopLine)
	}
	if !flags.keep {
		return stopAll(ctx, show, program)
	}
	return nil
}

// runOperator installs what the operator ships with, and starts it.
func runOperator(ctx context.Context, show *progress, home cluster, everything manifests) (operator, error) {
	writer, err := newApplier(home.config)
	if err != nil {
		return operator{}, err
	}
	show.step("installing CRDs, roles and policies (config/default)")
	if err := installDefault(ctx, writer, everything.platform); err != nil {
		return operator{}, err
	}
	return startOperator(ctx, show, home)
}

// play applies the scenario, promotes, and tells what was seen.
func play(ctx context.Context, chosen scenario, flags options, show *progress, home cluster, program operator, everything manifests) error {
	writer, err := newApplier(home.config)
	if err != nil {
		return err
	}
	eye, err := newObserver(ctx, home.config)
	if err != nil {
		return err
	}
	watcher := watch{eye: eye, show: show, operator: program, timeout: flags.timeout}
	began := time.Now()
	if err := applyScenario(ctx, writer, show, everything); err != nil {
		return err
	}
	installed, err := watcher.installed(ctx, everything)
	if err != nil {
		return err
	}
	installTime := time.Since(began)
	move, err := promote(ctx, writer, watcher, chosen.promotion)
	if err != nil {
		return err
	}
	end := summary{
		scenario: chosen, installed: installed, installTime: installTime, move: move,
		requests: program.requests(ctx), export: home.export, log: program.log, keep: flags.keep,
	}
	show.write(end.text())
	return nil
}
