// Command controlplane is a whole Kubernetes control plane in one binary.
//
// It carries etcd, kube-apiserver, kube-controller-manager, kube-scheduler and
// kwok (which plays the nodes). The name under which it is called selects the
// part, so the folder that the build leaves behind holds one binary and five
// symbolic links; envtest takes that folder as KUBEBUILDER_ASSETS.
//
// It is a Go module of its own, because kubernetes itself is a dependency that
// nobody who imports the operator should inherit.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // the control plane's client metrics, as upstream's own main does
	_ "k8s.io/component-base/metrics/prometheus/version"  // build information as a metric, as upstream's own main does
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
)

func main() {
	part := filepath.Base(os.Args[0])
	switch part {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	case "kwok":
		os.Exit(runKwok())
	default:
		fmt.Fprintf(os.Stderr, "controlplane: called as %q; call it through a link named etcd, kube-apiserver, "+
			"kube-controller-manager, kube-scheduler or kwok\n", part)
		os.Exit(2)
	}
}

// runKwok runs kwok until SIGINT or SIGTERM and returns its exit code.
func runKwok() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command, err := kwokCommand(ctx)
	if err == nil {
		err = command.Execute()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "kwok: %v\n", err)
		return 1
	}
	return 0
}

// kwokCommand assembles kwok's command line with flags of its own: the
// packages of kubernetes have registered theirs on the shared set by now, and
// kwok would refuse them.
//
// The stages that make nodes and pods ready travel in the context, and kwok
// fills it from the files of --config before the command itself exists. That
// is why the global flags are parsed here, ahead of the command: unknown flags
// are the command's business and pass unseen.
func kwokCommand(ctx context.Context) (*cobra.Command, error) {
	pflag.CommandLine = pflag.NewFlagSet(os.Args[0], pflag.ExitOnError)
	global := pflag.NewFlagSet("global", pflag.ContinueOnError)
	global.ParseErrorsAllowlist.UnknownFlags = true
	global.Usage = func() {}

	ctx, _ = kwoklog.InitFlags(ctx, global)
	ctx, err := kwokconfig.InitFlags(ctx, global)
	if err != nil {
		return nil, fmt.Errorf("reading the files of --config: %w", err)
	}
	command := kwok.NewCommand(ctx)
	command.SetContext(ctx)
	command.PersistentFlags().AddFlagSet(global)
	return command, nil
}
