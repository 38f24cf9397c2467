package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/allmenning/allmenning/test/operator"
)

// cluster is the one that the demo has started, by the program that a person
// would use for it.
type cluster struct {
	name string
	// folder is removed when the cluster is stopped.
	folder string
	// export is the shell's line that selects it.
	export string
	// kubeconfig is its administrator's.
	kubeconfig string
	config     *rest.Config
}

// stopLine stops it.
func (c cluster) stopLine() string { return "go run ./hack/cluster down --name " + c.name }

// startCluster starts a new cluster; one of an earlier demo is stopped first, and that
// is said.
func startCluster(ctx context.Context, show *progress, name string) (cluster, error) {
	show.step("stopping the cluster of an earlier demo, if there is one")
	if _, err := callCluster(ctx, name, "down"); err != nil {
		return cluster{}, err
	}
	show.step("starting a control plane, with nodes that kwok plays")
	export, err := callCluster(ctx, name, "up")
	if err != nil {
		return cluster{}, err
	}
	kubeconfig, err := callCluster(ctx, name, "kubeconfig")
	if err != nil {
		return cluster{}, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return cluster{}, fmt.Errorf("reading the access to the cluster: %w", err)
	}
	config.QPS = -1 // the server limits itself
	config.WarningHandlerWithContext = rest.NoWarnings{}
	return cluster{name: name, folder: filepath.Dir(kubeconfig), export: export, kubeconfig: kubeconfig, config: config}, nil
}

// callCluster runs a subcommand of hack/cluster and returns what it prints for
// programs; what it says to a person goes to the person.
func callCluster(ctx context.Context, name string, arguments ...string) (string, error) {
	arguments = append([]string{"run", "./hack/cluster", "--name", name}, arguments...)
	command := exec.CommandContext(ctx, "go", arguments...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, os.Stdout
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("running go %s: %w", strings.Join(arguments, " "), err)
	}
	return strings.TrimSpace(out.String()), nil
}

// stopAll ends what the demo has started.
func stopAll(ctx context.Context, show *progress, home cluster, program *operator.Process) error {
	show.step("stopping the operator and the cluster")
	if err := program.Stop(); err != nil {
		return err
	}
	_, err := callCluster(ctx, home.name, "down")
	return err
}
