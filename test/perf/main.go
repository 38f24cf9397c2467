// Command perf measures the operator against a real control plane, and says whether it
// keeps the bars that the project sets itself:
//
//	make bench
//	make bench BENCH_ARGS='--municipalities=50 --no-bars'
//
// For each number of municipalities it starts a control plane of its own, without nodes,
// and the operator as a process under its shipped role. Then it goes through the phases
// of a tenant's life, one file each: tenancy, installation, upgrade, drift, idle, restart.
// How long a rollout's next step takes to work out for 10,000 members is measured beside.
// A second control plane with the same flags gives the floor: the very same objects
// written straight into equal namespaces, which is as fast as this machine can be.
//
// Requests are the operator's own count of what goes through its transport, events
// included, watches and leases left out. A phase ends when all is as it should be; its
// requests are counted until none has come for a while, so that trailing status writes
// count as well. Requests repeat from run to run; times belong to the machine and to what
// else runs on it, which is why the bar on speed compares with the floor of the same run.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/allmenning/allmenning/test/operator"
)

// errMissed makes the exit status tell that a bar is missed.
var errMissed = errors.New("a bar is missed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// What goes wrong comes back as errors; the libraries' logs would tear the progress apart.
	ctrllog.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "perf:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	municipalities []int
	noBars         bool
	out            string
	manager        string
	leaderElect    bool
	deletions      int
	idle           time.Duration
	timeout        time.Duration
}

func newCommand() *cobra.Command {
	var o options
	command := &cobra.Command{
		Use:           "perf",
		Short:         "Measure requests, speed and memory of the operator on a real control plane",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(command *cobra.Command, _ []string) error { return run(command.Context(), o) },
	}
	flags := command.Flags()
	flags.IntSliceVar(&o.municipalities, "municipalities", []int{50, 357}, "how many, for one run each; every one has two environments")
	flags.BoolVar(&o.noBars, "no-bars", false, "only measure: a missed bar is no error")
	flags.StringVar(&o.out, "out", "dist/bench.json", "file to write the figures to")
	flags.StringVar(&o.manager, "manager", "", "measure this program; empty builds cmd/manager")
	flags.BoolVar(&o.leaderElect, "leader-elect", true, "run the operator with leader election, as config/manager does")
	flags.IntVar(&o.deletions, "deletions", 200, "how many installed objects to delete")
	flags.DurationVar(&o.idle, "idle", time.Minute, "how long to count requests while nothing happens")
	flags.DurationVar(&o.timeout, "timeout", 20*time.Minute, "how long one phase may take")
	return command
}

// run measures each size, then tells and judges all of them.
func run(ctx context.Context, o options) error {
	if err := o.check(); err != nil {
		return err
	}
	say := newProgress(os.Stderr)
	folder, err := os.MkdirTemp("", "allmenning-perf-")
	if err != nil {
		return fmt.Errorf("making a folder for the operator: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if o.manager == "" { // built once: every size measures the same program
		say.step("building the operator")
		if o.manager, err = operator.Build(ctx, ".", folder, os.Stderr); err != nil {
			return err
		}
	}
	var results []result
	for _, n := range o.municipalities {
		r, err := measure(ctx, n, o, say)
		if err != nil {
			return fmt.Errorf("%d municipalities: %w", n, err)
		}
		results = append(results, r)
		if err := write(o.out, results); err != nil {
			return err
		}
	}
	missed := false
	for _, r := range results {
		fmt.Println(table(r))
		missed = missed || !met(r.bars())
	}
	fmt.Printf("Figures are in %s.\n", o.out)
	if missed && !o.noBars {
		return errMissed
	}
	return nil
}

func (o options) check() error {
	for _, n := range o.municipalities {
		if n < 1 || n > 9999 {
			return fmt.Errorf("--municipalities %d: numbers of municipalities have four digits, so use 1 to 9999", n)
		}
	}
	if o.deletions < 1 || o.idle < time.Second {
		return errors.New("--deletions must be at least 1, and --idle at least 1s")
	}
	if _, err := os.Stat(defaultFolder); err != nil {
		return fmt.Errorf("run it in the root folder of the repository, or by `make bench`: %w", err)
	}
	return nil
}

// write puts the figures into a file, as a list with one object per size.
func write(path string, results []result) error {
	content, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	if err := os.WriteFile(path, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}
