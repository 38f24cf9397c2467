package controlplane

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// processAttributes let an attached child die with its parent, however that
// ends, and keep it out of the terminal's process group: Ctrl-C is the parent's
// to handle. A detached child gets a session of its own.
func processAttributes(detached bool) *syscall.SysProcAttr {
	if detached {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// processesOf finds the live processes of the folder's control plane, by part.
// Their command lines name the folder, so no number that was written down can
// have passed to another program meanwhile.
func processesOf(dir folder) map[string]int {
	found := map[string]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is valid, the only error there is
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		arguments := strings.Split(string(bytes.TrimRight(content, "\x00")), "\x00")
		part := identify(dir, arguments)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if part != "" && err == nil {
			found[part] = pid
		}
	}
	return found
}

// availableMemory is what programs can still get, in bytes; ok is false where
// that cannot be known.
func availableMemory() (available int64, ok bool) {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(content)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); err == nil {
			return kib << 10, true
		}
	}
	return 0, false
}
