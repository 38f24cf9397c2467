package main

import (
	"io"
	"os"
	"time"
)

// pause is the time between two lines where nobody watches a terminal: enough for a log.
const pause = 15 * time.Second

// display shows one line that changes on a terminal, and a line now and then in a log.
type display struct {
	out      io.Writer
	name     string
	terminal bool
	// shown is when a line was written to the log last.
	shown time.Time
	now   func() time.Time
}

func newDisplay(out *os.File, name string) *display {
	info, err := out.Stat()
	return &display{out: out, name: name, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0, now: time.Now}
}

// update shows how far things are.
func (d *display) update(line string) {
	switch now := d.now(); {
	case d.terminal:
		d.write("\r\033[K" + d.name + ": " + line)
	case now.Sub(d.shown) >= pause:
		d.shown = now
		d.write(d.name + ": " + line + "\n")
	}
}

// say shows a line that stays.
func (d *display) say(line string) {
	d.finish()
	d.write(line + "\n")
}

// finish takes the line that changes away.
func (d *display) finish() {
	if d.terminal {
		d.write("\r\033[K")
	}
}

// write shows it; where nobody listens any more, the build goes on.
func (d *display) write(text string) { _, _ = io.WriteString(d.out, text) }
