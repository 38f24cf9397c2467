//go:build linux

package packets

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// operatorProcesses are the processes of the operator's pods, as the node sees them.
func operatorProcesses(t *testing.T) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(content), "/allmenning-manager\x00--leader-elect") {
			continue // another's, or gone meanwhile
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	if len(all) == 0 {
		t.Fatal("no process of the operator runs")
	}
	return all
}

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }
