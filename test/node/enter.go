//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/allmenning/allmenning/test/controlplane"
)

// What the program is given when it runs again.
const (
	stageVariable  = "ALLMENNING_NODE_STAGE"
	folderVariable = "ALLMENNING_NODE_FOLDER"
	groupVariable  = "ALLMENNING_NODE_CGROUP"
	// binariesVariable names the folder that hack/node/build.sh has made.
	binariesVariable = "ALLMENNING_NODE"
)

// The stages: outside is the program as it was called.
const (
	stageKeep   = "keep"
	stageFirst  = "first"
	stageInside = "inside"
)

// Wanted says whether the caller has built what a node runs, and so wants one.
func Wanted() bool { return os.Getenv(binariesVariable) != "" }

// Enter runs inside in namespaces and cgroups of its own and returns what it returns. Before that it
// calls prepare outside, with a folder that inside gets too and that is removed at the end. It calls itself again on the way,
// so nothing that matters may come before it in main.
func Enter(prepare func(ctx context.Context, folder string) error, inside func(folder string) int) int {
	var code int
	var err error
	switch os.Getenv(stageVariable) {
	case "":
		code, err = outside(prepare)
	case stageKeep:
		err = keep(os.Stdin, os.Getenv(folderVariable), os.Getenv(groupVariable))
	case stageFirst:
		code, err = first(os.Getenv(groupVariable))
	case stageInside:
		code = inside(os.Getenv(folderVariable))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		return 1
	}
	return code
}

// outside prepares, makes cgroups and a folder, and waits for process 1, which ends with this
// program. The keeper takes away what was made.
func outside(prepare func(ctx context.Context, folder string) error) (int, error) {
	runtime.LockOSThread() // process 1 dies with the thread that started it
	if os.Getuid() != 0 {
		return 0, errors.New("namespaces and cgroups of its own need root")
	}
	assets, err := controlplane.Assets(context.Background(), os.Stderr)
	if err != nil {
		return 0, err
	}
	if err := os.Setenv("KUBEBUILDER_ASSETS", assets); err != nil {
		return 0, fmt.Errorf("saying where the control plane is: %w", err)
	}
	folder, err := os.MkdirTemp("", "allmenning-node-")
	if err != nil {
		return 0, fmt.Errorf("making a folder for the node: %w", err)
	}
	group := filepath.Base(folder)
	end, err := startKeeper(folder, group)
	if err != nil {
		return 0, errors.Join(err, os.RemoveAll(folder))
	}
	code, err := outsideWith(prepare, folder, group)
	return code, errors.Join(err, end())
}

func outsideWith(prepare func(ctx context.Context, folder string) error, folder, group string) (int, error) {
	if err := buildPrograms(folder); err != nil {
		return 0, err
	}
	if err := prepare(context.Background(), folder); err != nil {
		return 0, err
	}
	if err := makeGroup(group); err != nil {
		return 0, err
	}
	again := itself(stageFirst, folder, group)
	again.Stdout, again.Stderr = os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	var exit *exec.ExitError
	if err := again.Run(); errors.As(err, &exit) {
		return max(1, exit.ExitCode()), nil
	} else if err != nil {
		return 0, fmt.Errorf("entering the node's namespaces: %w", err)
	}
	return 0, nil
}

// itself is this program at another stage.
func itself(stage, folder, group string) *exec.Cmd {
	again := exec.Command("/proc/self/exe", os.Args[1:]...)
	again.Env = append(os.Environ(), stageVariable+"="+stage, folderVariable+"="+folder, groupVariable+"="+group)
	return again
}

// first is process 1. It makes the surroundings, starts the program inside, and reaps: what containers
// leave when those that started them have ended becomes its child.
func first(group string) (int, error) {
	if err := joinGroup(group + "/system"); err != nil {
		return 0, err
	}
	if err := surround(); err != nil {
		return 0, fmt.Errorf("making the node's surroundings: %w", err)
	}
	// Of two equal variables a started process keeps the first.
	if err := errors.Join(os.Setenv(stageVariable, stageInside), os.Setenv("TMPDIR", tempFolder)); err != nil {
		return 0, fmt.Errorf("setting variables: %w", err)
	}
	inside, err := os.StartProcess("/proc/self/exe", os.Args, &os.ProcAttr{
		Env: os.Environ(), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
	})
	if err != nil {
		return 0, fmt.Errorf("starting the program inside: %w", err)
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("waiting for the program inside: %w", err)
		case pid == inside.Pid && status.Signaled():
			return 0, fmt.Errorf("the program inside ended by signal: %s", status.Signal())
		case pid == inside.Pid:
			return status.ExitStatus(), nil
		}
	}
}
