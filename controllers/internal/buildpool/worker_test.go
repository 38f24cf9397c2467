package buildpool

import (
	"fmt"
	"os/exec"
	"testing"
)

func TestLastWords(t *testing.T) {
	for _, tc := range []struct {
		reason string
		said   []string
		want   bool
	}{
		{"nothing", nil, false},
		{"as Go says it", []string{"fatal error: runtime: out of memory\n"}, true},
		{"as the kernel says it", []string{"fork/exec: cannot allocate memory"}, true},
		{"of a thread", []string{"runtime: failed to create new OS thread (have 8 already; errno=11)\nfatal error: newosproc"}, true},
		{"of a thread of libc", []string{"runtime/cgo: pthread_create failed: Resource temporarily unavailable\nSIGABRT: abort"}, true},
		{"of a stack", []string{"runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow"}, true},
		{"in two pieces", []string{"fatal error: runtime: out of ", "memory"}, true},
		{"after much else", []string{fmt.Sprintf("%65536s", "deprecated"), "fatal error: out of memory", fmt.Sprintf("%65536s", "goroutine 1")}, true},
		{"another crash", []string{"panic: runtime error: index out of range"}, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var l lastWords
			for _, text := range tc.said {
				if n, err := l.Write([]byte(text)); n != len(text) || err != nil {
					t.Fatalf("%d, %v", n, err)
				}
			}
			if got := l.noMemory(); got != tc.want {
				t.Errorf("no memory %v, want %v", got, tc.want)
			}
		})
	}
}

func TestCrashed(t *testing.T) {
	for _, tc := range []struct {
		reason, ends string
		want         bool
	}{
		{"it is done", "exit 0", false},
		{"it was not given what it needs", "exit 1", false},
		{"the Go runtime gives up", "exit 2", true},
		{"libc gives up", "kill -ABRT $$", true},
		{"it reads where nothing is", "kill -SEGV $$", true},
		{"somebody kills it", "kill -KILL $$", false},
		{"somebody asks it to end", "kill -TERM $$", false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			process := exec.CommandContext(t.Context(), "sh", "-c", tc.ends)
			_ = process.Run() // how it ended is asked next
			if got := crashed(process.ProcessState); got != tc.want {
				t.Errorf("crashed %v, want %v (%s)", got, tc.want, process.ProcessState)
			}
		})
	}
}
