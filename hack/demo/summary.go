package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/allmenning/allmenning/test/operator"
)

// summary is what the demo leaves on the screen.
type summary struct {
	scenario    scenario
	installed   tally
	installTime time.Duration
	// reach is that of the bad version.
	reach    reach
	move     move
	requests operator.Requests
	// export selects the cluster, stop stops it, and plugin is the path of kubectl-allmenning.
	export, stop, plugin, log string
	keep                      bool
}

// text is a table of what was seen and, where all goes on running, what to try.
func (s summary) text() string {
	var out strings.Builder
	row := func(what string, figure int, remark string) {
		out.WriteString(strings.TrimRight(fmt.Sprintf("%-26s %6d  %s", what, figure, remark), " ") + "\n")
	}
	bad, good := s.scenario.bad, s.scenario.good
	out.WriteString("\n")
	row("namespaces ready", s.installed.namespacesReady, "")
	row("apps installed and ready", s.installed.installationsReady, "in "+seconds(s.installTime))
	row(fmt.Sprintf("%s %s, bad", bad.app, bad.to), s.reach.touched, fmt.Sprintf("touched and taken back, %d of them in Production", s.reach.production))
	row("", s.reach.all-s.reach.touched, "untouched")
	row(fmt.Sprintf("%s %s, good", good.app, good.to), s.move.moved-s.move.ahead, "moved in waves, in "+seconds(s.move.took))
	if s.move.ahead > 0 {
		row("", s.move.ahead, "were there: their network follows another channel")
	}
	if s.move.stayed > 0 {
		row("", s.move.stayed, "stayed: their municipality decided so")
	}
	row("operator's requests", s.requests.Writes(), fmt.Sprintf("writes, and %d reads", s.requests.Reads()))
	if s.keep {
		out.WriteString(s.look())
	}
	return out.String()
}

func (s summary) look() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\nLook around:\n\n  %s\n  export PATH=%s:$PATH    # kubectl allmenning\n  kubectl get allmenning\n", s.export, filepath.Dir(s.plugin))
	for _, try := range s.scenario.look {
		fmt.Fprintf(&out, "\n  # %s\n  %s\n", try[0], try[1])
	}
	fmt.Fprintf(&out, "\nThe operator goes on running; its log: %s\nStop all of it:\n\n  %s\n", s.log, s.stop)
	return out.String()
}
