package buildpool

import (
	"fmt"
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
