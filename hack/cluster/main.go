// Command cluster keeps Kubernetes clusters on this machine that need no
// container engine: a real control plane, and nodes that kwok plays.
//
//	go run ./hack/cluster up        # start one, or find that it is up
//	go run ./hack/cluster status    # what runs, and where its logs are
//	go run ./hack/cluster for anna  # a kubeconfig for any identity
//	go run ./hack/cluster down      # stop it and remove all it wrote
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "cluster: %v\n", err)
		os.Exit(1)
	}
}
