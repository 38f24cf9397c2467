package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// plainPause is the time between two lines of progress where nobody watches a
// terminal: enough for a log.
const plainPause = 5 * time.Second

// progress shows what goes on: one line that changes on a terminal, a line every
// few seconds in a log. It is used by one goroutine.
type progress struct {
	out      io.Writer
	terminal bool
	began    time.Time
	shown    time.Time
}

func newProgress(out *os.File) *progress {
	info, err := out.Stat()
	return &progress{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0, began: time.Now()}
}

// step begins something new.
func (p *progress) step(what string) {
	p.clear()
	p.write("==> " + what + "\n")
	p.shown = time.Time{}
}

// update shows how far the step has come.
func (p *progress) update(line string) {
	line = fmt.Sprintf("    %s, %s", line, seconds(time.Since(p.began)))
	if p.terminal {
		p.write("\r\033[K" + line)
		return
	}
	if time.Since(p.shown) >= plainPause {
		p.write(line + "\n")
		p.shown = time.Now()
	}
}

// finish shows how the step has ended.
func (p *progress) finish(line string) {
	p.clear()
	p.write(fmt.Sprintf("    %s, %s\n", line, seconds(time.Since(p.began))))
}

// say shows a line that stays.
func (p *progress) say(line string) {
	p.clear()
	p.write(line + "\n")
}

func (p *progress) clear() {
	if p.terminal {
		p.write("\r\033[K")
	}
}

// write shows it; where nobody listens any more, the demo goes on.
func (p *progress) write(text string) { _, _ = io.WriteString(p.out, text) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }
