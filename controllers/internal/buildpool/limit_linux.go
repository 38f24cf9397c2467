//go:build !race

package buildpool

import "golang.org/x/sys/unix"

// overhead is how many times more memory a program takes than it would.
const overhead = 1

// limitMemory bounds what a process may hold of data that is its own; beyond that it gets no more, and
// ends. The program's code, which all of them share, does not count. It does not hold for all of a Go program's heap: see tooLarge.
func limitMemory(pid int, most uint64) error {
	limit := unix.Rlimit{Cur: most, Max: most}
	return unix.Prlimit(pid, unix.RLIMIT_DATA, &limit, nil)
}
