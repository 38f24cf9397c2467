package buildpool

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of times in /proc in milliseconds, which is the same on every machine that Go runs on
// (proc(5), sysconf(_SC_CLK_TCK)).
const clockTick = 10

// cpuTime is how long a process has kept processors busy.
func cpuTime(pid int) (time.Duration, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name of the program, in brackets, may hold spaces. After it come the state, which is field 3, and
	// at 14 and 15 the ticks in the program and in the kernel.
	fields := bytes.Fields(content[bytes.LastIndexByte(content, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks*clockTick) * time.Millisecond, nil
}
