package controlplane_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/allmenning/allmenning/test/controlplane"
)

// parentVariable names the state folder for playParent, and asks for it.
const parentVariable = "ALLMENNING_CONTROLPLANE_PARENT"

// playParent starts a control plane, says so on stdout, and waits to be
// killed.
func playParent(dir string) {
	plane, err := controlplane.Start(context.Background(), controlplane.Options{Dir: dir, ControllerManager: true})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("up:", plane.Dir())
	select {}
}

// A parent that is killed takes its control plane with it, and the next start
// in the very same folder works.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentVariable+"="+dir)
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "up:") {
		t.Fatalf("the parent says %q: %v", line, err)
	}
	pids := pidsIn(t, dir)
	if len(pids) != 3 {
		t.Fatalf("processes %v run, want 3", pids)
	}

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()            // it was killed: that is the error
	if runtime.GOOS == "linux" { // elsewhere the next start cleans up
		eventually(t, "no child survives its parent", func(context.Context) error {
			if left := pidsIn(t, dir); len(left) > 0 {
				return fmt.Errorf("processes %v live", left)
			}
			return nil
		})
	}

	plane, _ := start(t, controlplane.Options{Dir: dir})
	pids = pidsIn(t, dir)
	if err := plane.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := noneAlive(pids); err != nil {
		t.Errorf("after Stop: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there after Stop: %v", err)
	}
}

func pidsIn(t *testing.T, dir string) []int {
	t.Helper()
	plane, err := controlplane.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, part := range plane.Parts() {
		if part.PID != 0 {
			pids = append(pids, part.PID)
		}
	}
	return pids
}

// noneAlive sends signal 0, which only asks.
func noneAlive(pids []int) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("process %d lives", pid)
		}
	}
	return nil
}
