//go:build linux

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const cgroups = "/sys/fs/cgroup"

// unified says whether the machine has one hierarchy of cgroups for all controllers (version 2). Else each
// controller has one of its own (version 1). Only version 1 was tried so far: no machine of the other kind was at hand.
func unified() bool {
	_, err := os.Stat(cgroups + "/cgroup.controllers")
	return err == nil
}

// hierarchies are the folders in which a group is made: one, or one for each controller.
func hierarchies() []string {
	if unified() {
		return []string{cgroups}
	}
	var all []string
	for _, controller := range []string{"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd", "hugetlb"} {
		if _, err := os.Stat(filepath.Join(cgroups, controller, "cgroup.procs")); err == nil {
			all = append(all, filepath.Join(cgroups, controller))
		}
	}
	return all
}

// makeGroup makes the group that the kubelet puts pods into, and one in it for the node's own programs.
func makeGroup(group string) error {
	for _, hierarchy := range hierarchies() {
		for _, name := range []string{group, group + "/system"} {
			folder := filepath.Join(hierarchy, name)
			if err := os.Mkdir(folder, 0o755); err != nil {
				return fmt.Errorf("making a cgroup: %w", err)
			}
			if err := furnishGroup(folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// furnishGroup gives a new group what it needs before a process may join: a cpuset its CPUs, and in a
// unified hierarchy the controllers, which its parent hands down.
func furnishGroup(folder string) error {
	parent := filepath.Dir(folder)
	if unified() {
		controllers, err := os.ReadFile(filepath.Join(parent, "cgroup.controllers"))
		if err != nil {
			return fmt.Errorf("reading the controllers of cgroups: %w", err)
		}
		down := "+" + strings.Join(strings.Fields(string(controllers)), " +")
		if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte(down), 0o600); err != nil {
			return fmt.Errorf("handing controllers down to %s: %w", folder, err)
		}
		return nil
	}
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		content, err := os.ReadFile(filepath.Join(parent, file))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another controller's
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, file), content, 0o600)
		}
		if err != nil {
			return fmt.Errorf("giving CPUs to %s: %w", folder, err)
		}
	}
	return nil
}

func joinGroup(group string) error {
	for _, hierarchy := range hierarchies() {
		if err := os.WriteFile(filepath.Join(hierarchy, group, "cgroup.procs"), []byte("0"), 0o600); err != nil {
			return fmt.Errorf("joining a cgroup: %w", err)
		}
	}
	return nil
}

// removeTime is how long the last processes of a group may take to be gone.
const removeTime = 30 * time.Second

// removeGroup takes a group away, as soon as the last process in it has ended. The container runtime has made
// some of it, in hierarchies that are not ours too.
func removeGroup(group string) error {
	for deadline := time.Now().Add(removeTime); ; {
		left := groupFolders(group)
		for _, folder := range slices.Backward(left) { // the inner ones first
			_ = syscall.Rmdir(folder) // it is looked at again
		}
		if left = groupFolders(group); len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("cgroups are left after %s: %s", removeTime, strings.Join(left, " "))
		}
		time.Sleep(50 * time.Millisecond) //nolint:forbidigo // between two looks whether processes are gone
	}
}

// groupFolders are all folders of a group, outer before inner.
func groupFolders(group string) []string {
	roots, _ := filepath.Glob(filepath.Join(cgroups, "*", group)) // the pattern is valid, the only error there is
	var all []string
	for _, root := range append(roots, filepath.Join(cgroups, group)) {
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				all = append(all, path)
			}
			return nil // what is gone meanwhile need not be removed
		})
	}
	return all
}
