package buildpool

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// tooLarge says whether a process holds more memory of its own than it may. The kernel's bound alone does not do: a worker
// whose data was limited to 224 MiB was measured to hold 1 GB, most likely as Go maps its heap over what it has reserved before, which
// the kernel does not count as growth.
func tooLarge(pid int, most uint64) bool {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := bytes.Fields(content)
	if err != nil || len(fields) < 3 {
		return false
	}
	resident, err := strconv.ParseUint(string(fields[1]), 10, 64) // in pages
	if err != nil {
		return false
	}
	shared, err := strconv.ParseUint(string(fields[2]), 10, 64) // of them those of files, such as the program's code

	own := (resident - min(shared, resident)) * uint64(os.Getpagesize()) //nolint:gosec // a page has a positive size
	return err == nil && own > most*overhead
}
