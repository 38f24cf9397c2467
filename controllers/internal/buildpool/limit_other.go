//go:build !linux

package buildpool

import (
	"errors"
	"time"
)

// limitMemory bounds nothing: outside of Linux, where the operator is only developed, time alone is
// bounded.
func limitMemory(int, uint64) error { return nil }

// cpuTime is not known; an answer may then take as long as it does on a busy machine.
func cpuTime(int) (time.Duration, error) {
	return 0, errors.New("the time that a process takes is not known here")
}

// tooLarge is not known.
func tooLarge(int, uint64) bool { return false }
