//go:build race

package buildpool

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// raceOverhead is how many times more memory a program takes with the race detector, at most
// (https://go.dev/doc/articles/race_detector#Runtime_Overheads).
const raceOverhead = 10

// limitMemory does nothing: the race detector maps far more than it uses, which the kernel would count.
func limitMemory(int, uint64) error { return nil }

// tooLarge says whether a process holds more memory than it may.
func tooLarge(pid int, most uint64) bool {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := bytes.Fields(content)
	if err != nil || len(fields) < 2 {
		return false
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64) // resident
	return err == nil && pages*uint64(os.Getpagesize()) > most*raceOverhead
}
