//go:build !race

package buildpool

import "golang.org/x/sys/unix"

// limitMemory bounds what a process may hold of data that is its own; beyond that it gets no more, and
// ends. The program's code, which all of them share, does not count.
func limitMemory(pid int, most uint64) error {
	limit := unix.Rlimit{Cur: most, Max: most}
	return unix.Prlimit(pid, unix.RLIMIT_DATA, &limit, nil)
}

// tooLarge is for programs that the kernel does not bound.
func tooLarge(int, uint64) bool { return false }
