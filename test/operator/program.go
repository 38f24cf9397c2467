// Package operator runs the operator as a process of its own, as a cluster would, for
// those who watch it from outside: the demo, the bench and the end-to-end tests.
//
//	program, err := operator.Build(ctx, root, folder, os.Stderr) // once
//	kubeconfig, err := plane.KubeconfigFor(operator.Identity)
//	process, err := operator.Start(operator.Options{Program: program, Kubeconfig: kubeconfig, Log: path})
//	err = process.AwaitReady(ctx)
//	defer process.Stop()
//
// It runs under the service account that the shipped roles are bound to, so that what it
// lacks is missed here and not at a customer's, and with the settings that config/manager
// gives it. It is asked by its own endpoints: whether it is ready, and what it has done.
package operator

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	// Namespace is the operator's own, as config/default makes it.
	Namespace = "allmenning-system"
	// Identity is the service account that the shipped roles are bound to.
	Identity = "system:serviceaccount:" + Namespace + ":allmenning-manager"
)

// Build builds cmd/manager of the repository at root into a folder, as it is shipped: without
// debug data, paths of this machine and cgo, also where the caller runs under the race detector. It returns the program's path;
// what the compiler says goes to out.
func Build(ctx context.Context, root, folder string, out io.Writer) (string, error) {
	program, err := filepath.Abs(filepath.Join(folder, "allmenning-manager"))
	if err != nil {
		return "", fmt.Errorf("building the operator: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./cmd/manager")
	build.Dir, build.Stdout, build.Stderr = root, out, out
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building the operator: %w", err)
	}
	return program, nil
}
