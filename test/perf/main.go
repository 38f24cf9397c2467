// Command perf measures the operator against a real control plane, and says whether it
// keeps the bars that the project sets itself:
//
//	make bench
//	make bench BENCH_ARGS='--municipalities=50 --no-bars'
//
//	make bench BENCH_ARGS='--municipalities=357 --apps=1,10,30 --timeout=1h'
//
// For each size, which is a number of municipalities and of apps, it starts a control plane of
// its own, without nodes, and the operator as a process under its shipped role. Then it goes
// through the phases of a tenant's life: tenancy, installation, upgrade, drift, idle, events,
// restart. A second control plane with the same flags gives the floor: the very same objects
// written straight into equal namespaces, which is as fast as this machine can be. After
// several sizes it compares them: what grows with the country, and what must not.
//
// What needs no cluster is measured beside: how long it takes to work out a rollout's next
// step for 10,000 and for 1,000,000 members.
//
// Requests are the operator's own count of what goes through its transport, events
// included, watches and leases left out. A phase ends when all is as it should be; its
// requests are counted until none has come for a while, so that trailing status writes
// count as well. Requests repeat from run to run; times belong to the machine and to what
// else runs on it, which is why the bar on speed compares with the floor of the same run.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/allmenning/allmenning/test/operator"
)

// maxApps is how many a network can propose.
const maxApps = 256

// errMissed makes the exit status say that a bar is missed.
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
	apps           []int
	own            bool
	noBars         bool
	add            bool
	out            string
	manager        string
	leaderElect    bool
	profiles       string
	deletions      int
	statuses       int
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
	command.AddCommand(newWrites())
	flags := command.Flags()
	flags.IntSliceVar(&o.municipalities, "municipalities", []int{50, 357}, "how many, for one run each; every one has two environments")
	flags.IntSliceVar(&o.apps, "apps", []int{1}, "how many apps of five objects each environment has, for one run each")
	flags.BoolVar(&o.own, "own", false, "give each installation a namespace of its own (isolation: Own)")
	flags.BoolVar(&o.noBars, "no-bars", false, "only measure: a missed bar is no error")
	flags.StringVar(&o.out, "out", "dist/bench.json", "file to write the figures to")
	flags.BoolVar(&o.add, "add", false, "keep what the file holds of other sizes, and compare with them")
	flags.StringVar(&o.profiles, "profiles", "", "folder for a CPU profile of the API server in each phase; empty takes none")
	flags.StringVar(&o.manager, "manager", "", "measure this program; empty builds cmd/manager")
	flags.BoolVar(&o.leaderElect, "leader-elect", true, "run the operator with leader election, as config/manager does")
	flags.IntVar(&o.deletions, "deletions", 200, "how many installed objects to delete")
	flags.IntVar(&o.statuses, "statuses", 200, "how many statuses of installations to change, five a second")
	flags.DurationVar(&o.idle, "idle", time.Minute, "how long to count requests while nothing happens")
	flags.DurationVar(&o.timeout, "timeout", 20*time.Minute, "how long one phase may take")
	return command
}

// run measures each size, then judges all of them.
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
	if o.add {
		if results, err = read(o.out); err != nil {
			return err
		}
	}
	say.step("planning rollouts to %d and %d members", planMembers, manyMembers)
	planned, err := plan(manyMembers)
	if err != nil {
		return err
	}
	var bars []bar
	for _, s := range o.sizes() {
		r, err := measure(ctx, s, o, say)
		if err != nil {
			return fmt.Errorf("%d municipalities with %d apps: %w", s.municipalities, s.apps, err)
		}
		r.Planning = planned
		results = placed(results, r)
		if err := write(o.out, results); err != nil {
			return err
		}
		fmt.Println(table(r))
		bars = append(bars, r.bars()...)
	}
	if len(results) > 1 {
		fmt.Println(growthTable(results))
		bars = append(bars, growthBars(results)...)
	}
	fmt.Printf("Figures are in %s.\n", o.out)
	if !met(bars) && !o.noBars {
		return errMissed
	}
	return nil
}

// sizes are all pairs of the two flags.
func (o options) sizes() []size {
	all := make([]size, 0, len(o.municipalities)*len(o.apps))
	for _, municipalities := range o.municipalities {
		for _, apps := range o.apps {
			all = append(all, size{municipalities, apps, o.own})
		}
	}
	return all
}

func (o options) check() error {
	for _, n := range o.municipalities {
		if n < 1 || n > 9999 {
			return fmt.Errorf("--municipalities %d: numbers of municipalities have four digits, so use 1 to 9999", n)
		}
	}
	for _, n := range o.apps {
		if n < 1 || n > maxApps {
			return fmt.Errorf("--apps %d: a network proposes 1 to %d apps", n, maxApps)
		}
	}
	if o.deletions < 1 || o.statuses < 1 || o.idle < time.Second {
		return errors.New("--deletions and --statuses must be at least 1, and --idle at least 1s")
	}
	if _, err := os.Stat(defaultFolder); err != nil {
		return fmt.Errorf("run it in the root folder of the repository, or by `make bench`: %w", err)
	}
	return nil
}

// placed puts a result among those of other sizes, the smallest first; an earlier one of the
// same size goes.
func placed(results []result, r result) []result {
	others := slices.DeleteFunc(slices.Clone(results), func(o result) bool { return o.N == r.N && o.Apps == r.Apps })
	others = append(others, r)
	slices.SortFunc(others, func(a, b result) int {
		return cmp.Or(cmp.Compare(a.Installations, b.Installations), cmp.Compare(a.N, b.N))
	})
	return others
}

// read reads the figures of earlier runs; none where there is no file.
func read(path string) ([]result, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the figures of earlier runs: %w", err)
	}
	var results []result
	if err := json.Unmarshal(content, &results); err != nil {
		return nil, fmt.Errorf("reading the figures of earlier runs from %s: %w", path, err)
	}
	return results, nil
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
