package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticksPerSecond is the unit of CPU times in /proc: Linux shows them in hundredths of a
// second on every architecture that Go knows.
const ticksPerSecond = 100

// cpuSeconds is the CPU time that a process has used; it is known on Linux only.
func cpuSeconds(pid int) (seconds float64, known bool) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	return parseStat(string(content))
}

// parseStat adds up utime and stime, the 14th and 15th field. The second field is the
// program's name in parentheses and may hold anything, so counting begins after it.
func parseStat(stat string) (seconds float64, known bool) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 13 {
		return 0, false
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, false
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		return 0, false
	}
	return float64(user+system) / ticksPerSecond, true
}

// peakMemoryMiB is the most memory that a process has held at once; it is known on
// Linux only.
func peakMemoryMiB(pid int) (mebibytes float64, known bool) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	return parseStatus(string(content))
}

func parseStatus(status string) (mebibytes float64, known bool) {
	for line := range strings.Lines(status) {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err == nil {
			return kib / 1024, true
		}
	}
	return 0, false
}
