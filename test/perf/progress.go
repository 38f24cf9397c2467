package main

import (
	"fmt"
	"io"
	"time"
)

// progress shows a person what goes on: a line per step with the seconds since the
// start. It is used by one goroutine.
type progress struct {
	out   io.Writer
	began time.Time
	last  time.Time
}

func newProgress(out io.Writer) *progress { return &progress{out: out, began: time.Now()} }

// step begins something new.
func (p *progress) step(format string, arguments ...any) {
	p.last = time.Now()
	_, _ = fmt.Fprintf(p.out, "%6.1f s  %s\n", time.Since(p.began).Seconds(), fmt.Sprintf(format, arguments...)) // the bench goes on unheard
}

// update shows how far a step has come, every five seconds.
func (p *progress) update(format string, arguments ...any) {
	if time.Since(p.last) >= 5*time.Second {
		p.step("  "+format, arguments...)
	}
}
