package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// requireRoom refuses to begin what could not end well: in the wrong folder,
// without Go, or with too little memory or disk, both in bytes.
func requireRoom(memory, disk uint64) error {
	if content, err := os.ReadFile("go.mod"); err != nil || !strings.HasPrefix(string(content), "module github.com/allmenning/allmenning\n") {
		return fmt.Errorf("run the demo in the root folder of the repository, or by `make demo`")
	}
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("the demo builds the operator, and finds no Go: %w", err)
	}
	if free, known := freeMemory(); known && free < memory {
		return fmt.Errorf("%.1f GiB of memory are free, this scenario needs %.1f: stop other programs, or try --scenario=vest-telemark",
			inGiB(free), inGiB(memory))
	}
	folder, err := stateFolder()
	if err != nil {
		return err
	}
	free, err := freeDisk(folder)
	if err != nil {
		return err
	}
	if free < disk {
		return fmt.Errorf("%.1f GiB of disk are free at %s, this scenario needs %.1f: make room, or set XDG_STATE_HOME to another disk",
			inGiB(free), folder, inGiB(disk))
	}
	return nil
}

func inGiB(bytes uint64) float64 { return float64(bytes) / float64(gib) }

// freeMemory is what programs can still get, in bytes; it is known on Linux only.
func freeMemory() (bytes uint64, known bool) {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(content)) {
		var kib uint64
		if _, err := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); err == nil {
			return kib << 10, true
		}
	}
	return 0, false
}

// stateFolder is the disk that hack/cluster will write to: the nearest folder
// that is there already.
func stateFolder() (string, error) {
	folder := os.Getenv("XDG_STATE_HOME")
	if folder == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding a place for the cluster: %w; set XDG_STATE_HOME", err)
		}
		folder = home
	}
	for {
		if _, err := os.Stat(folder); err == nil || folder == filepath.Dir(folder) { //nolint:gosec // the folder of the person who runs the demo
			return folder, nil
		}
		folder = filepath.Dir(folder)
	}
}

// freeDisk is in bytes.
func freeDisk(folder string) (uint64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, fmt.Errorf("looking at the disk of %s: %w", folder, err)
	}
	return disk.Bavail * uint64(disk.Bsize), nil //nolint:gosec // a block size is positive
}
