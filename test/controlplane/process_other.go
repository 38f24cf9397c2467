//go:build unix && !linux

package controlplane

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// processAttributes leave an attached child in the terminal's process group,
// so that Ctrl-C reaches it even when the parent is no more: these systems have
// no way to let a child die with its parent. The next start cleans up.
func processAttributes(detached bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: detached}
}

// processesOf finds the live processes of the folder's control plane, by part.
// Their command lines name the folder, so no number that was written down can
// have passed to another program meanwhile.
func processesOf(dir folder) map[string]int {
	found := map[string]int{}
	output, err := exec.Command("ps", "-axwwo", "pid=,args=").Output()
	if err != nil {
		return found
	}
	for line := range strings.Lines(string(output)) {
		number, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		pid, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		// ps joins the arguments with spaces; the folder may hold some, too.
		program, arguments, _ := strings.Cut(strings.TrimSpace(rest), " --")
		first, _, _ := strings.Cut("--"+arguments, " --")
		if part := identify(dir, []string{program, first}); part != "" {
			found[part] = pid
		}
	}
	return found
}

// availableMemory is not known here.
func availableMemory() (available int64, ok bool) { return 0, false }
