package main

import (
	"fmt"
	"strings"
	"time"
)

// summary is what the demo leaves on the screen.
type summary struct {
	scenario    scenario
	installed   tally
	installTime time.Duration
	move        move
	requests    requests
	export, log string
	keep        bool
}

// text is a table of what was seen and, where all goes on running, what to try.
func (s summary) text() string {
	var out strings.Builder
	row := func(what string, figure int, remark string) {
		out.WriteString(strings.TrimRight(fmt.Sprintf("%-26s %6d  %s", what, figure, remark), " ") + "\n")
	}
	what := s.move.promotion
	out.WriteString("\n")
	row("namespaces ready", s.installed.namespacesReady, "")
	row("apps installed and ready", s.installed.installationsReady, "in "+seconds(s.installTime))
	row(fmt.Sprintf("%s %s to %s", what.app, what.from, what.to), s.move.moved, "moved in "+seconds(s.move.took))
	if s.move.ahead > 0 {
		row("", s.move.ahead, "were there: their network follows another channel")
	}
	if s.move.stayed > 0 {
		row("", s.move.stayed, "stayed: their municipality decided so")
	}
	if s.requests.writes > 0 {
		row("operator's requests", s.requests.writes, fmt.Sprintf("writes, and %d reads", s.requests.reads))
	}
	if s.keep {
		out.WriteString(s.look())
	}
	return out.String()
}

func (s summary) look() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\nLook around:\n\n  %s\n  kubectl get allmenning\n", s.export)
	for _, try := range s.scenario.look {
		fmt.Fprintf(&out, "\n  # %s\n  %s\n", try[0], try[1])
	}
	fmt.Fprintf(&out, "\nThe operator goes on running; its log: %s\nStop all of it:\n\n  %s\n", s.log, stopLine)
	return out.String()
}
