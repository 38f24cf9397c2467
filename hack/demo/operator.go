package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/allmenning/allmenning/test/operator"
)

// startOperator builds cmd/manager and runs it as the service account that the shipped
// roles are bound to. It outlives the demo. It runs with leader election, so it ends by
// itself seconds after its cluster has been stopped.
func startOperator(ctx context.Context, show *progress, home cluster) (*operator.Process, error) {
	show.step("building the operator")
	program, err := operator.Build(ctx, ".", home.folder, os.Stdout)
	if err != nil {
		return nil, err
	}
	kubeconfig, err := callCluster(ctx, home.name, "for", operator.Identity)
	if err != nil {
		return nil, err
	}
	show.step("starting the operator as " + operator.Identity)
	process, err := operator.Start(operator.Options{
		Program: program, Kubeconfig: kubeconfig, LeaderElect: true, Detached: true, Log: operatorLog(home),
	})
	if err != nil {
		return nil, err
	}
	err = process.AwaitReady(ctx)
	return process, err
}

// operatorLog is where the operator writes, also where it has not begun to.
func operatorLog(home cluster) string {
	return filepath.Join(home.folder, "logs", "allmenning-manager.log")
}
